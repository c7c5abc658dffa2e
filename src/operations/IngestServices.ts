/** How the services of an ensemble that run in one process are doing, as it is told to others. Times are Unix milliseconds. */
import * as Schema from "effect/Schema"

const StreamStatus = Schema.Struct({
  name: Schema.String,
  connection: Schema.Literal("closed", "opening", "open", "ended", "failed"),
  frames: Schema.Int,
  bytes: Schema.Number,
  missing: Schema.Int,
  repeated: Schema.Int,
  malformed: Schema.Int,
  beyond: Schema.Int,
  reconnects: Schema.Int,
  waitingSince: Schema.optional(Schema.Number),
  stale: Schema.Boolean
}).annotations({ identifier: "IngestStream" })

const OutboxStatus = Schema.Struct({
  name: Schema.String,
  connected: Schema.Boolean,
  state: Schema.Literal("ready", "blocked", "dropped"),
  queuedMessages: Schema.Int,
  queuedBytes: Schema.Number,
  sentMessages: Schema.Int,
  sentBytes: Schema.Number,
  undelivered: Schema.Int,
  blockedSince: Schema.optional(Schema.Number)
}).annotations({ identifier: "IngestOutbox" })

const IngesterStatus = Schema.Struct({
  name: Schema.String,
  url: Schema.String,
  mapping: Schema.optional(Schema.String),
  phase: Schema.Literal("idle", "forwarding", "stalled", "finished", "failed"),
  processedEvents: Schema.Int,
  eventRate: Schema.Number,
  bytes: Schema.Number,
  undelivered: Schema.Int,
  assignmentsWaiting: Schema.Int,
  lastError: Schema.optional(Schema.Struct({ at: Schema.Number, detail: Schema.String })),
  streams: Schema.Array(StreamStatus),
  workers: Schema.Array(OutboxStatus)
}).annotations({ identifier: "IngesterStatus" })

const ConsumerStatus = {
  mapping: Schema.NullOr(Schema.String),
  processed: Schema.Int,
  rate: Schema.Number,
  troubles: Schema.Int,
  lastTrouble: Schema.NullOr(Schema.String)
}

const WorkerStatus = Schema.Struct({
  name: Schema.String,
  ...ConsumerStatus,
  outstanding: Schema.Int,
  lost: Schema.Int,
  ingesters: Schema.Array(Schema.String),
  hasReducer: Schema.Boolean
}).annotations({ identifier: "IngestWorker" })

const ReducerStatus = Schema.Struct(ConsumerStatus).annotations({ identifier: "IngestReducer" })

export const IngestServices = Schema.Struct({
  ingesters: Schema.Array(IngesterStatus),
  workers: Schema.Array(WorkerStatus),
  reducer: Schema.NullOr(ReducerStatus)
}).annotations({ identifier: "IngestServices" })
export type IngestServices = typeof IngestServices.Type

/** How far a scan is. `processed`, `reassigned` and `lost` are disjoint and add up to `total_events` when it is finished. */
export const ScanProgress = Schema.Struct({
  last_assigned: Schema.Int,
  completed_events: Schema.Int,
  total_events: Schema.Int,
  finished: Schema.Boolean,
  processed: Schema.Int,
  reassigned: Schema.Int,
  lost: Schema.Int,
  /** Results that workers have sent and the reducer of now does not have. */
  results_lost: Schema.optionalWith(Schema.Int, { default: () => 0 })
}).annotations({ identifier: "Progress" })
export type ScanProgress = typeof ScanProgress.Type
