/**
 * Looks who lives, again and again: settles what workers that have left still owe, lets newcomers in, keeps the parameters of
 * all services the same, and restores what the ensemble's memory has lost.
 *
 * Every update it sends while a scan runs names the scan's streams, so that a service that sees the scan for the first time
 * in one of them takes part.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { EnsembleUnreachable } from "../../assignment/EnsembleError.js"
import { ServiceRegistry } from "../../assignment/ServiceRegistry.js"
import type { Roster } from "../../assignment/ServiceState.js"
import { UpdateLog } from "../../assignment/UpdateLog.js"
import type { Parameters } from "./Parameters.js"
import type { ScanRun } from "./ScanRun.js"
import type { ControllerSettings } from "./ControllerSettings.js"

export interface Watched {
  /** The scan of now. */
  readonly current: () => ScanRun
  readonly parameters: Parameters
  /** Tells all services what holds now. */
  readonly tell: Effect.Effect<void, EnsembleUnreachable>
  /** Tells them of the scan as if nobody had heard of it, nor been heard. */
  readonly tellAgain: Effect.Effect<void, EnsembleUnreachable>
  /** One change of scans or parameters at a time. */
  readonly alone: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** How long the newest update is waited for. */
const patience = Duration.seconds(1)

/** Never ends. */
export const make = (
  settings: ControllerSettings,
  { alone, current, parameters, tell, tellAgain }: Watched
): Effect.Effect<never, never, ServiceRegistry | UpdateLog> =>
  Effect.gen(function* () {
    const registry = yield* ServiceRegistry
    const updates = yield* UpdateLog
    /** Services that were told what holds now, each once; after that only in the interval. */
    const told = new Set<string>()
    let suspicious = false
    let comparedAt = 0

    const observe = Effect.fnUntraced(function* (roster: Roster) {
      const { ring, scan } = current()
      if (scan.phase !== "running" && scan.phase !== "closing") return
      const { joined, left, reducerLost, vanished } = scan.observe(roster, yield* Clock.currentTimeMillis)
      suspicious ||= vanished
      for (const name of left) yield* Effect.logWarning(`the worker ${name} has left in the middle of a scan`)
      for (const { name } of joined) yield* Effect.logInfo(`the worker ${name} has joined in the middle of a scan`)
      if (reducerLost) yield* Effect.logWarning("the reducer has left in the middle of a scan, with the results it had")
      yield* ring
    })

    /** Whoever differs is told, at once when it is new, and in the interval as long as it differs. */
    const compare = Effect.fnUntraced(function* (roster: Roster, due: boolean) {
      const { scan } = current()
      const hash = parameters.hash()
      const differing = servicesOf(roster).filter(
        ({ mapping_uuid, parameters_hash }) => mapping_uuid !== scan.mapping || parameters_hash !== hash
      )
      const fresh = differing.filter(({ service_uuid }) => !told.has(service_uuid))
      if (fresh.length === 0 && !(due && differing.length > 0)) return
      yield* alone(tell)
      for (const { service_uuid } of fresh) told.add(service_uuid)
      if (told.size > 10_000) told.clear()
    })

    const repair = Effect.gen(function* () {
      const run = current()
      yield* parameters.restore
      const newest = yield* updates.read.pipe(
        Stream.runHead,
        Effect.timeoutOption(patience),
        Effect.map(Option.flatten)
      )
      const isLost = newest._tag === "None" || newest.value.mapping_uuid !== run.scan.mapping
      if (isLost) yield* alone(tellAgain)
      if ((yield* run.writer.repair) && !isLost) yield* alone(tellAgain)
      suspicious = false
    })

    const look = Effect.gen(function* () {
      const roster = yield* registry.roster
      yield* observe(roster)
      const now = yield* Clock.currentTimeMillis
      const due = now - comparedAt >= Duration.toMillis(settings.consistency)
      if (suspicious) yield* repair
      if (due) {
        comparedAt = now
        yield* alone(parameters.prune)
        yield* alone(parameters.restore)
        const descriptions = yield* registry.descriptions
        if (yield* alone(parameters.setDefaults(descriptions))) yield* alone(tell)
      }
      yield* compare(roster, due)
    }).pipe(
      Effect.catchAll((error) => {
        suspicious = true
        current().scan.excuse()
        return Effect.logWarning(error.message)
      })
    )

    return yield* Effect.forever(Effect.zipRight(look, Effect.sleep(settings.watch)))
  })

// -----------------------------------------------------------------------------

const servicesOf = ({ ingesters, reducer, workers }: Roster) => [
  ...ingesters,
  ...workers,
  ...(reducer === undefined ? [] : [reducer])
]
