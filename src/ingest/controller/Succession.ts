/**
 * What a controller finds of the one before it. One that ends by itself leaves nothing; one that was killed leaves the scan
 * that it led in the ensemble's memory, which nobody can go on with: it is told as far as its logs say, and forgotten.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { AssignmentLog } from "../../assignment/AssignmentLog.js"
import type { EnsembleUnreachable } from "../../assignment/EnsembleError.js"
import { ReadyLog } from "../../assignment/ReadyLog.js"
import { UpdateLog } from "../../assignment/UpdateLog.js"
import { MappingId, type WorkAssignment } from "../../assignment/WorkAssignment.js"
import { Completion } from "./Completion.js"
import type { ScanSummary } from "./ScanSummary.js"

/** The scan that was interrupted, if there was one. What no worker has reported counts as lost. */
export const interrupted: Effect.Effect<
  Option.Option<ScanSummary>,
  EnsembleUnreachable,
  AssignmentLog | ReadyLog | UpdateLog
> = Effect.gen(function* () {
  const newest = yield* (yield* UpdateLog).newest
  if (Option.isNone(newest)) return Option.none()
  const mapping = MappingId.make(newest.value.mapping_uuid)
  const assigned = yield* whole((yield* AssignmentLog).read(mapping))
  const total = Math.max(newest.value.total_events ?? 0, (assigned.at(-1)?.event_number ?? -1) + 1)
  const reports = yield* whole((yield* ReadyLog).read(mapping))
  const isOver = reports.some(({ source, state }) => source === "reducer" && state === "finished")
  if (total === 0 || isOver) return Option.none()

  const completion = new Completion(total)
  completion.publish(assigned.map(issued))
  for (const report of reports) {
    if (report.source === "worker") {
      completion.report(report.worker, report.completed, report.has_result, report.lost)
    } else if (report.source === "reducer" && report.completed !== null && report.worker !== null) {
      completion.reduce(report.worker, report.completed)
    }
  }
  completion.giveUp()
  return Option.some<ScanSummary>({
    mapping,
    ending: "abandoned",
    ...completion.outcome,
    streams: [...new Set(assigned.flatMap(({ assignments }) => Object.keys(assignments)))].sort(),
    workers: [...new Set(assigned.flatMap(workersOf))].sort(),
    seconds: 0,
    rate: 0
  })
})

/** Nothing of any scan stands in the ensemble's memory any more. */
export const forget: Effect.Effect<void, EnsembleUnreachable, AssignmentLog | ReadyLog> = Effect.gen(function* () {
  yield* (yield* ReadyLog).clear
  yield* (yield* AssignmentLog).clear
})

// -----------------------------------------------------------------------------

/** How long a log may bring nothing until all of it was read. */
const silence = "500 millis"

const whole = <A>(log: Stream.Stream<A>): Effect.Effect<ReadonlyArray<A>> =>
  Effect.map(Stream.runCollect(Stream.timeout(log, silence)), (all) => [...all])

const workersOf = ({ assignments }: WorkAssignment): ReadonlyArray<string> => [
  ...new Set(Object.values(assignments).flat())
]

const issued = (assignment: WorkAssignment) => ({
  assignment,
  workers: workersOf(assignment),
  everybody: false,
  moved: false,
  severed: false
})
