/**
 * An ensemble within one process: the default, and the reference for every other driver. Nothing is encoded, nothing can be
 * out of reach, and nothing outlives the layer. Logs of a scan keep all until they are removed; updates and log lines keep a
 * bounded number; services and values of parameters are forgotten as everywhere else.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { AssignmentLog } from "./AssignmentLog.js"
import { ControllerLock } from "./ControllerLock.js"
import type { ControllerUpdate } from "./ControllerUpdate.js"
import { type Ensemble, keptUpdates, untilFree } from "./Ensemble.js"
import { ControllerActive } from "./EnsembleError.js"
import { EnsembleLog, type EnsembleLogLine, isAtLeast, keptLines } from "./EnsembleLog.js"
import * as eventOrder from "./internal/eventOrder.js"
import * as memoryLog from "./internal/memoryLog.js"
import * as memoryParameters from "./internal/memoryParameters.js"
import * as memoryRegistry from "./internal/memoryRegistry.js"
import { ParameterStore } from "./ParameterStore.js"
import { ReadyLog } from "./ReadyLog.js"
import { ServiceRegistry } from "./ServiceRegistry.js"
import type { ServiceUpdate } from "./ServiceUpdate.js"
import { TickClock } from "./TickClock.js"
import { UpdateLog } from "./UpdateLog.js"
import type { WorkAssignment } from "./WorkAssignment.js"

/** What errors name as the address. */
const address = "this process"

/** A new ensemble that knows of no other. */
export const make: Effect.Effect<Context.Context<Ensemble>> = Effect.sync(() =>
  Context.empty().pipe(
    Context.add(AssignmentLog, assignmentLog()),
    Context.add(ReadyLog, readyLog()),
    Context.add(UpdateLog, updateLog()),
    Context.add(EnsembleLog, ensembleLog()),
    Context.add(ServiceRegistry, memoryRegistry.make()),
    Context.add(ParameterStore, memoryParameters.make()),
    Context.add(ControllerLock, controllerLock()),
    Context.add(TickClock, tickClock())
  )
)

export const layer: Layer.Layer<Ensemble> = Layer.effectContext(make)

// -----------------------------------------------------------------------------

const assignmentLog = (): AssignmentLog["Type"] => {
  const logs = memoryLog.family<WorkAssignment>(() => eventOrder.make().pass)
  return AssignmentLog.of({
    append: (mapping, assignments) => Effect.sync(() => logs.append(mapping, assignments)),
    read: logs.read,
    remove: (mapping) => Effect.sync(() => logs.remove(mapping)),
    clear: Effect.sync(() => logs.clear())
  })
}

const readyLog = (): ReadyLog["Type"] => {
  const logs = memoryLog.family<ServiceUpdate>()
  return ReadyLog.of({
    append: (mapping, ...updates) => Effect.sync(() => logs.append(mapping, updates)),
    read: logs.read,
    remove: (mapping) => Effect.sync(() => logs.remove(mapping)),
    clear: Effect.sync(() => logs.clear())
  })
}

const updateLog = (): UpdateLog["Type"] => {
  const log = memoryLog.make<ControllerUpdate>(keptUpdates)
  return UpdateLog.of({
    append: (update) => Effect.sync(() => log.append([update])),
    newest: Effect.sync(() => Option.fromNullable(log.entries().at(-1))),
    read: Stream.suspend(() => log.read("newest")),
    remove: Effect.sync(() => log.clear())
  })
}

const ensembleLog = (): EnsembleLog["Type"] => {
  const log = memoryLog.make<EnsembleLogLine>(keptLines)
  return EnsembleLog.of({
    append: (line) => Effect.sync(() => log.append([line])),
    recent: (level) => Effect.sync(() => log.entries().filter(isAtLeast(level))),
    follow: Stream.suspend(() => log.read("next"))
  })
}

const controllerLock = (): ControllerLock["Type"] => {
  let holder: symbol | undefined = undefined
  return ControllerLock.of({
    hold: Effect.gen(function* () {
      const me = Symbol()
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          if (holder === me) holder = undefined
        })
      )
      yield* Effect.suspend(() => {
        if (holder !== undefined) return Effect.fail(new ControllerActive({ address }))
        holder = me
        return Effect.void
      }).pipe(Effect.retry(untilFree))
      // Nobody takes it away from who holds it.
      return Effect.never
    })
  })
}

const tickClock = (): TickClock["Type"] => {
  /** The end of the present interval of each mapping, in milliseconds since 1970. */
  const ends = new Map<string, number>()
  return TickClock.of({
    tick: (mapping, interval) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        if ((ends.get(mapping) ?? 0) > now) return false
        for (const [other, end] of ends) if (end <= now) ends.delete(other)
        ends.set(mapping, now + Math.max(1, Math.floor(Duration.toMillis(interval))))
        return true
      })
  })
}
