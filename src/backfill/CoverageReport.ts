/** What is known of series, for people: ranges by state, and windows page by page. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  type BackfillRecord,
  BackfillRefused,
  type ChunkPage,
  type NoMatchingJob,
  type SeriesCoverage
} from "../domain/Backfill.js"
import type { StorageFailed } from "../domain/Refusal.js"
import * as Series from "../domain/Series.js"
import * as TimeRange from "../domain/TimeRange.js"
import { ChunkBooks, type Coverage } from "./ChunkBook.js"
import * as SeriesPlan from "./SeriesPlan.js"

/** Milliseconds since the epoch. */
export interface CoverageQuery {
  readonly series?: string | undefined
  readonly start?: number | undefined
  readonly end?: number | undefined
}

/** Coverage of the series of the config's jobs, or of one series whoever fetched it. Without a range, the job's own. */
export const coverage = (
  query: CoverageQuery,
  catalogue: SeriesPlan.Catalogue
): Effect.Effect<ReadonlyArray<SeriesCoverage>, NoMatchingJob | BackfillRefused | StorageFailed, ChunkBooks> =>
  Effect.gen(function* () {
    const planned = yield* SeriesPlan.resolve({}, catalogue).pipe(
      Effect.map((resolved) => resolved.planned),
      Effect.catchTags({
        NoMatchingJob: (error) => (query.series === undefined ? error : Effect.succeed([])),
        BackfillRefused: (error) => (query.series === undefined ? error : Effect.succeed([]))
      })
    )
    const wanted = planned.filter(({ series }) => query.series === undefined || series.key === query.series)
    if (wanted.length > 0) {
      return yield* Effect.forEach(wanted, ({ job, range, series }) => report(series, job.ledger, range, query))
    }
    const series = Series.ofKey(query.series ?? "")
    if (series === undefined) {
      return yield* new BackfillRefused({
        field: "series",
        value: query.series ?? "",
        reason: "expected a series such as binance/ohlc/BTC-USDT/1h"
      })
    }
    return [yield* report(series, Option.none(), undefined, query)]
  })

/** Windows of a backfill's series, by series and time. `after` is the `next` of the page before. */
export const chunks = (
  record: BackfillRecord,
  query: {
    readonly status?: string | undefined
    readonly after?: string | undefined
    readonly limit?: number | undefined
  },
  catalogue: SeriesPlan.Catalogue
): Effect.Effect<ChunkPage, StorageFailed, ChunkBooks> =>
  Effect.gen(function* () {
    const limit = Math.min(5_000, Math.max(1, query.limit ?? 500))
    const keys = record.series.map(({ series }) => series).sort()
    const ledgers = yield* ledgersOf(record, catalogue)
    const after = query.after ?? "@-Infinity"
    // The name of a series may have the sign too.
    const [afterKey, afterStart] = [after.slice(0, after.lastIndexOf("@")), after.slice(after.lastIndexOf("@") + 1)]
    const found: Array<ChunkPage["chunks"][number]> = []
    for (const key of keys.filter((key) => key >= afterKey)) {
      const series = Series.ofKey(key)
      if (series === undefined) continue
      const from = key === afterKey ? Number(afterStart) + 1 : Number.NEGATIVE_INFINITY
      const page = yield* Effect.scoped(
        Effect.gen(function* () {
          const book = yield* (yield* ChunkBooks).open(series, { ledger: ledgers(key), runId: "" })
          const wanted = limit - found.length + 1
          return yield* book.chunks({ from, to: Number.POSITIVE_INFINITY, limit: wanted, status: query.status })
        })
      )
      found.push(...page.map((chunk) => ({ ...chunk, series: key })))
      if (found.length > limit) break
    }
    const last = found[limit - 1]
    const more = found.length > limit && last !== undefined
    return { chunks: found.slice(0, limit), next: more ? `${last.series}@${last.start}` : null }
  })

// -----------------------------------------------------------------------------

const ledgersOf = (record: BackfillRecord, catalogue: SeriesPlan.Catalogue) =>
  SeriesPlan.resolve(record.request, catalogue).pipe(
    Effect.map(({ planned }) => new Map(planned.map(({ job, series }) => [series.key, job.ledger]))),
    Effect.orElseSucceed(() => new Map<string, Option.Option<string>>()),
    Effect.map((known) => (key: string) => known.get(key) ?? Option.none<string>())
  )

const report = (
  series: Series.Series,
  ledger: Option.Option<string>,
  range: TimeRange.TimeRange | undefined,
  query: CoverageQuery
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const book = yield* (yield* ChunkBooks).open(series, { ledger, runId: "" })
      const known = yield* book.coverage
      const whole = range ?? hull(known)
      const asked = { start: query.start ?? whole.start, end: query.end ?? whole.end }
      const within = (ranges: TimeRange.TimeRanges) => TimeRange.intersect(ranges, [asked])
      const unknown = TimeRange.subtract([asked], TimeRange.union(known.fetched, known.empty, known.failed))
      return {
        series: series.key,
        ...asked,
        fetched: pairs(within(known.fetched)),
        empty: pairs(within(known.empty)),
        failed: pairs(within(known.failed)),
        unknown: pairs(unknown)
      } satisfies SeriesCoverage
    })
  )

const pairs = (ranges: TimeRange.TimeRanges) => ranges.map(({ end, start }) => [start, end] as const)

const hull = ({ empty, failed, fetched }: Coverage): TimeRange.TimeRange => {
  const all = TimeRange.union(fetched, empty, failed)
  return { start: all[0]?.start ?? 0, end: all[all.length - 1]?.end ?? 0 }
}
