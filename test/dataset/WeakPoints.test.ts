/** The weak points of the daemon (reference, section 10) that concern data on disk, and how this one does better. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Row } from "../../src/domain/RowLayout.js"
import { Series } from "../../src/domain/Series.js"
import { make as makeDying } from "../support/DyingDisk.js"
import { book, candles, collect, layout, make, minutes, ns, trades } from "../support/TemporaryDataset.js"

const at = ns("2026-01-01T00:00:00Z")
const window = { start: 0, end: 1 }

describe("weak points", () => {
  it.scopedLive("dccd weak point 1: no candle is invented, and what is missing is not counted as complete", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const form = layout("ohlc", "s")
      yield* data.put(minutes, form, [...candles("2026-01-01T00:00:00Z", 3), ...candles("2026-01-01T01:00:00Z", 3)])
      assert.strictEqual((yield* collect(data.dataset.read({ series: minutes }))).length, 6)
      assert.deepInclude((yield* data.dataset.inventory())[0], { rows: 6, missingRows: 57 })
      assert.strictEqual((yield* data.dataset.covered(minutes, form)).length, 2)
    })
  )

  it.scopedLive("dccd weak point 2: holes inside of a series are found exactly, also those within a file", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const form = layout("ohlc", "s")
      yield* data.put(minutes, form, [...candles("2026-01-01T00:00:00Z", 3), ...candles("2026-01-01T00:10:00Z", 3)])
      const ms = (text: string) => Date.parse(`2026-01-01T00:${text}:00Z`)
      assert.deepStrictEqual(yield* data.dataset.holes(minutes, form), [{ start: ms("03"), end: ms("10") }])
      assert.deepInclude((yield* data.dataset.inventory({ holes: true }))[0], { gaps: 0, holes: 1, missingRows: 7 })
    })
  )

  it.scopedLive("dccd weak point 5: no trade and no level of a book is lost to another one of the same time", () =>
    Effect.gen(function* () {
      for (const unit of ["s", "ns"] as const) {
        const data = yield* make()
        const many = Array.from({ length: 50 }, (_, k): Row => ({
          TS: at,
          tid: String(k),
          price: 1,
          amount: 1,
          side: "buy"
        }))
        const levels = Array.from({ length: 50 }, (_, k): Row => ({
          TS: at,
          side: k % 2 === 0 ? "bid" : "ask",
          price: k,
          amount: 1
        }))
        yield* data.put(trades, layout("trades", unit), [...many.slice(0, 30), ...many.slice(20)])
        yield* data.put(book, layout("orderbook", unit), [...levels.slice(0, 30), ...levels.slice(20)])
        // Each kind of rows is a series of its own, though both came over one connection.
        assert.deepStrictEqual(
          (yield* data.dataset.inventory()).map(({ rows, series }) => [series.type, rows]),
          [
            ["orderbook", 50],
            ["trades", 50]
          ]
        )
      }
    })
  )

  it.scopedLive("dccd weak point 6: a corrupt or foreign file is set aside, never overwritten, never deleted", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const path = join(data.root, minutes.key, "2026.parquet")
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, "precious, but no Parquet")
      yield* data.dataset.covered(minutes, layout("ohlc", "s"))
      yield* data.dataset.inventory()
      assert.strictEqual(readFileSync(path, "utf8"), "precious, but no Parquet")
      yield* data.put(minutes, layout("ohlc", "s"), candles("2026-01-01T00:00:00Z", 3))
      const aside = readdirSync(dirname(path)).find((name) => name.includes("unreadable-")) ?? ""
      assert.strictEqual(readFileSync(join(dirname(path), aside), "utf8"), "precious, but no Parquet")
      assert.strictEqual((yield* collect(data.dataset.read({ series: minutes }))).length, 3)
    })
  )

  it.scopedLive("dccd weak point 7: writers of one file do not interleave; pages are merged many at once", () =>
    Effect.gen(function* () {
      const { calls, disk } = makeDying(Infinity)
      const data = yield* make({ disk })
      const form = layout("ohlc", "s")
      const write = (from: string) => data.dataset.writePart(minutes, form, window, candles(from, 60))
      const hours = Array.from({ length: 24 }, (_, hour) => `2026-01-01T${String(hour).padStart(2, "0")}:00:00Z`)
      yield* Effect.forEach(
        hours,
        (hour) => Effect.flatMap(write(hour), (part) => data.dataset.merge(minutes, form, [part])),
        {
          concurrency: "unbounded"
        }
      )
      assert.strictEqual((yield* collect(data.dataset.read({ series: minutes }))).length, 1_440)

      // A rename for each page, and one for the year file, however many pages there are.
      const next = yield* Effect.forEach(hours, (hour) => write(hour.replace("2026-01-01", "2026-01-02")))
      const before = calls.filter((call) => call === "rename").length
      yield* data.dataset.merge(minutes, form, next)
      assert.strictEqual(calls.filter((call) => call === "rename").length, before + 1)
      const last = calls.slice(calls.lastIndexOf("sync"))
      assert.deepStrictEqual(last.slice(0, 4), ["sync", "close", "rename", "syncDirectory"])
      assert.strictEqual((yield* collect(data.dataset.read({ series: minutes }))).length, 2_880)
    })
  )

  it.scopedLive("dccd weak point 22: the inventory reads footers alone, once, and one bad file spoils nothing", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const form = layout("ohlc", "s")
      for (const pair of ["A-B", "C-D", "E-F"]) {
        yield* data.put(Series.make({ ...minutes, pair }), form, candles("2026-01-01T00:00:00Z", 500))
      }
      // Every page of data is destroyed; only the footer is left.
      const path = join(data.root, "binance/ohlc/A-B/1m/2026.parquet")
      const bytes = readFileSync(path)
      const footer = bytes.readUInt32LE(bytes.length - 8)
      bytes.fill(0, 4, bytes.length - 8 - footer)
      writeFileSync(path, bytes)
      writeFileSync(join(data.root, "binance/ohlc/C-D/1m/2026.parquet"), "garbage")
      const rows = yield* data.dataset.inventory()
      assert.deepStrictEqual(
        rows.map((row) => [row.series.pair, row.rows, row.unreadable.length]),
        [
          ["A-B", 500, 0],
          ["C-D", 0, 1],
          ["E-F", 500, 0]
        ]
      )
      assert.deepStrictEqual(yield* data.dataset.inventory(), rows)
    })
  )
})
