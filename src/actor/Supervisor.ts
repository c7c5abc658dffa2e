/**
 * A supervisor owns children, begins their lives in order, and sees to it that another follows where one has crashed.
 *
 * **Start and stop.** Children start left to right, each one when those before it are ready, and stop right to left, each
 * within its own deadline. A child that does not end in time is abandoned and reported; the stop goes on. A first life
 * that is never ready is a {@link StartFailed} for the starter, not a restart, unless the spec says `"retry"`.
 *
 * **Crash.** A life that ends by itself, falls silent or is not ready in time is judged by its spec: its restart type,
 * its back-off, its restart intensity. The strategy says who is restarted with it. Where the intensity is spent the child
 * is quarantined, or the supervisor gives up: {@link Supervisor.join} fails, and the supervisor, itself a child, is a
 * crashed child of its parent.
 *
 * **Orders.** `stop`, `start` and `restart` outrank all of that: they change what is wanted at once, call the keeper away
 * from any wait, and are held up by nothing but a teardown under way in the same group.
 *
 * **How it is built.** Each child alone, or the whole group where the strategy ties them, is a unit with one keeper
 * fiber (`internal/keeper`), which plans from the children's state (`internal/plan`), takes one step, and plans again. A
 * life is a fiber that closes its own scope (`internal/life`); a child has one life at a time because only its keeper
 * begins them. Nothing survives the supervisor's scope but what was abandoned.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as ChildSpec from "./ChildSpec.js"
import * as Capture from "./internal/capture.js"
import * as Child from "./internal/child.js"
import { keep, layToRest } from "./internal/keeper.js"
import * as Orders from "./internal/orders.js"
import { Signal } from "./internal/signal.js"
import * as RestartIntensity from "./RestartIntensity.js"
import { Self } from "./Self.js"
import { SupervisionTree } from "./SupervisionTree.js"
import { DuplicateChild, NodeNotFound, RestartIntensityExceeded, StartFailed } from "./SupervisorError.js"

export type Strategy = Child.Strategy

type AnySpecs = ReadonlyArray<ChildSpec.ChildSpec<unknown>>

export interface Options<Specs extends AnySpecs> {
  /** Who is restarted when one crashes. Default `one_for_one`: it alone. */
  readonly strategy?: Strategy | undefined
  /** How many restarts of one child are put up with. A spec may set its own. */
  readonly intensity?: RestartIntensity.RestartIntensity | undefined
  /** The first children, in start order. */
  readonly children?: Specs | undefined
}

export interface Supervisor {
  /** Its node's path in the supervision tree. */
  readonly path: string
  /** A new last child. Returns once it is ready. After a failure, or an interruption, it is gone again. */
  readonly add: <R>(spec: ChildSpec.ChildSpec<R>) => Effect.Effect<void, StartFailed | DuplicateChild, R>
  /** Stops a child and forgets it. */
  readonly remove: (id: string) => Effect.Effect<void, NodeNotFound>
  /** Returns once the child is down, or abandoned at its deadline. It stays down; its siblings are left alone. */
  readonly stop: (id: string) => Effect.Effect<void, NodeNotFound>
  /** Returns once the child is ready. Forgets earlier crashes. A failure is told here and then treated as a crash. */
  readonly start: (id: string) => Effect.Effect<void, NodeNotFound | StartFailed>
  /** A new life at once, also for the siblings that the strategy ties to the child. Otherwise as `start`. */
  readonly restart: (id: string) => Effect.Effect<void, NodeNotFound | StartFailed>
  /** Never returns. Fails when a child has crashed too often: its owner then closes the supervisor's scope. */
  readonly join: Effect.Effect<never, RestartIntensityExceeded>
}

/**
 * A supervisor with its first children started, until the scope closes. Run inside a child it takes that child's place in
 * the tree; anywhere else it is the tree's root. If a first child does not start, those before it are stopped again.
 */
export const make = <const Specs extends AnySpecs = readonly []>(
  options: Options<Specs>
): Effect.Effect<
  Supervisor,
  StartFailed | DuplicateChild,
  Scope.Scope | SupervisionTree | ChildSpec.Context<Specs[number]>
> =>
  Effect.gen(function* () {
    const specs = yield* Capture.closeAll(options.children ?? [])
    const supervisor = yield* Effect.acquireRelease(open(options), (opened) => opened.shutdown)
    yield* Effect.forEach(specs, supervisor.adopt, { discard: true }).pipe(Effect.onError(() => supervisor.shutdown))
    supervisor.settled()
    return supervisor.handle
  })

// ---------------------------------------------------------------------------------------------------------------------

