import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { join } from "node:path"
import * as LedgerBook from "../../src/backfill/LedgerBook.js"
import { CoverageSink } from "../../src/backfill/live/CoverageSink.js"
import * as LiveCoverage from "../../src/backfill/LiveCoverage.js"
import { Series } from "../../src/domain/Series.js"
import * as LedgerFile from "../../src/ledger/LedgerFile.js"
import * as Ledgers from "../../src/ledger/Ledgers.js"
import { temporaryDirectory } from "../support/Store.js"

const series = Series.make({ source: "okx", type: "trades", pair: "BTC-USDT" })
const minute = 60_000
const range = (from: number, to: number) => ({ start: from * minute, end: to * minute })

/** Runs a body that says what was covered; answers what stands in the ledger then, and after the end. */
const noted = (body: (covered: (from: number, to: number) => Effect.Effect<void>) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const books = LedgerBook.layer({ directory, resolve: Effect.succeed }).pipe(Layer.provide(Ledgers.layer))
    const rows = Effect.map(LedgerFile.rows(join(directory, `${series.slug}.csv`)), (found) =>
      found.map((row) => [row.window_start_utc, row.window_end_utc].map((at) => Date.parse(at) / minute))
    )
    const before = yield* Effect.flatMap(CoverageSink, (sink) =>
      Effect.zipRight(
        body((from, to) => sink.covered(series, range(from, to))),
        rows
      )
    ).pipe(Effect.provide(LiveCoverage.layer.pipe(Layer.provide(books))))
    return { before, after: yield* rows }
  }).pipe(Effect.provide(NodeContext.layer))

describe("what live collectors covered", () => {
  it.scoped("is one row every ten minutes, after a first one at once, and the rest at the end", () =>
    Effect.gen(function* () {
      const { after, before } = yield* noted((covered) =>
        Effect.forEach(
          Array.from({ length: 25 }, (_, n) => n),
          (n) => covered(n, n + 1),
          { discard: true }
        )
      )
      assert.deepStrictEqual(before, [
        [0, 1],
        [1, 11],
        [11, 21]
      ])
      assert.deepStrictEqual(after.slice(3), [[21, 25]])
    })
  )

  it.scoped("has a hole where there was one, as soon as it is known", () =>
    Effect.gen(function* () {
      const { before } = yield* noted((covered) =>
        Effect.all([covered(0, 1), covered(1, 3), covered(5, 6)], { discard: true })
      )
      assert.deepStrictEqual(before, [
        [0, 1],
        [1, 3]
      ])
    })
  )
})
