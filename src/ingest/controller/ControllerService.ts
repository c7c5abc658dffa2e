/**
 * The controller of an ensemble, on whatever holds the ensemble together.
 *
 * Scans and parameters change one at a time. The end of a scan goes out with the report that completes it. The lock is held
 * for as long as the scope lasts; once it is lost nothing more is published, `begin` and `setParameter` fail, and `run` fails
 * with `LockLost`. A controller that ends by itself leaves nothing of its scan behind in the ensemble's memory.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberHandle from "effect/FiberHandle"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as PubSub from "effect/PubSub"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import { AssignmentLog } from "../../assignment/AssignmentLog.js"
import { ControllerLock } from "../../assignment/ControllerLock.js"
import type { ControllerUpdate } from "../../assignment/ControllerUpdate.js"
import { type ControllerActive, EnsembleUnreachable, type LockLost } from "../../assignment/EnsembleError.js"
import { ParameterStore } from "../../assignment/ParameterStore.js"
import { ReadyLog } from "../../assignment/ReadyLog.js"
import { ServiceRegistry } from "../../assignment/ServiceRegistry.js"
import { UpdateLog } from "../../assignment/UpdateLog.js"
import { MappingId } from "../../assignment/WorkAssignment.js"
import { version } from "../../domain/Version.js"
import { ownVersion } from "../ResultMessages.js"
import { Controller } from "./Controller.js"
import * as DumpPrefix from "./DumpPrefix.js"
import { ParameterRefused } from "./ParameterRefused.js"
import * as Parameters from "./Parameters.js"
import { Scan } from "./Scan.js"
import * as ScanPlan from "./ScanPlan.js"
import * as ScanRun from "./ScanRun.js"
import type { Hearing, ScanSummary } from "./ScanSummary.js"
import * as Succession from "./Succession.js"
import type { ControllerSettings } from "./ControllerSettings.js"
import { NotTaken, type TriggerMap } from "./TriggerMap.js"
import * as EnsembleWatch from "./EnsembleWatch.js"

/** What the controller stands on. */
export type Needs =
  | AssignmentLog
  | ControllerLock
  | ParameterStore
  | ReadyLog
  | ServiceRegistry
  | UpdateLog
  | FileSystem.FileSystem
  | Path.Path

interface Held {
  readonly controller: Context.Tag.Service<Controller>
  /** Fails when the ensemble has gone to another controller; else it never ends. */
  readonly lost: Effect.Effect<never, LockLost>
}

/** At the end of a controller whose ensemble does not answer. */
const patience = Duration.seconds(2)
/** Summaries that nobody has taken yet. */
const keptSummaries = 100

