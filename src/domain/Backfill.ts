/**
 * Backfills as they are told of over HTTP and on the command line. A backfill is one request to fetch what is missing of some
 * series in a range of time; its record is that of the dccd daemon (`reference` 3.2) with more keys beside it.
 */
import * as Schema from "effect/Schema"

/**
 * - `running`, `cancelling`: as in the daemon.
 * - `paused`: stopped by a person, goes on with `resume`.
 * - `interrupted`: its process ended before it did; it goes on with `resume`.
 * - `done`: the engine came to its end, with or without windows that failed; `complete` tells which.
 * - `error`: it could not go on; `error` says why.
 */
export const BackfillStatus = Schema.Literal(
  "running",
  "cancelling",
  "paused",
  "interrupted",
  "done",
  "error",
  "cancelled"
)
export type BackfillStatus = typeof BackfillStatus.Type

/** Windows that are finished and all of them; fixed once the plan is made. */
export const Progress = Schema.Struct({ done: Schema.NonNegativeInt, total: Schema.NonNegativeInt })
export type Progress = typeof Progress.Type

/** One series of a backfill. Counts are of windows, `rows` of rows written. */
export const SeriesProgress = Schema.Struct({
  series: Schema.String,
  state: Schema.Literal("waiting", "running", "done", "error"),
  done: Schema.NonNegativeInt,
  total: Schema.NonNegativeInt,
  fetched: Schema.NonNegativeInt,
  empty: Schema.NonNegativeInt,
  failed: Schema.NonNegativeInt,
  rows: Schema.NonNegativeInt,
  error: Schema.NullOr(Schema.String),
  /** Rows of answers that could not be read and were left out; absent means none. */
  unreadable: Schema.optional(Schema.NonNegativeInt),
  /** Period files that could not be read: the names under which they are kept. */
  set_aside: Schema.optional(Schema.Array(Schema.String)),
  /** Milliseconds of what such files held that were not fetched again. */
  lost: Schema.optional(Schema.NonNegativeInt)
})
export type SeriesProgress = typeof SeriesProgress.Type

/** What was asked for. Absent means: as the config says, or all. */
export const StartBackfill = Schema.Struct({
  exchange: Schema.optional(Schema.NullOr(Schema.String)),
  pairs: Schema.optional(Schema.NullOr(Schema.Array(Schema.String))),
  /** `YYYY-MM-DD` or `YYYY-MM-DD HH:MM:SS` in the collector's zone, or an instant with its offset. */
  start: Schema.optional(Schema.String),
  end: Schema.optional(Schema.String),
  /** All series at the same time. */
  parallel: Schema.optional(Schema.Boolean),
  /** Names of jobs; all where it is empty. */
  jobs: Schema.optional(Schema.Array(Schema.String)),
  /** Keys of series, such as `binance/ohlc/BTC-USDT/1h`; all of the jobs where it is empty. */
  series: Schema.optional(Schema.Array(Schema.String)),
  type: Schema.optional(Schema.String),
  span: Schema.optional(Schema.Int.pipe(Schema.positive())),
  /** Windows that failed before are tried again. */
  retry_failed: Schema.optional(Schema.Boolean),
  /** At most so many windows are run. */
  limit: Schema.optional(Schema.Int.pipe(Schema.positive())),
  concurrency: Schema.optional(Schema.Int.pipe(Schema.between(1, 256))),
  window: Schema.optional(Schema.String),
  /** Ad hoc, without a job in the config: a history that needs no settings, with `type`, `pairs` and `span`. */
  source: Schema.optional(Schema.String),
  /** Only what is new since the newest row; one window where there is none. */
  collect: Schema.optional(Schema.Boolean)
})
export type StartBackfill = typeof StartBackfill.Type

