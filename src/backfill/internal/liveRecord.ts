/**
 * The record of a backfill while it runs: counts are changed in place, at a cost that does not depend on how many series,
 * windows or other backfills there are; the whole record is made only when someone looks at it.
 *
 * @internal
 */
import { BackfillRecord, type BackfillStatus, type Progress, type SeriesProgress } from "../../domain/Backfill.js"

type Counted = { -readonly [K in keyof SeriesProgress]: SeriesProgress[K] }

/** Lines kept of a log. */
const longestLog = 100

export class LiveRecord {
  status: BackfillStatus
  error: string | null
  finishedAt: number | null
  complete: boolean | null
  /** Whether something changed since `settle`. */
  dirty = false
  private log: Array<string>
  private readonly series = new Map<string, Counted>()
  private readonly pairs = new Map<string, string>()
  private readonly base: BackfillRecord

  constructor(record: BackfillRecord) {
    this.base = record
    this.status = record.status
    this.error = record.error
    this.finishedAt = record.finished_at
    this.complete = record.complete
    this.log = [...record.log]
    for (const entry of record.series) this.series.set(entry.series, { ...entry })
  }

  get id(): string {
    return this.base.id
  }

  get request() {
    return this.base.request
  }

  /** A series of this backfill; what is known of it from an earlier life stays. */
  add(key: string, pair: string): void {
    this.pairs.set(key, pair)
    const known = this.series.get(key)
    if (known !== undefined) {
      known.state = "waiting"
      known.error = null
      known.lost = 0
      return
    }
    const none = { done: 0, total: 0, fetched: 0, empty: 0, failed: 0, rows: 0 }
    this.series.set(key, { series: key, state: "waiting", ...none, error: null })
  }

  change(key: string, change: (series: Counted) => void): void {
    const series = this.series.get(key)
    if (series !== undefined) change(series)
    this.dirty = true
  }

  /** Nothing of it runs any more; series that are not at their end wait for the next life. */
  halt(): void {
    for (const series of this.series.values()) if (series.state === "running") series.state = "waiting"
  }

  of(key: string): SeriesProgress | undefined {
    return this.series.get(key)
  }

  line(text: string): void {
    this.log.push(text)
    if (this.log.length > 2 * longestLog) this.log = this.log.slice(-longestLog)
    this.dirty = true
  }

  get failures(): boolean {
    return [...this.series.values()].some(({ failed, lost = 0, state }) => failed > 0 || lost > 0 || state === "error")
  }

  get firstError(): string | null {
    return [...this.series.values()].find(({ state }) => state === "error")?.error ?? null
  }

  snapshot(): BackfillRecord {
    const series = [...this.series.values()]
    const sum = (of: (series: Counted) => number) => series.reduce((total, one) => total + of(one), 0)
    return new BackfillRecord({
      ...this.base,
      status: this.status,
      error: this.error,
      finished_at: this.finishedAt,
      complete: this.complete,
      log: this.log.slice(-longestLog),
      progress: this.progress(),
      series: series.map((one) => ({ ...one })),
      rows: sum(({ rows }) => rows),
      failed: sum(({ failed }) => failed)
    })
  }

  /** By pair; series of one pair are added up. One that no life of this site has begun tells what it told before. */
  private progress(): Readonly<Record<string, Progress>> {
    if (this.pairs.size === 0) return this.base.progress
    const sums: Record<string, { done: number; total: number }> = {}
    for (const [key, { done, total }] of this.series) {
      const pair = this.pairs.get(key) ?? key
      const sum = (sums[pair] ??= { done: 0, total: 0 })
      sum.done += done
      sum.total += total
    }
    return sums
  }
}