export const make = (
  settings: ControllerSettings,
  { onEnd = () => Effect.void }: Hearing = {}
): Effect.Effect<Held, ControllerActive | EnsembleUnreachable, Needs | Scope.Scope> =>
  Effect.gen(function* () {
    const assignments = yield* AssignmentLog
    const ready = yield* ReadyLog
    const registry = yield* ServiceRegistry
    const store = yield* ParameterStore
    const updates = yield* UpdateLog
    const files = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
    const ensemble = yield* Effect.context<AssignmentLog | ReadyLog | ServiceRegistry>()

    const lock = yield* (yield* ControllerLock).hold
    const lost = yield* Deferred.make<never, LockLost>()
    const parameters = yield* Parameters.make
    const mutex = yield* Effect.makeSemaphore(1)
    const alone = mutex.withPermits(1)
    const ended = yield* PubSub.sliding<ScanSummary>(keptSummaries)
    let loss: LockLost | undefined

    const guarded = <A, E, R>(operation: string, effect: Effect.Effect<A, E, R>) =>
      Effect.zipRight(
        Effect.suspend(() =>
          loss === undefined
            ? Effect.void
            : Effect.fail(new EnsembleUnreachable({ operation, address: "the ensemble", reason: loss.message }))
        ),
        effect
      )

    const updateOf = (scan: Scan, rest: Partial<ControllerUpdate>): ControllerUpdate => ({
      mapping_uuid: scan.mapping,
      parameters_version: parameters.versions(),
      target_parameters_hash: null,
      active_streams: scan.ending === undefined ? scan.options.plan.streams : [],
      finished: false,
      names_incarnations: true,
      ...(scan.options.plan === ScanPlan.empty ? {} : { total_events: scan.options.plan.totalEvents }),
      ...rest
    })

    const tellEnd = (summary: ScanSummary) =>
      Effect.zipRight(PubSub.publish(ended, summary), Effect.catchAllCause(onEnd(summary), Effect.logError))

    const publish = (scan: Scan, summary: ScanSummary) =>
      scan.options.plan === ScanPlan.empty ? Effect.void : tellEnd(summary)

    const prepare = (plan: ScanPlan.ScanPlan, onWorkerLoss: "reassign" | "lose") =>
      Effect.gen(function* () {
        const scan = new Scan({
          mapping: MappingId.make(randomUUID()),
          plan,
          onWorkerLoss,
          outstanding: settings.outstanding,
          absence: Duration.toMillis(settings.absence),
          resultsPatience: Duration.toMillis(settings.results_patience),
          startedAt: yield* Clock.currentTimeMillis
        })
        const hooks: ScanRun.Hooks = {
          announceEnd: Effect.suspend(() => updates.append(updateOf(scan, { finished: true }))),
          onTaken: Effect.suspend(() =>
            DumpPrefix.companionsOf(scan.mapping, plan.map, parameters.values(), settings.dump_roots)
          ).pipe(Effect.provide(files)),
          onEnd: (summary) => publish(scan, summary)
        }
        return yield* Effect.provide(ScanRun.make(scan, hooks), ensemble)
      })

    const left = yield* Succession.interrupted
    if (Option.isSome(left)) {
      yield* Effect.logWarning(`the controller before this one has left the scan ${left.value.mapping} unfinished`)
      yield* tellEnd(left.value)
    }
    yield* Succession.forget

    let current = yield* prepare(ScanPlan.empty, "reassign")

    const tell = Effect.suspend(() =>
      updates.append(updateOf(current.scan, { target_parameters_hash: parameters.hash() }))
    )

    /** For services that may never have heard of it, and whose reports may not have been heard. */
    const tellAgain = Effect.suspend(() =>
      updates.append(
        updateOf(current.scan, {
          ...(current.scan.phase === "closing" ? { finished: true } : { target_parameters_hash: parameters.hash() }),
          memory_lost: true
        })
      )
    )

    const conclude = (ending: ScanSummary["ending"]) =>
      Effect.gen(function* () {
        const { scan } = current
        const summary = scan.end(ending, yield* Clock.currentTimeMillis)
        if (summary !== undefined) yield* publish(scan, summary)
      })

    yield* Effect.addFinalizer(() =>
      Effect.zipRight(
        conclude("abandoned"),
        Effect.suspend(() =>
          loss === undefined
            ? Effect.all([Effect.provide(Succession.forget, ensemble), updates.remove, store.clear], { discard: true })
            : Effect.void
        ).pipe(
          Effect.disconnect,
          Effect.timeoutOption(patience),
          Effect.catchAll((error) => Effect.logWarning(error.message))
        )
      )
    )
    const running = yield* FiberHandle.make<void>()
    const start = (run: ScanRun.ScanRun) => FiberHandle.run(running, run.run)

    /** Nothing has changed if the services can't be told. */
    const replaceBy = Effect.fnUntraced(function* (next: ScanRun.ScanRun) {
      yield* updates.append(updateOf(next.scan, {}))
      const before = current.scan.mapping
      yield* FiberHandle.clear(running)
      yield* conclude("replaced")
      current = next
      yield* start(next)
      yield* Effect.ignoreLogged(Effect.zipRight(ready.remove(before), assignments.remove(before)))
    })

    const begin = Effect.fn("Controller.begin")(function* (
      map: TriggerMap,
      options?: { readonly allWrap?: boolean; readonly onWorkerLoss?: "reassign" | "lose" }
    ) {
      const plan = yield* ScanPlan.make(map, options?.allWrap ?? true)
      const refusal = ScanPlan.fits(plan, yield* registry.census)
      if (refusal !== undefined) return yield* refusal
      const next = yield* prepare(plan, options?.onWorkerLoss ?? "reassign")
      yield* Effect.uninterruptible(replaceBy(next))
      return next
    })

    const awaitTaken = Effect.fnUntraced(function* (run: ScanRun.ScanRun) {
      const { mapping } = run.scan
      if (Option.isSome(yield* Effect.timeoutOption(run.taken, settings.take_up))) return mapping
      return yield* new NotTaken({ mapping, missing: ScanRun.missing(mapping, yield* registry.roster) })
    })

    const setParameter = Effect.fn("Controller.setParameter")(function* (name: string, value: Uint8Array) {
      if (name === "" || name.includes(":")) {
        return yield* new ParameterRefused({ name, reason: "a parameter must have a name without ':'" })
      }
      if (name === DumpPrefix.name) yield* Effect.provide(DumpPrefix.check(value, settings.dump_roots), files)
      yield* Effect.uninterruptible(Effect.zipRight(parameters.set(name, value), tell))
      return parameters.hash()
    })

    const state = Effect.map(registry.roster, ({ ingesters, reducer, workers }) => ({
      ingesters,
      workers,
      reducer: reducer ?? null,
      controller_version: ownVersion(version),
      parameters_version: parameters.versions(),
      parameters_hash: parameters.hash()
    }))

    const described = Effect.map(registry.descriptions, (descriptions) =>
      [...descriptions.filter(({ name }) => name !== DumpPrefix.name), DumpPrefix.description].sort(byName)
    )

    const progress = Effect.sync(() => current.scan.progress())

    const controller: Context.Tag.Service<Controller> = {
      ensemble: state,
      begin: (map, options) => Effect.flatMap(alone(guarded("begin", begin(map, options))), awaitTaken),
      map: Effect.sync(() => current.scan.options.plan.map),
      stop: Effect.suspend(() => current.stop),
      progress,
      status: Effect.sync(() => current.scan.status()),
      load: (intervals, scan) => Effect.sync(() => current.scan.loadOver(intervals, scan)),
      setParameter: (name, value) => alone(guarded("setParameter", setParameter(name, value))),
      parameter: (name) => Effect.sync(() => parameters.get(name)),
      parameters: described,
      changes: Stream.repeatEffectWithSchedule(progress, Schedule.spaced("100 millis")).pipe(
        Stream.changesWith((a, b) => JSON.stringify(a) === JSON.stringify(b))
      ),
      summaries: Stream.fromPubSub(ended)
    }

    yield* start(current)
    const watching = yield* FiberHandle.make<never>()
    yield* FiberHandle.run(
      watching,
      EnsembleWatch.make(settings, { current: () => current, parameters, tell, tellAgain, alone })
    )
    yield* lock.pipe(
      Effect.catchAll((error) =>
        Effect.gen(function* () {
          loss = error
          yield* Effect.logError(error.message)
          yield* FiberHandle.clear(watching)
          yield* FiberHandle.clear(running)
          yield* Deferred.fail(lost, error)
        })
      ),
      Effect.forkScoped
    )
    return { controller, lost: Deferred.await(lost) }
  })

/** The controller for as long as the layer lives. Whoever must know that the lock was lost takes `run`. */
export const layer = (
  settings: ControllerSettings
): Layer.Layer<Controller, ControllerActive | EnsembleUnreachable, Needs> =>
  Layer.scoped(
    Controller,
    Effect.map(make(settings), ({ controller }) => controller)
  )

/** Leads the ensemble while `use` runs; fails as soon as the lock is lost. For a child of a supervisor. */
export const run = <A, E, R>(
  settings: ControllerSettings,
  use: (controller: Context.Tag.Service<Controller>) => Effect.Effect<A, E, R>,
  hearing?: Hearing
): Effect.Effect<A, E | ControllerActive | EnsembleUnreachable | LockLost, R | Needs> =>
  Effect.scoped(
    Effect.flatMap(make(settings, hearing), ({ controller, lost }) => Effect.raceFirst(use(controller), lost))
  )

// -----------------------------------------------------------------------------

const byName = Order.mapInput(Order.string, ({ name }: { readonly name: string }) => name)
