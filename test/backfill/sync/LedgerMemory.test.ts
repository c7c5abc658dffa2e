import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type ChunkBook, ChunkBooks } from "../../../src/backfill/ChunkBook.js"
import * as LedgerMemory from "../../../src/backfill/sync/LedgerMemory.js"
import { Dataset } from "../../../src/dataset/Dataset.js"
import { Series } from "../../../src/domain/Series.js"
import type { TimeRanges } from "../../../src/domain/TimeRange.js"

/** The book and the files of one series. */
const scene = (known: { readonly fetched?: TimeRanges; readonly empty?: TimeRanges }, shown: TimeRanges) => {
  const noted: Array<TimeRanges> = []
  const book: Pick<ChunkBook, "coverage" | "noteCovered"> = {
    coverage: Effect.succeed({ fetched: known.fetched ?? [], empty: known.empty ?? [], failed: [] }),
    noteCovered: (ranges) => Effect.sync(() => void noted.push(ranges))
  }
  const layer = Layer.merge(
    Layer.mock(ChunkBooks, { open: () => Effect.succeed(book as ChunkBook) }),
    Layer.mock(Dataset, { covered: () => Effect.succeed(shown) })
  )
  const remember = (type: string) =>
    LedgerMemory.remember(new Series({ source: "b", type, pair: "A-B", span: 3600 }), {
      ledger: Option.none(),
      unit: "s"
    }).pipe(Effect.provide(layer))
  return { noted, remember }
}

const range = (start: number, end: number) => ({ start, end })

describe("LedgerMemory", () => {
  it.effect("notes what files show and the ledger does not know", () =>
    Effect.gen(function* () {
      const { noted, remember } = scene({ fetched: [range(0, 10)], empty: [range(20, 30)] }, [
        range(0, 15),
        range(20, 40)
      ])
      assert.isTrue(yield* remember("ohlc"))
      assert.deepStrictEqual(noted, [[range(10, 15), range(30, 40)]])
    })
  )

  it.effect("of a series without a ledger, everything", () =>
    Effect.gen(function* () {
      const { noted, remember } = scene({}, [range(0, 15)])
      assert.isTrue(yield* remember("trades"))
      assert.deepStrictEqual(noted, [[range(0, 15)]])
    })
  )

  it.effect("a kind of rows of unknown layout needs a ledger that is not empty", () =>
    Effect.gen(function* () {
      assert.isFalse(yield* scene({}, []).remember("hourly"))
      assert.isTrue(yield* scene({ fetched: [range(0, 1)] }, []).remember("hourly"))
    })
  )
})