export class BackfillRecord extends Schema.Class<BackfillRecord>("outpost/domain/BackfillRecord")({
  id: Schema.String,
  exchange: Schema.NullOr(Schema.String),
  pairs: Schema.NullOr(Schema.Array(Schema.String)),
  start: Schema.String,
  status: BackfillStatus,
  /** By pair, as the daemon told it; series of one pair are added up. */
  progress: Schema.Record({ key: Schema.String, value: Progress }),
  /** The newest 100 lines. */
  log: Schema.Array(Schema.String),
  /** Seconds since the epoch. */
  started_at: Schema.Number,
  error: Schema.NullOr(Schema.String),
  finished_at: Schema.NullOr(Schema.Number),
  /** Whether every window is fetched or confirmed empty; null while it is not over. */
  complete: Schema.NullOr(Schema.Boolean),
  rows: Schema.NonNegativeInt,
  failed: Schema.NonNegativeInt,
  series: Schema.Array(SeriesProgress),
  request: StartBackfill
}) {
  get isOver(): boolean {
    return this.status === "done" || this.status === "error" || this.status === "cancelled"
  }
}

/** What a backfill would do. Times are milliseconds since the epoch. */
export const PlannedSeries = Schema.Struct({
  series: Schema.String,
  source: Schema.String,
  pair: Schema.String,
  windows: Schema.NonNegativeInt,
  /** Windows that failed before and are left alone. */
  failed: Schema.NonNegativeInt,
  /** Milliseconds that are missing. */
  missing: Schema.NonNegativeInt,
  first: Schema.NullOr(Schema.Number),
  last: Schema.NullOr(Schema.Number),
  /** Seconds it takes at the pace the source allows; null where it has no limit of its own. */
  seconds: Schema.NullOr(Schema.Number),
  /** Why it can't be fetched at all. */
  error: Schema.optional(Schema.String)
})
export type PlannedSeries = typeof PlannedSeries.Type

/** A window and what became of it. */
export const ChunkView = Schema.Struct({
  series: Schema.String,
  start: Schema.Number,
  end: Schema.Number,
  status: Schema.String,
  attempts: Schema.NonNegativeInt,
  records: Schema.NonNegativeInt,
  started_at: Schema.String,
  error_type: Schema.String,
  error_message: Schema.String
})
export type ChunkView = typeof ChunkView.Type

export const ChunkPage = Schema.Struct({ chunks: Schema.Array(ChunkView), next: Schema.NullOr(Schema.String) })
export type ChunkPage = typeof ChunkPage.Type

const Ranges = Schema.Array(Schema.Tuple(Schema.Number, Schema.Number))

/** What is known of a series in a range: pairs of milliseconds, the end not part of it. */
export const SeriesCoverage = Schema.Struct({
  series: Schema.String,
  start: Schema.Number,
  end: Schema.Number,
  fetched: Ranges,
  empty: Ranges,
  failed: Ranges,
  unknown: Ranges
})
export type SeriesCoverage = typeof SeriesCoverage.Type

/** What happens to backfills, as it happens; `record` is whole. */
export const BackfillEvent = Schema.Struct({
  event: Schema.Literal("status", "progress", "log"),
  id: Schema.String,
  line: Schema.optional(Schema.String),
  record: Schema.optional(BackfillRecord)
})
export type BackfillEvent = typeof BackfillEvent.Type

export class BackfillNotFound extends Schema.TaggedError<BackfillNotFound>()("BackfillNotFound", {
  id: Schema.String
}) {
  override get message() {
    return `No backfill ${this.id}`
  }
}

export class NoMatchingJob extends Schema.TaggedError<NoMatchingJob>()("NoMatchingJob", {
  /** What there is to choose from. */
  known: Schema.Array(Schema.String)
}) {
  override get message() {
    return "No configured histo job matches this exchange/pair. Add one on the Config page first."
  }
}

/** What was asked for can't be done; `field` is where the reason lies. */
export class BackfillRefused extends Schema.TaggedError<BackfillRefused>()("BackfillRefused", {
  field: Schema.String,
  value: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.field} ${JSON.stringify(this.value.slice(0, 120))}: ${this.reason}`
  }
}

/** The backfill is not in a state in which this can be done. */
export class BackfillBusy extends Schema.TaggedError<BackfillBusy>()("BackfillBusy", {
  id: Schema.String,
  status: BackfillStatus,
  action: Schema.String
}) {
  override get message() {
    return `backfill ${this.id} is ${this.status}: it can't be ${this.action}`
  }
}
