/**
 * One life of a child: begun in a fiber of its own, watched for readiness and progress, ended within its deadline.
 *
 * The fiber is the life's closeable scope: `run` is scoped inside it, so that by the time the fiber has ended everything
 * the life acquired has been released, in reverse order. A fiber cannot be killed; one that does not end in time is left
 * behind as `abandoned`.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { Self } from "../Self.js"
import { StartFailed } from "../SupervisorError.js"
import { type Child, doom, type Life, type Supervision } from "./child.js"
import { isDue } from "./due.js"
import * as Ending from "./ending.js"
import type { TreeState } from "./treeState.js"

/** Begins the next life of a child that has none. Returns at once. */
export const begin = (supervision: Supervision, child: Child): Effect.Effect<void> =>
  Effect.uninterruptible(
    Effect.gen(function* () {
      const { tree, yard } = supervision
      const { cell, spec } = child
      const life: Life = {
        fiber: undefined,
        progress: { at: -1 },
        readyAt: undefined,
        exit: undefined,
        over: undefined,
        doom: undefined,
        deadline: undefined,
        abandoned: false
      }
      child.life = life
      cell.progress = life.progress
      cell.readMailbox = undefined
      if (child.again) cell.restarts++
      tree.set(cell, "starting")
      tree.emit(child.again ? "restarted" : "started", cell)

      const wake = { progressed: () => {} }
      const self = Self.of({
        path: cell.path,
        mark: Effect.sync(() => {
          life.progress.at = tree.now()
          wake.progressed()
        }),
        ready: Effect.sync(() => becomeReady(supervision, child, life)),
        showMailbox: (read) =>
          Effect.acquireRelease(
            Effect.sync(() => {
              cell.readMailbox = read
            }),
            () =>
              Effect.sync(() => {
                if (cell.readMailbox === read) cell.readMailbox = undefined
              })
          )
      })

      if (spec.ready === "at-once") becomeReady(supervision, child, life)
      life.fiber = yield* watchReadiness(child, life).pipe(
        Effect.zipRight(watchProgress(supervision, child, life, wake)),
        Effect.zipRight(Effect.onExit(spec.run, (exit) => Effect.sync(() => runOut(child, life, exit)))),
        Effect.scoped,
        Effect.provideService(Self, self),
        Effect.annotateLogs("child", cell.path),
        Effect.interruptible,
        Effect.forkIn(yard)
      )
      life.fiber.addObserver((exit) => {
        life.exit = exit
        child.unit.signal.pulse()
      })
    })
  )

/** Ends a life: interrupts it and waits for its finalizers until its deadline. Can be called again where it left off. */
export const end = Effect.fnUntraced(function* (supervision: Supervision, child: Child, life: Life) {
  const { tree } = supervision
  if (life.fiber === undefined || life.abandoned) return
  const ending = life.over ?? (life.doom ??= Ending.requested)
  if (life.deadline === undefined) {
    life.deadline = tree.now() + Duration.toMillis(child.spec.shutdown)
    tree.set(child.cell, "stopping", ending.reason)
    child.unit.signal.pulse()
    yield* Fiber.interruptAsFork(life.fiber, yield* Effect.fiberId)
  }
  const gone = yield* Fiber.await(life.fiber).pipe(
    Effect.interruptible,
    Effect.timeoutOption(Math.max(0, life.deadline - tree.now()))
  )
  if (Option.isNone(gone) && life.exit === undefined) abandon(supervision, child, life)
})

/** The starter, if there is one, learns that the life it waits for is not to be. */
export const failStarter = (child: Child, ending: Ending.Ending, cause: string | undefined): void => {
  if (child.starter === undefined) return
  const error = new StartFailed({ path: child.cell.path, reason: ending.reason, cause })
  Deferred.unsafeDone(child.starter, Effect.fail(error))
  child.starter = undefined
}

