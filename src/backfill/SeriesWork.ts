/** A planned series brought to work: its book opened, its source's line joined, its counts kept. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { SeriesProgress } from "../domain/Backfill.js"
import type { StorageFailed } from "../domain/Refusal.js"
import * as TimeRange from "../domain/TimeRange.js"
import { Dataset } from "../dataset/Dataset.js"
import { Outgoing } from "../outgoing/Outgoing.js"
import { RateLimits } from "../outgoing/RateLimits.js"
import type { SourceError } from "../source/SourceError.js"
import { ChunkBooks, type Coverage } from "./ChunkBook.js"
import type { CollectorHealth } from "./health/CollectorHealth.js"
import type { RetryBudget } from "./RetryBudget.js"
import type { PlannedSeries } from "./SeriesPlan.js"
import * as SeriesFiles from "./SeriesFiles.js"
import * as SeriesRun from "./SeriesRun.js"
import type { SyncStore } from "./sync/SyncStore.js"
import { Uploads } from "./sync/Uploads.js"
import * as WindowPlan from "./WindowPlan.js"

type Counts = { -readonly [K in keyof SeriesProgress]: SeriesProgress[K] }

export interface Hooks {
  /** The id of the backfill, which stands in the ledger. */
  readonly runId: string
  /** Whether an earlier life of it began this series: then what it has done is counted in the ledger. */
  readonly resumed: boolean
  readonly retryFailed: boolean
  /** Only what is new since the newest that is known. */
  readonly collect: boolean
  readonly budget: RetryBudget
  readonly allot: (wanted: number) => number
  readonly mergeAtStop: Effect.Effect<boolean>
  readonly say: (line: string) => Effect.Effect<void>
  readonly count: (change: (counts: Counts) => void) => void
}

/** Whether something new may be begun. */
export class RoomToWork extends Context.Tag("outpost/backfill/RoomToWork")<
  RoomToWork,
  {
    /** Fails, with the reason, while there is too little room on the disk. Cheap. */
    readonly check: Effect.Effect<void, StorageFailed>
  }
>() {}

export type Needs = Dataset | ChunkBooks | RateLimits | RoomToWork | Uploads | CollectorHealth | SyncStore

/** Fetches what is missing. Fails where the source can't do it at all, or the disk takes nothing. */
export const run = (planned: PlannedSeries, hooks: Hooks): Effect.Effect<void, SourceError | StorageFailed, Needs> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { history, job, plan, request, series, size } = planned
      const book = yield* (yield* ChunkBooks).open(series, { ledger: job.ledger, runId: hooks.runId })
      const { rate, server } = history.capabilities
      const outgoing = yield* (yield* RateLimits).limited(server ?? job.source, rate)
      const range = hooks.collect ? newest(planned, yield* book.coverage) : planned.range
      yield* SeriesRun.run({
        series,
        request,
        history,
        layout: plan.layout,
        book,
        dataset: yield* Dataset,
        attempts: job.attempts,
        retryDelay: job.retryDelay,
        budget: hooks.budget,
        say: hooks.say,
        range,
        size,
        grid: plan.grid,
        concurrency: job.concurrency,
        retryFailed: hooks.retryFailed,
        allot: hooks.allot,
        fill: job.fill,
        mergeAtStop: hooks.mergeAtStop,
        again: (total) =>
          Effect.zipRight(
            Effect.sync(() => hooks.count((counts) => (counts.total += total))),
            hooks.say(`${total} windows to fetch again`)
          ),
        lost: (movedTo, millis) =>
          hooks.count((counts) => {
            counts.set_aside = [...new Set([...(counts.set_aside ?? []), ...movedTo])]
            counts.lost = millis
          }),
        planned: (total, leftAlone) =>
          Effect.gen(function* () {
            // The record was saved a second before the end at best, and what was lost since is fetched again.
            const before = hooks.resumed ? yield* book.ofRun : {}
            hooks.count((counts) => {
              Object.assign(counts, before)
              // What an earlier life of this backfill finished stays counted.
              counts.total = Math.max(counts.total, total)
              counts.done = counts.total - total
              counts.failed = leftAlone
            })
            yield* hooks.say(
              `${total === 0 ? "already up to date" : `${total} windows to fetch`}${leftAlone === 0 ? "" : `, ${leftAlone} that failed before are left alone`}`
            )
          }),
        finished: (outcome) =>
          hooks.count((counts) => {
            counts.done++
            if (outcome._tag !== "Failed" && outcome.unreadable > 0)
              counts.unreadable = (counts.unreadable ?? 0) + outcome.unreadable
            if (outcome._tag === "Empty") counts.empty++
            else if (outcome._tag === "Failed") counts.failed++
            else {
              counts.fetched++
              counts.rows += outcome.chunk.records
            }
          }),
        admitted: (yield* RoomToWork).check,
        upload: job.upload ? (yield* Uploads).upload : undefined
      }).pipe(Effect.provideService(Outgoing, outgoing))
    })
  )

/** What a start would do for one series. */
export const preview = (
  planned: PlannedSeries,
  options: { readonly retryFailed: boolean; readonly collect: boolean }
): Effect.Effect<
  { readonly windows: number; readonly failed: number; readonly missing: TimeRange.TimeRanges },
  StorageFailed,
  Needs
> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { job, plan, series, size } = planned
      const book = yield* (yield* ChunkBooks).open(series, { ledger: job.ledger, runId: "" })
      const files = { series, layout: plan.layout, book, dataset: yield* Dataset }
      const coverage = SeriesFiles.known(yield* book.coverage, yield* SeriesFiles.look(files))
      const range = options.collect ? newest(planned, coverage) : planned.range
      const shape = { range, covered: SeriesRun.settled(coverage, options.retryFailed), size, grid: plan.grid }
      return {
        windows: WindowPlan.count(shape),
        failed: options.retryFailed ? 0 : SeriesRun.failedBefore(coverage, shape),
        missing: WindowPlan.missing(shape)
      }
    })
  )

// -----------------------------------------------------------------------------

/** From the newest that is known to now; one window of it where nothing is. */
const newest = ({ plan, range }: PlannedSeries, { empty, fetched }: Coverage): TimeRange.TimeRange => {
  const known = TimeRange.union(fetched, empty)
  const last = known[known.length - 1]?.end
  return { start: Math.max(range.start, last ?? range.end - plan.window), end: range.end }
}
