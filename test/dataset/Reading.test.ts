import { assert, describe, it } from "@effect/vitest"
import { tableFromIPC } from "apache-arrow"
import { Effect, Stream } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { DataFormat, ReadRequest } from "../../src/dataset/Dataset.js"
import type { RowLayout } from "../../src/domain/RowLayout.js"
import { Series } from "../../src/domain/Series.js"
import {
  bytesOf,
  candle,
  candles,
  collect,
  layout,
  make,
  minutes,
  ns,
  type TemporaryDataset,
  trades
} from "../support/TemporaryDataset.js"

const ms = Date.parse

const textOf = (data: TemporaryDataset, format: DataFormat, request: ReadRequest) =>
  Effect.map(bytesOf(data.dataset.encode(format, request)), String)

describe("reading a series", () => {
  it.scopedLive("takes a range, a limit, an order, and the columns that are asked for", () =>
    Effect.gen(function* () {
      const data = yield* make()
      yield* data.put(minutes, layout("ohlc", "s"), candles("2024-12-31T23:58:00Z", 4))
      yield* data.put(minutes, layout("ohlc", "ns"), candles("2025-12-31T23:58:00Z", 4))
      const times = (request: Omit<ReadRequest, "series">) =>
        Effect.map(collect(data.dataset.read({ series: minutes, ...request })), (rows) =>
          rows.map(({ TS }) => new Date(Number(TS) / 1e6).toISOString().slice(0, 16))
        )
      assert.deepStrictEqual(
        yield* times({ range: { start: ms("2024-12-31T23:59:00Z"), end: ms("2025-12-31T23:59:00Z") } }),
        ["2024-12-31T23:59", "2025-01-01T00:00", "2025-01-01T00:01", "2025-12-31T23:58"]
      )
      assert.deepStrictEqual(yield* times({ range: { start: ms("2030-01-01"), end: ms("2031-01-01") } }), [])
      assert.deepStrictEqual(yield* times({ limit: 3 }), ["2024-12-31T23:58", "2024-12-31T23:59", "2025-01-01T00:00"])
      assert.deepStrictEqual(yield* times({ limit: 5, order: "descending" }), [
        "2026-01-01T00:01",
        "2026-01-01T00:00",
        "2025-12-31T23:59",
        "2025-12-31T23:58",
        "2025-01-01T00:01"
      ])
      assert.deepStrictEqual(yield* times({ limit: 0 }), [])
      const [row] = yield* collect(
        data.dataset.read({ series: minutes, columns: ["quoteVolume", "TS"], layout: layout("ohlc", "s"), limit: 1 })
      )
      assert.deepStrictEqual(row, { quote_volume: 316.2, TS: ns("2024-12-31T23:58:00Z") })
      const none = yield* Effect.flip(collect(data.dataset.read({ series: minutes, columns: ["mood"] })))
      assert.strictEqual(none._tag, "NoSuchColumn")
      assert.include(none.message, "TS, open, high")
      const unknown = yield* Effect.flip(collect(data.dataset.read({ series: trades })))
      assert.strictEqual(unknown.message, "There is no data of binance/trades/BTC-USDT")
    })
  )

  it.scopedLive("reads a range of fractions, of either form, to the millisecond", () =>
    Effect.gen(function* () {
      for (const unit of ["s", "ns"] as const) {
        const data = yield* make()
        const at = ns("2026-01-01T00:00:00.123Z")
        const trade = (k: bigint) => ({ TS: at + k * 1_000_000n, tid: String(k), price: 1, amount: 1, side: "buy" })
        yield* data.put(trades, layout("trades", unit), [trade(0n), trade(1n), trade(2n)])
        const start = Number(at / 1_000_000n)
        const rows = yield* collect(data.dataset.read({ series: trades, range: { start: start + 1, end: start + 2 } }))
        assert.deepStrictEqual(
          rows.map(({ TS }) => TS),
          [at + 1_000_000n]
        )
      }
    })
  )

  it.scopedLive("has one form, whatever the files have", () =>
    Effect.gen(function* () {
      const data = yield* make()
      yield* data.put(minutes, layout("ohlc", "s"), [{ ...candle(ns("2024-01-01T00:00:00Z")), weighted_average: 3 }])
      yield* data.put(minutes, layout("ohlc", "ns"), [{ ...candle(ns("2025-01-01T00:00:00Z")), trades: 7 }])
      const series = { series: minutes, columns: ["TS", "weightedAverage", "trades"] }
      assert.strictEqual(
        yield* textOf(data, "csv", series),
        "TS,weightedAverage,trades\r\n1704067200000000000,3.0,\r\n1735689600000000000,,7\r\n"
      )
      assert.strictEqual(
        yield* textOf(data, "csv", { ...series, layout: layout("ohlc", "s") }),
        "TS,weightedAverage,trades\r\n1704067200,3.0,\r\n1735689600,,7\r\n"
      )
    })
  )

  it.scopedLive("an unreadable file in the range is a failure, not a gap; one outside is not looked at", () =>
    Effect.gen(function* () {
      const data = yield* make()
      yield* data.put(minutes, layout("ohlc", "s"), candles("2025-01-01T00:00:00Z", 2))
      const bad = join(data.root, "binance/ohlc/BTC-USDT/1m/2024.parquet")
      writeFileSync(bad, "garbage")
      const failed = yield* Effect.flip(collect(data.dataset.read({ series: minutes })))
      assert.deepInclude(failed, { _tag: "StorageFailed", path: bad })
      const range = { start: ms("2025-01-01"), end: ms("2026-01-01") }
      assert.strictEqual((yield* collect(data.dataset.read({ series: minutes, range }))).length, 2)
    })
  )
})

