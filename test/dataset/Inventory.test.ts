import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Series } from "../../src/domain/Series.js"
import {
  candle,
  candles,
  layout,
  make,
  minutes,
  ns,
  type TemporaryDataset,
  trades
} from "../support/TemporaryDataset.js"

const ms = Date.parse
const year = "binance/ohlc/BTC-USDT/1m/2026.parquet"

/** Two hundred day files of trades, made of one. */
const manyDays = (data: TemporaryDataset) =>
  Effect.gen(function* () {
    yield* data.put(trades, layout("trades", "s"), [{ TS: ns("2026-01-01T00:00:01Z"), tid: "1", price: 1 }])
    const first = join(data.root, "binance/trades/BTC-USDT/2026-01-01.parquet")
    for (let day = 2; day <= 200; day++) {
      const name = new Date(Date.UTC(2026, 0, day)).toISOString().slice(0, 10)
      cpSync(first, join(dirname(first), `${name}.parquet`))
    }
    return dirname(first)
  })

describe("the inventory", () => {
  it.scopedLive("of nothing is empty", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* (yield* make()).dataset.inventory(), [])
    })
  )

  it.scopedLive("tells first, last, rows, bytes, files, gaps and missing rows; holes where it knows them", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const form = layout("ohlc", "s")
      yield* data.put(minutes, form, candles("2023-01-01T00:00:00Z", 10))
      yield* data.put(minutes, form, candles("2026-01-01T00:00:00Z", 10))
      const eth = Series.make({ ...minutes, pair: "ETH-USDT" })
      yield* data.put(eth, form, [...candles("2026-01-01T00:00:00Z", 5), ...candles("2026-01-01T00:10:00Z", 5)])
      const rows = yield* data.dataset.inventory()
      assert.deepStrictEqual(
        rows.map(({ series }) => series.key),
        ["binance/ohlc/BTC-USDT/1m", "binance/ohlc/ETH-USDT/1m"]
      )
      assert.deepInclude(rows[0], {
        first: ms("2023-01-01T00:00:00Z"),
        last: ms("2026-01-01T00:09:00Z"),
        rows: 20,
        files: 2,
        bytes: ["2023", "2026"].reduce(
          (sum, name) => sum + readFileSync(join(data.root, dirname(year), `${name}.parquet`)).length,
          0
        ),
        gaps: 2,
        holes: 1,
        missingRows: (3 * 365 + 1) * 1440 - 10,
        unreadable: []
      })
      assert.deepInclude(rows[1], { rows: 10, holes: null, missingRows: 5, gaps: 0 })
      assert.deepInclude((yield* data.dataset.inventory({ holes: true }))[1], { holes: 1 })
      assert.deepInclude((yield* data.dataset.inventory())[1], { holes: 1 })
      assert.deepStrictEqual(yield* data.dataset.holes(eth, form), [
        { start: ms("2026-01-01T00:05:00Z"), end: ms("2026-01-01T00:10:00Z") }
      ])
    })
  )

  it.scopedLive("names files that it can't read, and goes on", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const directory = yield* manyDays(data)
      writeFileSync(join(directory, "2026-03-17.parquet"), "garbage")
      writeFileSync(join(directory, "copy of all.parquet"), "garbage")
      writeFileSync(join(directory, "2026-02-30.parquet"), "garbage")
      // What is none of ours.
      writeFileSync(join(directory, "notes.txt"), "x")
      mkdirSync(join(data.root, ".dccd"))
      writeFileSync(join(data.root, ".dccd", "metrics.json"), "{}")
      const [row, ...others] = yield* data.dataset.inventory()
      assert.deepStrictEqual(others, [])
      assert.deepInclude(row, { files: 202, rows: 199, gaps: 0, holes: null, missingRows: null })
      assert.deepStrictEqual(
        row?.unreadable.map(({ path, reason }) => `${path.slice(directory.length + 1)}: ${reason}`),
        [
          "2026-02-30.parquet: the name is no year, month or day",
          "2026-03-17.parquet: parquet file is too short",
          "copy of all.parquet: the name is no year, month or day"
        ]
      )
    })
  )

  it.scopedLive("reads no footer twice, in this life or the next, but those of files that changed", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const directory = yield* manyDays(data)
      const before = yield* data.dataset.inventory()
      // Same size, same times, another content: who still read the footer would see it.
      const poison = (name: string) => {
        const path = join(directory, name)
        const bytes = readFileSync(path)
        utimesSync(path, 1, 1)
        return (seen: boolean) => {
          writeFileSync(path, Buffer.alloc(bytes.length, 1))
          utimesSync(path, seen ? 2 : 1, seen ? 2 : 1)
        }
      }
      const changes = [poison("2026-01-05.parquet"), poison("2026-01-06.parquet")]
      assert.deepStrictEqual(yield* data.dataset.inventory(), before)
      changes[0]?.(false)
      assert.deepStrictEqual(yield* data.dataset.inventory(), before)
      assert.deepStrictEqual(yield* (yield* data.reopened()).inventory(), before)
      changes[1]?.(true)
      const [row] = yield* (yield* data.reopened()).inventory()
      assert.deepStrictEqual(
        row?.unreadable.map(({ path }) => path),
        [join(directory, "2026-01-06.parquet")]
      )
    })
  )

  it.scopedLive("sees files that came, went, were replaced or are behind a link", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const form = layout("ohlc", "s")
      const count = Effect.map(data.dataset.inventory(), (rows) => rows.map(({ rows }) => rows))
      yield* data.put(minutes, form, candles("2026-01-01T00:00:00Z", 10))
      assert.deepStrictEqual(yield* count, [10])
      yield* data.put(minutes, form, candles("2026-01-01T00:00:00Z", 11))
      assert.deepStrictEqual(yield* count, [11])
      renameSync(join(data.root, "binance"), join(data.root, "..", "elsewhere"))
      assert.deepStrictEqual(yield* count, [])
      symlinkSync("../elsewhere", join(data.root, "binance"))
      assert.deepStrictEqual(yield* count, [11])
      rmSync(join(data.root, year))
      assert.deepStrictEqual(yield* count, [])
    })
  )

  it.scopedLive("survives whatever its own file holds", () =>
    Effect.gen(function* () {
      const data = yield* make()
      yield* data.put(minutes, layout("ohlc", "s"), candles("2026-01-01T00:00:00Z", 3))
      const before = yield* data.dataset.inventory()
      for (const text of ["", "nonsense\n[1]\n", '["a",1,2']) {
        writeFileSync(data.inventoryFile, text)
        assert.deepStrictEqual(yield* (yield* data.reopened()).inventory(), before)
      }
      mkdirSync(join(data.root, "..", "file"))
      rmSync(data.inventoryFile)
      mkdirSync(data.inventoryFile)
      assert.deepStrictEqual(yield* (yield* data.reopened()).inventory(), before)
    })
  )

  it.scopedLive("takes a file whose times have no statistics for unreadable: its unit can't be told", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const path = join(data.root, year)
      mkdirSync(dirname(path), { recursive: true })
      // Where a column holds what is no number, the writer leaves them out.
      yield* data.run(
        `copy (select unnest([1767225600.0, 'nan'::double]) as "TS", 1 as open) to '${path}' (format parquet)`
      )
      assert.deepInclude((yield* data.dataset.inventory())[0], {
        first: null,
        rows: 0,
        files: 1,
        unreadable: [{ path, reason: "no statistics of the column TS" }]
      })
    })
  )
})

