/**
 * Puts the assignments of a scan into their log, each event once, through lost links.
 *
 * An append that failed may have been done all the same. Before it is repeated the log is asked: whether the event stands
 * there already, and whether the log is still the one it was. A log that has lost its beginning is written again from event
 * 0: events that are out as they were, those known to be done without their frames, since readers go through the events
 * without a gap and drop those they have seen.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { AssignmentLog } from "../../assignment/AssignmentLog.js"
import type { EnsembleUnreachable } from "../../assignment/EnsembleError.js"
import type { WorkAssignment } from "../../assignment/WorkAssignment.js"
import { untilReached } from "./internal/untilReached.js"
import type { Scan } from "./Scan.js"

export interface AssignmentWriter {
  /** Done when all of them stand in the log; waits out a lost link. */
  readonly append: (assignments: ReadonlyArray<WorkAssignment>) => Effect.Effect<void>
  /** Writes the log again if it has lost what was written; says whether it had to. */
  readonly repair: Effect.Effect<boolean, EnsembleUnreachable>
}

/** In one entry of a log that is written again. */
const entrySize = 4_096

export const make = (scan: Scan): Effect.Effect<AssignmentWriter, never, AssignmentLog> =>
  Effect.gen(function* () {
    const log = yield* AssignmentLog
    /** One at a time: a log that is written again must not be appended to meanwhile. */
    const writing = yield* Effect.makeSemaphore(1)
    let written = 0

    /** Whether the event stands in the log, as far as can be told in the time that it takes to read up to it. */
    const stands = (event: number) =>
      log.read(scan.mapping).pipe(
        Stream.filter(({ event_number }) => event_number >= event),
        Stream.runHead,
        Effect.timeoutOption(Duration.millis(1_000 + event / 50)),
        Effect.map((found) => Option.isSome(Option.flatten(found)))
      )

    const rewrite = Effect.fnUntraced(function* (end: number) {
      yield* log.remove(scan.mapping)
      for (let first = 0; first < end; first += entrySize) {
        const count = Math.min(entrySize, end - first)
        yield* log.append(
          scan.mapping,
          Array.from({ length: count }, (_, index) => scan.reissue(first + index))
        )
      }
      yield* Effect.logWarning(`the assignments of the scan ${scan.mapping} were lost and are written again`)
    })

    const again = Effect.fnUntraced(function* (assignments: ReadonlyArray<WorkAssignment>, end: number) {
      if (yield* stands(end - 1)) return
      if (written > 0 && !(yield* stands(0))) return yield* rewrite(end)
      yield* log.append(scan.mapping, assignments)
    })

    const append = Effect.fnUntraced(function* (assignments: ReadonlyArray<WorkAssignment>) {
      const last = assignments[assignments.length - 1]
      if (last === undefined) return
      const end = last.event_number + 1
      yield* log
        .append(scan.mapping, assignments)
        .pipe(
          Effect.catchAll((error) =>
            Effect.zipRight(Effect.logWarning(error.message), untilReached(again(assignments, end)))
          )
        )
      written = end
    })

    return {
      append: (assignments) => writing.withPermits(1)(append(assignments)),
      repair: writing.withPermits(1)(
        Effect.gen(function* () {
          if (written === 0 || (yield* stands(0))) return false
          yield* rewrite(written)
          return true
        })
      )
    }
  })