describe("formats", () => {
  const series = Series.make({ source: "a", type: "b", pair: "c" })
  const form: RowLayout = {
    time: { name: "time", field: "time", unit: "ms", type: "int64" },
    columns: [
      { name: 'x "1"', type: "double", field: "x" },
      { name: "n", type: "int64", field: "n" },
      { name: "note", type: "text", field: "s" },
      { name: "ok", type: "boolean", field: "ok" }
    ],
    key: ["time"],
    period: "month"
  }
  const at = ns("2026-01-01T00:00:00.001Z")
  const stored = (data: TemporaryDataset) =>
    data.put(series, form, [
      { time: at, x: 0.1, n: 9_007_199_254_740_993n, s: 'é "quoted", and\nmore', ok: true },
      { time: at + 1_000_000n, x: Number.NaN, n: null, s: "", ok: false },
      { time: ns("2026-02-01T00:00:00Z"), x: 1e300, n: -1n, s: null, ok: null }
    ])

  it.scopedLive("text: exact digits, valid JSON, CSV that tells nothing from an empty text", () =>
    Effect.gen(function* () {
      const data = yield* make()
      yield* stored(data)
      const lines = [
        '{"time":1767225600001,"x \\"1\\"":0.1,"n":9007199254740993,"note":"é \\"quoted\\", and\\nmore","ok":true}',
        '{"time":1767225600002,"x \\"1\\"":null,"n":null,"note":"","ok":false}',
        '{"time":1769904000000,"x \\"1\\"":1e+300,"n":-1,"note":null,"ok":null}'
      ]
      assert.strictEqual(yield* textOf(data, "ndjson", { series }), lines.map((line) => `${line}\n`).join(""))
      const json = yield* textOf(data, "json", { series })
      assert.strictEqual(json, `[${lines.join(",\n")}]\n`)
      assert.strictEqual(JSON.parse(json).length, 3)
      assert.strictEqual(
        yield* textOf(data, "csv", { series }),
        'time,"x ""1""",n,note,ok\r\n' +
          '1767225600001,0.1,9007199254740993,"é ""quoted"", and\nmore",true\r\n' +
          '1767225600002,nan,,"",false\r\n1769904000000,1e+300,-1,,\r\n'
      )
    })
  )

  it.scopedLive("of no rows are still whole", () =>
    Effect.gen(function* () {
      const data = yield* make()
      yield* stored(data)
      const request = { series, range: { start: 0, end: 1 } }
      assert.strictEqual(yield* textOf(data, "json", request), "[]\n")
      assert.strictEqual(yield* textOf(data, "ndjson", request), "")
      assert.strictEqual(yield* textOf(data, "csv", request), 'time,"x ""1""",n,note,ok\r\n')
      const table = tableFromIPC(yield* bytesOf(data.dataset.encode("arrow", request)))
      assert.deepStrictEqual([table.numRows, table.schema.fields.length], [0, 5])
      const parquet = yield* bytesOf(data.dataset.encode("parquet", request))
      assert.strictEqual(parquet.subarray(0, 4).toString(), "PAR1")
    })
  )

  it.scopedLive("Arrow and Parquet hold the same rows", () =>
    Effect.gen(function* () {
      const data = yield* make()
      yield* stored(data)
      const table = tableFromIPC(yield* bytesOf(data.dataset.encode("arrow", { series })))
      assert.strictEqual(
        table.schema.fields.map(String).join(),
        'time: Int64,x "1": Float64,n: Int64,note: Utf8,ok: Bool'
      )
      assert.deepStrictEqual(
        table.toArray().map((row) => Object.values(row.toJSON())),
        [
          [1_767_225_600_001n, 0.1, 9_007_199_254_740_993n, 'é "quoted", and\nmore', true],
          [1_767_225_600_002n, Number.NaN, null, "", false],
          [1_769_904_000_000n, 1e300, -1n, null, null]
        ]
      )
      const parquet = yield* bytesOf(data.dataset.encode("parquet", { series, limit: 2, columns: ["n", "time"] }))
      mkdirSync(data.root, { recursive: true })
      writeFileSync(join(data.root, "export.parquet"), parquet)
      assert.deepStrictEqual(yield* data.query("export.parquet", "from read_parquet($)"), [
        { n: 9_007_199_254_740_993n, time: 1_767_225_600_001n },
        { n: null, time: 1_767_225_600_002n }
      ])
    })
  )

  it.scopedLive("many rows go out in pieces, and may be given up", () =>
    Effect.gen(function* () {
      const data = yield* make()
      yield* data.put(minutes, layout("ohlc", "s"), candles("2026-01-01T00:00:00Z", 20_000))
      const pieces = yield* collect(data.dataset.encode("ndjson", { series: minutes }))
      assert.isAbove(pieces.length, 8)
      assert.strictEqual(
        Buffer.concat([...pieces])
          .toString()
          .trimEnd()
          .split("\n").length,
        20_000
      )
      // More readers than there are places: each gives its place back.
      for (let k = 0; k < 10; k++) {
        assert.strictEqual((yield* collect(Stream.take(data.dataset.read({ series: minutes }), 3))).length, 3)
      }
      const table = tableFromIPC(yield* bytesOf(data.dataset.encode("arrow", { series: minutes, limit: 5_000 })))
      assert.strictEqual(table.numRows, 5_000)
    })
  )
})
