/**
 * Reports of a service to the controller, which must get there: a link that is lost is waited out. What is told twice because
 * its answer was lost counts once; so what was told last can be told again when the ensemble has lost its memory, where it may
 * have stood unread.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { ReadyLog } from "../../assignment/ReadyLog.js"
import type { ServiceUpdate } from "../../assignment/ServiceUpdate.js"
import type { MappingId } from "../../assignment/WorkAssignment.js"

export interface Telling {
  /** Done when these stand in the log. */
  readonly tell: (mapping: MappingId, ...updates: ReadonlyArray<ServiceUpdate>) => Effect.Effect<void>
  /** Tells again what was told last of this scan. */
  readonly repeat: (mapping: MappingId) => Effect.Effect<void>
}

/** How many reports can be told again: far more than a controller leaves unread. */
const kept = 1_000

const retry = Schedule.exponential("50 millis").pipe(Schedule.either(Schedule.spaced("1 second")))

export const make = (log: ReadyLog["Type"]): Telling => {
  let scan: MappingId | undefined
  let recent: Array<ServiceUpdate> = []

  const keep = (mapping: MappingId, updates: ReadonlyArray<ServiceUpdate>) => {
    if (scan !== mapping) recent = []
    scan = mapping
    for (const update of updates) recent.push(update)
    if (recent.length > 2 * kept) recent = recent.slice(-kept)
  }

  const append = (mapping: MappingId, updates: ReadonlyArray<ServiceUpdate>): Effect.Effect<void> => {
    const once = log.append(mapping, ...updates)
    // What a retry needs is made only once it is needed: this is done for every piece of results.
    return Effect.catchAll(once, (error) =>
      Effect.logWarning(error.message).pipe(
        Effect.zipRight(Effect.delay(once, "50 millis")),
        Effect.retry(retry),
        Effect.ignore
      )
    )
  }

  return {
    tell: (mapping, ...updates) =>
      Effect.suspend(() => {
        keep(mapping, updates)
        return append(mapping, updates)
      }),
    repeat: (mapping) =>
      Effect.suspend(() => (scan === mapping ? append(mapping, recent.slice(-kept).map(withoutTimes)) : Effect.void))
  }
}

// -----------------------------------------------------------------------------

/** Times are summed up by who reads them. */
const withoutTimes = (update: ServiceUpdate): ServiceUpdate =>
  update.source === "worker" ? { ...update, processing_times: null } : update