describe("coverage from files", () => {
  it.scopedLive("is the exact runs of candles, over the ends of years", () =>
    Effect.gen(function* () {
      const data = yield* make()
      for (const unit of ["s", "ns"] as const) {
        const series = Series.make({ ...minutes, source: unit })
        const form = layout("ohlc", unit)
        yield* data.put(series, form, [
          ...candles("2025-12-31T23:50:00Z", 20),
          ...candles("2026-01-01T00:30:00Z", 1),
          candle(ns("2026-01-01T01:00:00Z"))
        ])
        assert.deepStrictEqual(yield* data.dataset.covered(series, form), [
          { start: ms("2025-12-31T23:50:00Z"), end: ms("2026-01-01T00:10:00Z") },
          { start: ms("2026-01-01T00:30:00Z"), end: ms("2026-01-01T00:31:00Z") },
          { start: ms("2026-01-01T01:00:00Z"), end: ms("2026-01-01T01:01:00Z") }
        ])
      }
    })
  )

  it.scopedLive(
    "is first to last of each file for what comes when it comes; files that can't be read show nothing",
    () =>
      Effect.gen(function* () {
        const data = yield* make()
        const form = layout("trades", "s")
        const trade = (at: string) => ({ TS: ns(at), tid: at, price: 1 })
        yield* data.put(
          trades,
          form,
          ["2026-01-01T00:00:01.500Z", "2026-01-01T12:00:00Z", "2026-01-03T00:00:00Z"].map(trade)
        )
        writeFileSync(join(data.root, "binance/trades/BTC-USDT/2026-01-02.parquet"), "garbage")
        assert.deepStrictEqual(yield* data.dataset.covered(trades, form), [
          { start: ms("2026-01-01T00:00:01.500Z"), end: ms("2026-01-01T12:00:00.001Z") },
          { start: ms("2026-01-03T00:00:00Z"), end: ms("2026-01-03T00:00:00.001Z") }
        ])
        assert.deepStrictEqual(yield* data.dataset.holes(trades, form), [])
        assert.deepStrictEqual(yield* data.dataset.covered(minutes, form), [])
      })
  )
})
