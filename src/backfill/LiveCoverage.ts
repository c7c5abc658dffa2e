/**
 * What live collectors covered, in the ledgers: ranges that follow on each other become one row every ten minutes, so that a
 * year of streaming is some fifty thousand rows. What a crash cuts off of the last ten minutes counts as not fetched, though
 * its rows are there: a backfill asks for it again. The first range of a life is written at once: a series whose ledger is
 * empty would be taken for one that another program collected, and a hole in its files for covered.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { Series } from "../domain/Series.js"
import { length, type TimeRange } from "../domain/TimeRange.js"
import { ChunkBooks } from "./ChunkBook.js"
import { CoverageSink } from "./live/CoverageSink.js"

const longest = 10 * 60_000

export const layer: Layer.Layer<CoverageSink, never, ChunkBooks> = Layer.scoped(
  CoverageSink,
  Effect.gen(function* () {
    const books = yield* ChunkBooks
    const pending = new Map<string, { readonly series: Series; readonly range: TimeRange }>()
    const begun = new Set<string>()
    const mutex = yield* Effect.makeSemaphore(1)

    const write = ({ range, series }: { readonly series: Series; readonly range: TimeRange }) =>
      Effect.scoped(
        Effect.flatMap(books.open(series, { ledger: Option.none(), runId: "live" }), (book) =>
          book.noteCovered([range], "live stream")
        )
      ).pipe(
        Effect.catchAll((error) => Effect.logWarning(`what the stream covered is not in the ledger: ${error.message}`))
      )
    const flush = (key: string) =>
      Effect.suspend(() => {
        const held = pending.get(key)
        pending.delete(key)
        return held === undefined ? Effect.void : write(held)
      })
    yield* Effect.addFinalizer(() => Effect.forEach([...pending.keys()], flush, { discard: true }))

    return CoverageSink.of({
      covered: (series, range) =>
        Effect.gen(function* () {
          const before = pending.get(series.key)
          const follows = before !== undefined && range.start <= before.range.end
          if (before !== undefined && !follows) yield* flush(series.key)
          const start = follows ? Math.min(before.range.start, range.start) : range.start
          const joined = { start, end: Math.max(range.end, follows ? before.range.end : range.end) }
          pending.set(series.key, { series, range: joined })
          if (begun.has(series.key) && length(joined) < longest) return
          begun.add(series.key)
          yield* flush(series.key)
        }).pipe(mutex.withPermits(1), Effect.uninterruptible)
    })
  })
)
