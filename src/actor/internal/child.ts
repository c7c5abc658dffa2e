/**
 * A child as its supervisor keeps it: what it is, what is wanted of it, and its one life.
 *
 * Everything here changes in one synchronous step at a time, followed by a pulse of the unit's signal. Orders change
 * what is wanted; the unit's keeper alone begins and ends lives. So an order never waits for the keeper's work, and a
 * child never has two lives.
 */
import * as Cause from "effect/Cause"
import type * as Deferred from "effect/Deferred"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Backoff from "../Backoff.js"
import type { ChildSpec } from "../ChildSpec.js"
import * as RestartIntensity from "../RestartIntensity.js"
import type { StartFailed } from "../SupervisorError.js"
import type { Ending } from "./ending.js"
import type { Signal } from "./signal.js"
import type { Cell, ProgressMark, TreeState } from "./treeState.js"

/** Which children are restarted when one crashes: it alone, all of them, or it and those started after it. */
export type Strategy = "one_for_one" | "one_for_all" | "rest_for_one"

/** One run of a child's effect, from fork to the end of its last finalizer. */
export interface Life {
  fiber: Fiber.RuntimeFiber<unknown, unknown> | undefined
  readonly progress: ProgressMark
  readyAt: number | undefined
  /** Set when it is all over: the fiber has ended and its scope is closed. */
  exit: Exit.Exit<unknown, unknown> | undefined
  /** Set when its effect has ended by itself and only its finalizers are left. */
  over: Ending | undefined
  /** Set when its supervisor wants it ended, and why. The first reason stands. */
  doom: Ending | undefined
  /** When its teardown has taken too long. */
  deadline: number | undefined
  /** Past its deadline and left behind; it keeps its child from living again until it lets go. */
  abandoned: boolean
}

export interface Child {
  readonly spec: ChildSpec
  readonly cell: Cell
  readonly unit: Unit
  readonly backoff: Backoff.Backoff
  /** Whether it should be alive. */
  wanted: boolean
  life: Life | undefined
  /** No life begins before this. */
  dueAt: number
  /** Whether the life to come follows a crash, or a sibling's. */
  again: boolean
  /** Whether it was ever ready: from then on a failed start is a crash like any other. */
  proven: boolean
  crashes: RestartIntensity.Window
  /** Whoever waits for the next life to be ready. */
  starter: Deferred.Deferred<void, StartFailed> | undefined
}

/** Children that one keeper looks after, in start order: all of a group, or a single one where each is on its own. */
export interface Unit {
  readonly strategy: Strategy
  readonly children: Array<Child>
  readonly signal: Signal
  keeper: Fiber.RuntimeFiber<never> | undefined
}

/** What a supervisor's keepers share. */
export interface Supervision {
  readonly tree: TreeState
  readonly intensity: RestartIntensity.RestartIntensity
  /** Where keepers and lives are forked: outside the scope of whoever calls, inside the supervisor's. */
  readonly yard: Scope.Scope
  /** A child crashed too often: the supervisor ends with that as its failure. */
  readonly escalate: (child: Child) => void
}

export const make = (spec: ChildSpec, cell: Cell, unit: Unit): Child => ({
  spec,
  cell,
  unit,
  backoff: Backoff.make(spec.backoff),
  wanted: true,
  life: undefined,
  dueAt: 0,
  again: false,
  proven: false,
  crashes: RestartIntensity.empty,
  starter: undefined
})

/** At rest, or as good as: nothing more will come of waiting. */
export const isDown = (child: Child): boolean => child.life === undefined || child.life.abandoned

/** Ready, and meant to stay so. */
export const isUp = ({ life, wanted }: Child): boolean =>
  wanted && life?.readyAt !== undefined && life.doom === undefined && life.over === undefined && life.exit === undefined

/** Notes that a life has to end. One that has ended by itself keeps its own reason, however long its teardown takes. */
export const doom = (child: Child, life: Life, ending: Ending): void => {
  if (life.over !== undefined) return
  life.doom ??= ending
  child.unit.signal.pulse()
}

/** The children that the strategy ties to one of them, itself included, in start order. */
export const tiedTo = (child: Child): ReadonlyArray<Child> => {
  const { children, strategy } = child.unit
  if (strategy === "one_for_one") return [child]
  return strategy === "one_for_all" ? children : children.slice(children.indexOf(child))
}

/** A cause as people read it. */
export const describe = (tree: TreeState, ending: Ending): string | undefined =>
  ending.cause === undefined ? undefined : tree.redact(Cause.pretty(ending.cause, { renderErrorCause: true }))
