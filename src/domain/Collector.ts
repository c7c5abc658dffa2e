/** The collector's schedules, streams, files and copies as they are told of over HTTP and on the command line. */
import * as Schema from "effect/Schema"

/** One series on disk. The first eight keys are the daemon's; dates are `YYYY-MM-DD` in UTC, times milliseconds. */
export const InventoryEntry = Schema.Struct({
  exchange: Schema.String,
  pair: Schema.String,
  type: Schema.String,
  /** A label such as `1h`; `-` for rows that come when they come. */
  span: Schema.String,
  first: Schema.NullOr(Schema.String),
  last: Schema.NullOr(Schema.String),
  rows: Schema.NonNegativeInt,
  /** Years or days without a file between the first and the last one. */
  gaps: Schema.NonNegativeInt,
  series: Schema.String,
  first_ts: Schema.NullOr(Schema.Number),
  last_ts: Schema.NullOr(Schema.Number),
  files: Schema.NonNegativeInt,
  bytes: Schema.NonNegativeInt,
  /** Interior holes, where they are counted. */
  holes: Schema.NullOr(Schema.NonNegativeInt),
  missing_rows: Schema.NullOr(Schema.NonNegativeInt),
  unreadable: Schema.Array(Schema.Struct({ path: Schema.String, reason: Schema.String }))
})
export type InventoryEntry = typeof InventoryEntry.Type

/** Something that runs by itself. The first three keys are the daemon's. Times are seconds since the epoch. */
export const ScheduleEntry = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  next_run: Schema.NullOr(Schema.Number),
  /** The section of the config it comes from: `histo_jobs` for the collector's own. */
  section: Schema.String,
  last_run: Schema.NullOr(Schema.Number),
  trigger: Schema.String,
  paused: Schema.Boolean,
  running: Schema.Boolean
})
export type ScheduleEntry = typeof ScheduleEntry.Type

/** `running` is false while everything is paused together; then no entry has a next run. */
export const Scheduler = Schema.Struct({ running: Schema.Boolean, jobs: Schema.Array(ScheduleEntry) })
export type Scheduler = typeof Scheduler.Type

export const StreamState = Schema.Literal("stopped", "connecting", "live", "stale", "backing-off", "rejected", "failed")

/** A live stream. `running` is true from its start to its stop; `state` tells the truth. Times are seconds since the epoch. */
export const StreamEntry = Schema.Struct({
  key: Schema.String,
  exchange: Schema.String,
  pair: Schema.String,
  channels: Schema.Array(Schema.String),
  time_step: Schema.Number,
  running: Schema.Boolean,
  state: StreamState,
  since: Schema.NullOr(Schema.Number),
  last_message_at: Schema.NullOr(Schema.Number),
  rows: Schema.NonNegativeInt,
  reconnects: Schema.NonNegativeInt,
  error: Schema.NullOr(Schema.String)
})
export type StreamEntry = typeof StreamEntry.Type

/** Which stream: all three have to be given. */
export const StreamKey = Schema.Struct({
  exchange: Schema.String,
  pair: Schema.String,
  channels: Schema.Array(Schema.String)
})
export type StreamKey = typeof StreamKey.Type

/** How one copy to one remote went. Times are seconds since the epoch. */
export const SyncResult = Schema.Struct({
  remote: Schema.String,
  ok: Schema.Boolean,
  started_at: Schema.Number,
  finished_at: Schema.Number,
  files: Schema.NullOr(Schema.NonNegativeInt),
  bytes: Schema.NullOr(Schema.NonNegativeInt),
  error: Schema.NullOr(Schema.String)
})
export type SyncResult = typeof SyncResult.Type

export const StorageStatus = Schema.Struct({
  remotes: Schema.Array(Schema.Struct({ provider: Schema.String, remote: Schema.String })),
  sync_interval: Schema.Int,
  rclone_available: Schema.Boolean,
  /** The last copy that succeeded everywhere, as the daemon told it. */
  last_sync: Schema.NullOr(Schema.Struct({ last_sync_at: Schema.Number, remotes: Schema.Array(Schema.String) })),
  running: Schema.Boolean,
  /** The newest first. */
  history: Schema.Array(SyncResult),
  free_bytes: Schema.NullOr(Schema.NonNegativeInt)
})
export type StorageStatus = typeof StorageStatus.Type

/** By `<exchange>/<A/B>`. Times are seconds since the epoch. */
export const SourceMetrics = Schema.Struct({
  last_run_at: Schema.NullOr(Schema.Number),
  last_success_at: Schema.NullOr(Schema.Number),
  rows_collected: Schema.NonNegativeInt,
  /** Failures in a row. */
  errors_count: Schema.NonNegativeInt
})
export type SourceMetrics = typeof SourceMetrics.Type

export class NoMatchingStream extends Schema.TaggedError<NoMatchingStream>()("NoMatchingStream", {
  exchange: Schema.String,
  pair: Schema.String
}) {
  override get message() {
    return "No matching stream job"
  }
}

/** A channel that the exchange does not have. */
export class UnsupportedStream extends Schema.TaggedError<UnsupportedStream>()("UnsupportedStream", {
  key: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.key}: ${this.reason}`
  }
}

export class NoRemotes extends Schema.TaggedError<NoRemotes>()("NoRemotes", {}) {
  override get message() {
    return "No remotes configured"
  }
}

export class ScheduleNotFound extends Schema.TaggedError<ScheduleNotFound>()("ScheduleNotFound", {
  id: Schema.String
}) {
  override get message() {
    return `No schedule ${this.id}`
  }
}
