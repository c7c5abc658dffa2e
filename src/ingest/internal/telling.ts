/**
 * Reports of services to the controller, which must get there: a link that is lost is waited out. What is told twice because
 * its answer was lost counts once.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { ReadyLog } from "../../assignment/ReadyLog.js"
import type { ServiceUpdate } from "../../assignment/ServiceUpdate.js"
import type { MappingId } from "../../assignment/WorkAssignment.js"

const retry = Schedule.exponential("50 millis").pipe(Schedule.either(Schedule.spaced("1 second")))

export const tell = (log: ReadyLog["Type"], mapping: MappingId, update: ServiceUpdate): Effect.Effect<void> => {
  const append = log.append(mapping, update)
  // What a retry needs is made only once it is needed: this is done for every result.
  return Effect.catchAll(append, (error) =>
    Effect.logWarning(error.message).pipe(
      Effect.zipRight(Effect.delay(append, "50 millis")),
      Effect.retry(retry),
      Effect.ignore
    )
  )
}