/** No other life is to come until someone orders it. */
export const comeToRest = (tree: TreeState, child: Child, ending: Ending.Ending): void => {
  child.wanted = false
  const well = ending.reason === "returned" || Ending.isOrdered(ending)
  tree.set(child.cell, well ? "stopped" : "failed", ending.reason)
  tree.emit(well ? "stopped" : "failed", child.cell, ending.reason)
  failStarter(child, ending, undefined)
}

const becomeReady = ({ tree }: Supervision, child: Child, life: Life): void => {
  if (life.readyAt !== undefined || life.doom !== undefined || life.over !== undefined) return
  life.readyAt = tree.now()
  child.proven = true
  tree.set(child.cell, "ready")
  tree.emit("ready", child.cell)
  if (child.starter !== undefined) Deferred.unsafeDone(child.starter, Effect.void)
  child.starter = undefined
  child.unit.signal.pulse()
}

/** The effect has ended by itself. From here on its finalizers have the time that a teardown has. */
const runOut = (child: Child, life: Life, exit: Exit.Exit<unknown, unknown>): void => {
  if (life.doom !== undefined) return
  life.over = Ending.ofExit(exit)
  child.unit.signal.pulse()
}

/** Neither ended by itself nor told to end: from then on a teardown is under way, and silence says nothing. */
const isAlive = (life: Life): boolean => life.doom === undefined && life.over === undefined

const abandon = ({ tree }: Supervision, child: Child, life: Life): void => {
  life.abandoned = true
  tree.set(child.cell, "failed", "abandoned")
  tree.emit("abandoned", child.cell, (life.over ?? life.doom)?.reason)
  failStarter(child, { reason: "abandoned", cause: undefined }, undefined)
  child.unit.signal.pulse()
}

/** Dooms the life if it is not ready in time, or if its readiness effect fails. */
const watchReadiness = (child: Child, life: Life): Effect.Effect<void, never, Scope.Scope | Self> => {
  const { ready, readyWithin } = child.spec
  if (ready === "at-once") return Effect.void
  const proof =
    ready === "signalled"
      ? child.unit.signal.until(() => life.readyAt !== undefined)
      : Effect.zipRight(
          ready,
          Effect.flatMap(Self, (self) => self.ready)
        )
  return proof.pipe(
    Effect.timeoutTo({
      duration: readyWithin,
      onSuccess: () => {},
      onTimeout: () => doom(child, life, Ending.notReady)
    }),
    Effect.catchAllCause((cause) =>
      Cause.isInterruptedOnly(cause) ? Effect.void : Effect.sync(() => doom(child, life, Ending.ofCause(cause)))
    ),
    Effect.forkScoped,
    Effect.asVoid
  )
}

/** From readiness on: `degraded` while it is silent, and doomed where its spec says so. */
const watchProgress = (
  { tree }: Supervision,
  child: Child,
  life: Life,
  wake: { progressed: () => void }
): Effect.Effect<void, never, Scope.Scope> => {
  const { progress } = child.spec
  if (progress === undefined) return Effect.void
  const within = Duration.toMillis(progress.within)

  const nextMark = Effect.async<void>((resume) => {
    wake.progressed = () => {
      wake.progressed = () => {}
      resume(Effect.void)
    }
  })

  const watch = Effect.gen(function* () {
    yield* child.unit.signal.until(() => life.readyAt !== undefined)
    while (isAlive(life)) {
      const heardAt = Math.max(life.progress.at, life.readyAt ?? 0)
      const now = tree.now()
      if (!isDue(heardAt + within, now)) {
        yield* Effect.sleep(heardAt + within - now)
        continue
      }
      tree.set(child.cell, "degraded", "silence")
      tree.emit("degraded", child.cell, "silence")
      if (progress.restart) return doom(child, life, Ending.silence)
      yield* nextMark
      if (!isAlive(life)) return
      tree.set(child.cell, "ready")
      tree.emit("recovered", child.cell)
    }
  })
  return Effect.asVoid(Effect.forkScoped(watch))
}