/** A supervisor without children yet. */
const open = Effect.fnUntraced(function* (options: Options<AnySpecs>) {
  const tree = (yield* SupervisionTree).state
  const parent = yield* Effect.serviceOption(Self)
  const cell = tree.takeOver(Option.match(parent, { onNone: () => "", onSome: (self) => self.path }))
  const strategy = options.strategy ?? "one_for_one"
  const escalation = yield* Deferred.make<never, RestartIntensityExceeded>()
  const members: Array<Child.Child> = []
  let closed = false

  const supervision: Child.Supervision = {
    tree,
    intensity: options.intensity ?? RestartIntensity.defaultIntensity,
    // Lives and keepers are forked here and ended one by one, in order and with deadlines, by `shutdown`. It is never
    // closed as a whole: that would stop all at once, and wait for the abandoned.
    yard: yield* Scope.make(),
    escalate: (child) => {
      const cause = child.cell.lastCause
      const error = new RestartIntensityExceeded({ path: cell.path, child: child.spec.id, cause })
      if (cell === tree.root) tree.set(cell, "failed", "escalated")
      tree.emit("escalated", cell, "escalated", cause)
      Deferred.unsafeDone(escalation, Effect.fail(error))
    }
  }

  const newUnit = (): Child.Unit => ({ strategy, children: [], signal: new Signal(), keeper: undefined })

  const employKeeper = (unit: Child.Unit) =>
    keep(supervision, unit).pipe(
      Effect.onError((cause) => (Cause.isInterruptedOnly(cause) ? Effect.void : Deferred.failCause(escalation, cause))),
      Effect.interruptible,
      Effect.forkIn(supervision.yard),
      Effect.map((keeper) => {
        unit.keeper = keeper
      })
    )

  /** Where a strategy ties the children, they are one unit; else each is a unit of its own. */
  const group = strategy === "one_for_one" ? undefined : newUnit()
  if (group !== undefined) yield* employKeeper(group)

  const pathOf = (id: string) => (cell.path === "" ? id : `${cell.path}/${id}`)

  /** Takes a child in and waits until it is ready. */
  const adopt = (spec: ChildSpec.ChildSpec): Effect.Effect<void, StartFailed | DuplicateChild> =>
    Effect.gen(function* () {
      const path = pathOf(spec.id)
      if (spec.id === "" || spec.id.includes("/")) return yield* Effect.dieMessage(`not a child id: "${spec.id}"`)
      if (closed) return yield* new StartFailed({ path, reason: "requested" })
      if (cell.children.has(spec.id)) return yield* new DuplicateChild({ path })

      const unit = group ?? newUnit()
      const child = Child.make(spec, tree.attach(cell, spec.id, spec.kind), unit)
      const starter = (child.starter = Deferred.unsafeMake<void, StartFailed>(FiberId.none))
      child.cell.orders = {
        stop: Orders.stop(tree, child),
        start: Orders.start(child),
        restart: Orders.restart(child)
      }
      members.push(child)
      unit.children.push(child)
      unit.signal.pulse()
      if (unit !== group) yield* employKeeper(unit)
      yield* Effect.interruptible(Deferred.await(starter)).pipe(
        Effect.catchAll((error) => (spec.onStartFailure === "retry" ? Effect.void : Effect.fail(error))),
        Effect.onError(() => dismiss(child))
      )
    }).pipe(Effect.uninterruptible)

  /** Stops a child, whatever it is doing, and forgets it. */
  const dismiss = Effect.fnUntraced(function* (child: Child.Child) {
    const { unit } = child
    if (child.wanted || !Child.isDown(child)) yield* Orders.stop(tree, child)
    if (!members.includes(child)) return
    members.splice(members.indexOf(child), 1)
    unit.children.splice(unit.children.indexOf(child), 1)
    tree.detach(cell, child.cell)
    if (unit !== group && unit.keeper !== undefined) yield* Fiber.interrupt(unit.keeper)
  })

  /** Stops every child, right to left, each within its own deadline. */
  const shutdown = Effect.gen(function* () {
    if (closed) return
    closed = true
    if (cell === tree.root) tree.set(cell, "stopping", cell.reason)
    for (const child of members) child.cell.orders = undefined
    yield* Fiber.interruptAll(members.flatMap((child) => child.unit.keeper ?? []))
    if (group?.keeper !== undefined) yield* Fiber.interrupt(group.keeper)
    for (const child of members.toReversed()) yield* layToRest(supervision, child)
    if (cell === tree.root) tree.leave(cell)
  }).pipe(Effect.uninterruptible)

  const withChild = <E>(id: string, use: (child: Child.Child) => Effect.Effect<void, E>) =>
    Effect.suspend((): Effect.Effect<void, E | NodeNotFound> => {
      const child = members.find((member) => member.spec.id === id)
      if (child === undefined || closed) return new NodeNotFound({ path: pathOf(id) })
      return use(child)
    })

  const handle: Supervisor = {
    path: cell.path,
    add: <R>(spec: ChildSpec.ChildSpec<R>) =>
      Effect.contextWithEffect((context: Context.Context<R>) => adopt(Capture.close(spec, context))),
    remove: (id) => withChild(id, dismiss),
    stop: (id) => withChild(id, (child) => Orders.stop(tree, child)),
    start: (id) => withChild(id, Orders.start),
    restart: (id) => withChild(id, Orders.restart),
    join: Deferred.await(escalation)
  }

  return { handle, adopt, shutdown, settled: () => cell === tree.root && tree.set(cell, "ready") }
})
