/** What the files of a series show, brought into its ledger before any of them is removed. */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import { Dataset } from "../../dataset/Dataset.js"
import { layoutOf, type MarketUnit } from "../../dataset/MarketLayout.js"
import type { StorageFailed } from "../../domain/Refusal.js"
import type { Series } from "../../domain/Series.js"
import * as TimeRange from "../../domain/TimeRange.js"
import { ChunkBooks } from "../ChunkBook.js"

export interface Options {
  /** The file that a job names for the series; none for its usual one. */
  readonly ledger: Option.Option<string>
  readonly unit: MarketUnit
}

/**
 * True once the ledger covers all that the files show. Kinds of rows whose layout is not known here come from jobs, whose
 * ledger knows them: for these it is enough that it is not empty.
 */
export const remember = (
  series: Series,
  { ledger, unit }: Options
): Effect.Effect<boolean, StorageFailed, Dataset | ChunkBooks> =>
  Effect.scoped(
    Effect.gen(function* () {
      const book = yield* (yield* ChunkBooks).open(series, { ledger, runId: "retention" })
      const { empty, fetched } = yield* book.coverage
      const known = TimeRange.union(fetched, empty)
      const layout = layoutOf(series.type, unit)
      if (layout === undefined) return known.length > 0
      const shown = yield* (yield* Dataset).covered(series, layout)
      const unknown = TimeRange.subtract(shown, known)
      if (unknown.length > 0) yield* book.noteCovered(unknown, "files")
      return known.length > 0 || shown.length > 0
    })
  )
