/** How one job or stream fares, and when a person is to be told of it. Pure. */
import type { SourceMetrics } from "../../domain/Collector.js"
import { pairOfPath, type Series } from "../../domain/Series.js"

/** Who reports: one series of the jobs, or one stream. They share the daemon's key, and nothing else. */
export interface Origin {
  readonly exchange: string
  /** `BTC/USDT` */
  readonly pair: string
  readonly kind: "job" | "stream"
  /** The key of the series, or of the stream. */
  readonly name: string
}

/** Times are milliseconds since the epoch. */
export interface HealthRecord extends Origin {
  readonly lastRunAt: number | null
  readonly lastSuccessAt: number | null
  readonly rows: number
  /** Failures in a row. */
  readonly errors: number
  /** The last failure in words. */
  readonly detail: string
  /** Since when it fails, and how often by then; of the last time while it works. */
  readonly failingSince: number | null
  readonly failures: number
  /** Whether people know that it fails: an alert was delivered, and no recovery since. */
  readonly told: boolean
  readonly toldAt: number | null
}

export const idOf = ({ exchange, kind, name, pair }: Origin): string => [kind, exchange, pair, name].join("\n")

/** The origin that a series of a job reports under. */
export const ofSeries = (series: Series): Origin => ({
  exchange: series.source,
  pair: pairOfPath(series.pair),
  kind: "job",
  name: series.key
})

export const first = ({ exchange, kind, name, pair }: Origin): HealthRecord => ({
  exchange,
  pair,
  kind,
  name,
  lastRunAt: null,
  lastSuccessAt: null,
  rows: 0,
  errors: 0,
  detail: "",
  failingSince: null,
  failures: 0,
  told: false,
  toldAt: null
})

export const succeeded = (record: HealthRecord, rows: number, now: number): HealthRecord => ({
  ...record,
  lastRunAt: now,
  lastSuccessAt: now,
  rows: record.rows + rows,
  errors: 0
})

export const failed = (record: HealthRecord, detail: string, now: number): HealthRecord => ({
  ...record,
  lastRunAt: now,
  errors: record.errors + 1,
  detail: detail.slice(0, 300),
  failingSince: record.errors === 0 ? now : record.failingSince,
  failures: record.errors + 1
})

export interface AlertRule {
  /** Failures in a row. */
  readonly threshold: number
  /** Between two alerts of one origin, in ms. */
  readonly cooldown: number
}

/** What people should be told now: once when it has failed often enough, and once when it works again. */
export const due = (
  { errors, told, toldAt }: HealthRecord,
  { cooldown, threshold }: AlertRule,
  now: number
): "alert" | "recovery" | undefined => {
  if (told) return errors === 0 ? "recovery" : undefined
  const rested = toldAt === null || now - toldAt >= cooldown
  return errors >= Math.max(1, threshold) && rested ? "alert" : undefined
}

/** The records of one daemon's key as one: the newest times, all rows, the longest row of failures. */
export const combined = (records: ReadonlyArray<HealthRecord>): SourceMetrics => ({
  last_run_at: newest(records.map(({ lastRunAt }) => lastRunAt)),
  last_success_at: newest(records.map(({ lastSuccessAt }) => lastSuccessAt)),
  rows_collected: records.reduce((sum, { rows }) => sum + rows, 0),
  errors_count: records.reduce((most, { errors }) => Math.max(most, errors), 0)
})

// -----------------------------------------------------------------------------

/** In seconds. */
const newest = (times: ReadonlyArray<number | null>): number | null =>
  times.reduce<number | null>((last, time) => (time === null ? last : Math.max(last ?? 0, time / 1000)), null)
