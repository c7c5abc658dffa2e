/**
 * The keeper of a unit: the one fiber that begins and ends the lives of its children and decides what follows when one
 * has ended.
 *
 * It plans, does one step, and plans again. Orders do not wait for it: they change what is wanted and pulse the signal.
 * While it waits for a back-off or for readiness a pulse calls it away; while it waits for a teardown it is held up for
 * that child's deadline at most.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { NodeState } from "../NodeStatus.js"
import * as RestartIntensity from "../RestartIntensity.js"
import { type Child, describe, isDown, type Life, type Supervision, tiedTo, type Unit } from "./child.js"
import * as Ending from "./ending.js"
import { begin, comeToRest, end, failStarter } from "./life.js"
import * as Plan from "./plan.js"
import type { TreeState } from "./treeState.js"

/** Looks after a unit until it is interrupted. */
export const keep = (supervision: Supervision, unit: Unit): Effect.Effect<never> => {
  const { signal } = unit

  const rest = (seen: number, until: number) => {
    const woken = signal.changed(seen)
    return Number.isFinite(until)
      ? Effect.timeoutOption(woken, Math.max(0, until - supervision.tree.now())).pipe(Effect.asVoid)
      : woken
  }

  return Effect.forever(
    Effect.suspend(() => {
      const seen = signal.version
      const step = Plan.next(unit.children, supervision.tree.now())
      switch (step._tag) {
        case "Settle":
          return settle(supervision, step.child, step.life)
        case "End":
          return end(supervision, step.child, step.life)
        case "Begin":
          return begin(supervision, step.child)
        case "Rest":
          return rest(seen, step.until)
      }
    })
  )
}

/** Accounts for a life that has ended: whether another follows, when, and who goes along. */
export const settle = (supervision: Supervision, child: Child, life: Life): Effect.Effect<void> =>
  Effect.uninterruptible(
    Effect.gen(function* () {
      if (life.exit === undefined) return
      child.life = undefined
      const ending = life.doom ?? Ending.ofLife(life.over, life.exit)
      if (!Ending.isOrdered(ending)) yield* crashed(supervision, child, life, ending)
      else if (!child.wanted || Ending.isLast(child.spec.restart, ending)) comeToRest(supervision.tree, child, ending)
      else waitForTurn(supervision.tree, child, ending)
      child.unit.signal.pulse()
    })
  )

/** A life ended that nobody had ordered to end, or was ended for silence or for not being ready. */
const crashed = Effect.fnUntraced(function* (
  supervision: Supervision,
  child: Child,
  life: Life,
  ending: Ending.Ending
) {
  const { tree } = supervision
  const { cell, spec } = child
  const now = tree.now()
  const cause = describe(tree, ending)
  const again = Ending.callsForRestart(spec.restart, ending)

  if (ending.reason !== "returned" || again) {
    cell.lastCause = cause ?? ending.reason
    tree.emit("crashed", cell, ending.reason, cause)
    failStarter(child, ending, cause)
  }
  if (!child.wanted) return comeToRest(tree, child, Ending.requested)
  if (!again || (!child.proven && spec.onStartFailure === "fail")) return comeToRest(tree, child, ending)

  if (life.readyAt !== undefined && now - life.readyAt >= Duration.toMillis(spec.healthyAfter)) {
    yield* child.backoff.reset
  }
  const crashes = RestartIntensity.record(spec.intensity ?? supervision.intensity, child.crashes, now)
  const wait = yield* Effect.catchAllCause(child.backoff.next(ending), () => Effect.succeedNone)
  if (Option.isNone(crashes) || Option.isNone(wait)) return giveUp(supervision, child, ending)

  child.crashes = crashes.value
  const dueAt = now + Duration.toMillis(wait.value)
  for (const tied of tiedTo(child)) {
    if (!tied.wanted) continue
    tied.dueAt = Math.max(tied.dueAt, dueAt)
    if (tied !== child && !isDown(tied) && tied.life !== undefined) tied.life.doom ??= Ending.sibling
  }
  waitForTurn(tree, child, ending)
})

/** Another life is to come. */
const waitForTurn = (tree: TreeState, child: Child, ending: Ending.Ending): void => {
  child.again = ending.reason !== "requested"
  const wait = child.dueAt - tree.now()
  if (wait > 0) tree.set(child.cell, "backing-off", ending.reason, Math.round(tree.wall() + wait))
  else tree.set(child.cell, "starting", ending.reason)
}

/** It crashed too often: the child is set aside, or the supervisor goes with it. */
const giveUp = (supervision: Supervision, child: Child, ending: Ending.Ending): void => {
  const { tree } = supervision
  child.wanted = false
  if (child.spec.onIntensity === "quarantine") {
    tree.set(child.cell, "quarantined", ending.reason)
    tree.emit("quarantined", child.cell, ending.reason, child.cell.lastCause)
  } else {
    tree.set(child.cell, "failed", ending.reason)
    tree.emit("failed", child.cell, ending.reason, child.cell.lastCause)
    supervision.escalate(child)
  }
}

/** The end of a child when its supervisor closes and the keeper is gone already. */
export const layToRest = Effect.fnUntraced(function* (supervision: Supervision, child: Child) {
  child.wanted = false
  if (child.life !== undefined) {
    yield* end(supervision, child, child.life)
    yield* settle(supervision, child, child.life)
  } else if (!atRest.has(child.cell.state)) {
    comeToRest(supervision.tree, child, Ending.requested)
  }
})

const atRest: ReadonlySet<NodeState> = new Set(["stopped", "failed", "quarantined"])
