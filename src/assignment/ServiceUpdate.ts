/**
 * What services tell the controller during a scan, in the words of the wire (`dranspose:ready:<mapping>`). `source` tells them
 * apart; readers of older messages without it go by the members.
 */
import * as Schema from "effect/Schema"

/** Seconds spent on the events of one report, and how many they were. */
export const WorkerTimes = Schema.Struct({
  get_assignments: Schema.Number,
  get_messages: Schema.Number,
  assemble_event: Schema.Number,
  custom_code: Schema.Number,
  send_result: Schema.Number,
  no_events: Schema.Int
}).annotations({ identifier: "WorkerTimes" })
export type WorkerTimes = typeof WorkerTimes.Type

const State = Schema.Literal("ready", "idle", "finished")

/** `ready` once for each scan, then `idle` with what was completed since the last one, then `finished`. */
export const WorkerUpdate = Schema.Struct({
  state: State,
  source: Schema.Literal("worker"),
  completed: Schema.Array(Schema.NonNegativeInt),
  worker: Schema.String,
  /** For each of `completed`: a result is on its way to the reducer. */
  has_result: Schema.Array(Schema.Boolean),
  processing_times: Schema.NullOr(WorkerTimes),
  /** Those of `completed` whose frames did not come. Only where there are some: peers of the field do not know it. */
  lost: Schema.optionalWith(Schema.Array(Schema.NonNegativeInt), { exact: true }),
  /** With `ready`, of a worker that may have joined in the middle of the scan: which start of it that is. */
  incarnation: Schema.optionalWith(Schema.UUID, { exact: true })
})
export type WorkerUpdate = typeof WorkerUpdate.Type

/** One for each result that is reduced, and one `finished`. */
export const ReducerUpdate = Schema.Struct({
  state: State,
  source: Schema.Literal("reducer"),
  completed: Schema.NullOr(Schema.NonNegativeInt),
  worker: Schema.NullOr(Schema.String)
})
export type ReducerUpdate = typeof ReducerUpdate.Type

/** One for each scan, when its dump is closed. */
export const IngesterUpdate = Schema.Struct({
  state: Schema.Literal("finished"),
  source: Schema.Literal("ingester"),
  ingester: Schema.String
})
export type IngesterUpdate = typeof IngesterUpdate.Type

export const ServiceUpdate = Schema.Union(WorkerUpdate, ReducerUpdate, IngesterUpdate).annotations({
  identifier: "ServiceUpdate"
})
export type ServiceUpdate = typeof ServiceUpdate.Type
