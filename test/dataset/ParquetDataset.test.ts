import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Row, RowLayout } from "../../src/domain/RowLayout.js"
import { Series } from "../../src/domain/Series.js"
import {
  book,
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

const start = "2026-01-01T00:00:00Z"

const trade = (at: string, tid: string | null, price: number, amount = 1, side = "buy"): Row => ({
  TS: ns(at),
  tid,
  price,
  amount,
  side
})

/** What every field of a layout is, so that rows of a file can be compared with what was given. */
const whole = (form: RowLayout, row: Row): Row => ({
  [form.time.field]: row[form.time.field] ?? null,
  ...Object.fromEntries(form.columns.map(({ field }) => [field, row[field] ?? null]))
})

const read = ({ dataset }: TemporaryDataset, series: Series, form?: RowLayout) =>
  collect(dataset.read(form === undefined ? { series } : { series, layout: form }))

describe("a series of Parquet files", () => {
  for (const unit of ["s", "ns"] as const) {
    it.scopedLive(`${unit}: candles come back as they were given, in a file for each year`, () =>
      Effect.gen(function* () {
        const data = yield* make()
        const form = layout("ohlc", unit)
        const rows = candles("2025-12-31T23:58:00Z", 4).map((row) => ({ ...row, volume: 1 / 3, low: null }))
        const part = yield* data.dataset.writePart(minutes, form, { start: 1, end: 2 }, [...rows].reverse())
        assert.deepStrictEqual(yield* data.dataset.pendingParts(minutes), [part])
        const result = yield* data.dataset.merge(minutes, form, [part])
        assert.deepStrictEqual(
          { ...result, written: result.written.map((path) => path.slice(data.root.length)) },
          {
            written: ["/binance/ohlc/BTC-USDT/1m/2025.parquet", "/binance/ohlc/BTC-USDT/1m/2026.parquet"],
            unchanged: 0,
            added: 4,
            dropped: 0,
            setAside: []
          }
        )
        assert.deepStrictEqual(
          yield* read(data, minutes, form),
          rows.map((row) => whole(form, row))
        )
        assert.deepStrictEqual(data.files(), [
          "binance/ohlc/BTC-USDT/1m/2025.parquet",
          "binance/ohlc/BTC-USDT/1m/2026.parquet"
        ])
        assert.deepStrictEqual(yield* data.dataset.pendingParts(minutes), [])
      })
    )
  }

  it.scopedLive("has the columns and types of both forms", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const at = "2026-03-17T12:00:00.123456Z"
      const shapes = new Map<string, unknown>()
      for (const unit of ["s", "ns"] as const) {
        for (const type of ["ohlc", "trades", "orderbook"]) {
          const series = Series.make({ source: unit, type, pair: "A-B", ...(type === "ohlc" ? { span: 60 } : {}) })
          yield* data.put(series, layout(type, unit), [{ TS: ns(at), side: "buy", price: 1 }])
          const file = data.files().find((path) => path.startsWith(`${unit}/${type}`)) ?? ""
          const columns = yield* data.query(file, "describe select * from read_parquet($, hive_partitioning = false)")
          shapes.set(
            `${unit} ${type}`,
            columns.map((column) => `${column["column_name"]} ${column["column_type"]}`).join()
          )
        }
      }
      const d = (names: string) => names.replaceAll(/\w+/g, "$& DOUBLE")
      assert.deepStrictEqual(Object.fromEntries(shapes), {
        "s ohlc": `TS BIGINT,${d("open,high,low,close,volume,quoteVolume,weightedAverage")}`,
        "s trades": `${d("TS")},tid VARCHAR,${d("price,amount")},type VARCHAR`,
        "s orderbook": `${d("TS")},side VARCHAR,${d("price,amount")}`,
        "ns ohlc": `TS BIGINT,${d("open,high,low,close,volume,quote_volume")},trades BIGINT`,
        "ns trades": `TS BIGINT,${d("price,amount")},side VARCHAR,tid VARCHAR`,
        "ns orderbook": `TS BIGINT,side VARCHAR,${d("price,amount")},count BIGINT,is_snapshot BOOLEAN`
      })
      assert.deepStrictEqual(yield* data.query("s/ohlc/A-B/1m/2026.parquet", 'select "TS" from read_parquet($)'), [
        { TS: 1_773_748_800n }
      ])
      assert.deepStrictEqual(yield* data.query("s/trades/A-B/2026-03-17.parquet", 'select "TS" from read_parquet($)'), [
        { TS: 1_773_748_800.123 }
      ])
    })
  )

  it.scopedLive("a number that is given as text is the double that its digits say", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const series = Series.make({ source: "station", type: "weather", pair: "roof" })
      const form: RowLayout = {
        time: { name: "time", field: "at", unit: "ns", type: "int64" },
        columns: [{ name: "x", type: "double", field: "x" }],
        key: ["at"],
        period: "month"
      }
      const digits = FastCheck.stringMatching(/^-?(0|[1-9]\d{0,40})(\.\d{1,40})?$/)
      const texts = [
        "-0",
        "-0.0",
        "0.1",
        "007",
        "+1",
        ".5",
        "5.",
        "1e3",
        "9007199254740993",
        "18446744073709551617",
        "0.1000000000000000055511151231257827",
        "2.2250738585072011e-308",
        `1${"0".repeat(299)}`,
        ...FastCheck.sample(digits, 500)
      ]
      // Parquet's dictionary has one entry for both zeros.
      const withoutSign = (value: unknown) => Number(value) + 0
      const at = ns("2026-03-17T00:00:00Z")
      const rows = texts.map((x, k): Row => ({ at: at + BigInt(k), x }))
      yield* data.put(series, form, rows)
      assert.deepStrictEqual(
        (yield* read(data, series, form)).map(({ x }) => withoutSign(x)),
        texts.map(withoutSign)
      )
    })
  )

  it.scopedLive("keeps every number, text and null exactly", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const series = Series.make({ source: "station", type: "weather", pair: "roof" })
      const form: RowLayout = {
        time: { name: "time", field: "at", unit: "ns", type: "int64" },
        columns: [
          { name: "count", type: "int64", field: "n" },
          { name: "value", type: "double", field: "x" },
          { name: "note", type: "text", field: "s" },
          { name: "wet", type: "boolean", field: "b" }
        ],
        key: ["at"],
        period: "month"
      }
      const at = ns("2026-03-17T00:00:00Z")
      const cells: ReadonlyArray<Omit<Row, "at">> = [
        { n: 9_223_372_036_854_775_807n, x: 0.1, s: "", b: true },
        { n: -9_223_372_036_854_775_808n, x: 5e-324, s: 'a\n"b\\\u0000\u2028é𝟗', b: false },
        { n: 9_007_199_254_740_993n, x: 1.7976931348623157e308, s: "null", b: null },
        { n: null, x: -0, s: null, b: null },
        { n: 0n, x: Infinity, s: "'; drop table x; --", b: null },
        { n: 1n, x: Number.NaN, s: "\\ud83d", b: null },
        { n: 2n, x: 2 ** 53 + 2, s: "x".repeat(70_000), b: null }
      ]
      const rows = cells.map((row, k): Row => ({ at: at + BigInt(k), ...row }))
      yield* data.put(series, form, rows)
      assert.deepStrictEqual(yield* read(data, series, form), rows)
      assert.deepStrictEqual(data.files(), ["station/weather/roof/2026-03.parquet"])
      // Without a layout, the newest file says what there is, under its own names.
      const [first] = yield* read(data, series)
      assert.deepStrictEqual(first, { time: at, count: 9_223_372_036_854_775_807n, value: 0.1, note: "", wet: true })
    })
  )

  it.scopedLive("is read by a small reader, with who wrote it", () =>
    Effect.gen(function* () {
      const data = yield* make()
      yield* data.put(minutes, layout("ohlc", "s"), candles("2026-01-01T00:00:00Z", 3))
      yield* data.put(trades, layout("trades", "ns"), [trade("2026-01-01T00:00:00Z", "7", 1.5)])
      const small = (file: string) =>
        Effect.promise(async () => parquetReadObjects({ file: await asyncBufferFromFile(join(data.root, file)) }))
      assert.deepStrictEqual((yield* small("binance/ohlc/BTC-USDT/1m/2026.parquet"))[2], {
        TS: 1_767_225_720n,
        open: 762.1,
        high: 763.1,
        low: 761.1,
        close: 762.6,
        volume: 2,
        quoteVolume: 1524.2,
        weightedAverage: null
      })
      assert.deepStrictEqual(yield* small("binance/trades/BTC-USDT/2026-01-01.parquet"), [
        { TS: 1_767_225_600_000_000_000n, price: 1.5, amount: 1, side: "buy", tid: "7" }
      ])
      const [provenance] = yield* data.query(
        "binance/trades/BTC-USDT/2026-01-01.parquet",
        "select decode(value) as text from parquet_kv_metadata($)"
      )
      assert.deepInclude(JSON.parse(String(provenance?.["text"])), {
        writer: "outpost",
        time: { column: "TS", unit: "ns" }
      })
      const codecs = yield* data.query(
        "binance/trades/BTC-USDT/2026-01-01.parquet",
        "select distinct compression from parquet_metadata($)"
      )
      assert.deepStrictEqual(codecs, [{ compression: "SNAPPY" }])
    })
  )

  it.scopedLive("of equal keys the latest stays, at the place of the first", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const form = layout("trades", "ns")
      const at = "2026-01-01T00:00:00Z"
      yield* data.put(trades, form, [trade(at, "1", 1), trade(at, "2", 2), trade(at, null, 3), trade(at, null, 3, 9)])
      yield* data.put(trades, form, [trade(at, null, 3), trade(at, "1", 10), trade(at, "3", 4), trade(at, "3", 5)])
      const prices = (yield* read(data, trades, form)).map(({ amount, price, tid }) => [tid, price, amount])
      assert.deepStrictEqual(prices, [
        ["1", 10, 1],
        ["2", 2, 1],
        [null, 3, 1],
        [null, 3, 9],
        ["3", 5, 1]
      ])
    })
  )

  it.scopedLive("drops rows without a time and counts them; a cell that does not fit refuses the page", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const form = layout("ohlc", "s")
      const part = yield* data.dataset.writePart(minutes, form, { start: 0, end: 1 }, [
        candle(0n),
        { ...candle(1n), TS: null },
        candle(-5n),
        candle(ns("2026-01-01T00:00:00Z"))
      ])
      assert.deepInclude(yield* data.dataset.merge(minutes, form, [part]), { added: 1, dropped: 3 })
      const refused = yield* Effect.flip(
        data.dataset.writePart(minutes, form, { start: 0, end: 1 }, [candle(1n), { ...candle(2n), close: "much" }])
      )
      assert.strictEqual(refused.message, "binance/ohlc/BTC-USDT/1m: row 1, close: expected double")
      assert.deepStrictEqual(yield* data.dataset.pendingParts(minutes), [])
      // Numbers that came as text are numbers.
      yield* data.put(minutes, form, [{ ...candle(ns("2026-01-01T00:01:00Z")), close: "1.5e3" }])
      assert.strictEqual((yield* read(data, minutes, form))[1]?.["close"], 1500)
    })
  )

  it.scopedLive("does not touch files that other rows belong to, nor one that holds the rows already", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const form = layout("ohlc", "s")
      yield* data.put(minutes, form, candles("2025-06-01T00:00:00Z", 10))
      yield* data.put(minutes, form, candles("2026-06-01T00:00:00Z", 10))
      const bytes = (year: number) => readFileSync(join(data.root, `binance/ohlc/BTC-USDT/1m/${year}.parquet`))
      const before = [bytes(2025), bytes(2026)] as const
      const part = yield* data.dataset.writePart(minutes, form, { start: 0, end: 1 }, [
        ...candles("2025-06-01T00:02:00Z", 3),
        candle(ns("2026-06-01T00:10:00Z"))
      ])
      const result = yield* data.dataset.merge(minutes, form, [part])
      assert.deepStrictEqual([result.written.length, result.unchanged, result.added], [1, 1, 1])
      assert.isTrue(before[0].equals(bytes(2025)))
      assert.isFalse(before[1].equals(bytes(2026)))
    })
  )

  it.scopedLive("merges parts of one series one after the other, and each part once", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const form = layout("ohlc", "s")
      const pages = Array.from({ length: 12 }, (_, k) => candles(`2026-01-01T0${k % 6}:0${k % 3}:00Z`, 50))
      yield* Effect.forEach(
        pages,
        (rows) =>
          Effect.flatMap(data.dataset.writePart(minutes, form, { start: 0, end: 1 }, rows), (part) =>
            data.dataset.merge(minutes, form, [part])
          ),
        { concurrency: "unbounded" }
      )
      const times = new Set(pages.flat().map(({ TS }) => TS))
      const kept = yield* read(data, minutes, form)
      assert.strictEqual(kept.length, times.size)
      assert.deepStrictEqual(data.files(), ["binance/ohlc/BTC-USDT/1m/2026.parquet"])
      const again = yield* data.dataset.merge(minutes, form, [
        { path: join(data.parts, "gone.ndjson"), window: { start: 0, end: 1 }, sequence: 1, rows: 3 }
      ])
      assert.deepStrictEqual(again, { written: [], unchanged: 0, added: 0, dropped: 0, setAside: [] })
    })
  )

  it.scopedLive("stands anywhere: names of directories are taken as they are", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const series = Series.make({ source: "a=b", type: "x@y", pair: "p+q", span: 90 })
      const form: RowLayout = {
        time: { name: "TS", field: "TS", unit: "s", type: "int64" },
        columns: [{ name: "a \"b\" 'c'", type: "double", field: "v w" }],
        key: ["TS"],
        period: "day"
      }
      yield* data.put(series, form, [{ TS: ns("2026-01-01T00:00:00Z"), "v w": 1 }])
      yield* data.put(series, form, [{ TS: ns("2026-01-01T00:01:30Z"), "v w": 2 }])
      assert.deepStrictEqual(data.files(), ["a=b/x@y/p+q/90s/2026-01-01.parquet"])
      assert.deepStrictEqual(
        (yield* read(data, series, form)).map((row) => row["v w"]),
        [1, 2]
      )
    })
  )

  it.scopedLive("may show its time in a second column; names that differ in case alone are refused", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const series = Series.make({ source: "a", type: "b", pair: "c" })
      const form = (name: string): RowLayout => ({
        time: { name: "TS", field: "at", unit: "s", type: "int64" },
        columns: [{ name, type: "int64", field: "at" }],
        key: ["at"],
        period: "year"
      })
      yield* data.put(series, form("exact"), [{ at: ns(start) + 7n }])
      assert.deepStrictEqual(yield* data.query("a/b/c/2026.parquet", "from read_parquet($)"), [
        { TS: 1_767_225_600n, exact: ns(start) + 7n }
      ])
      const refused = yield* Effect.flip(data.dataset.writePart(series, form("ts"), { start: 0, end: 1 }, []))
      assert.include(refused.message, "twice")
    })
  )

  it.scopedLive("numbers parts on after a restart, and removes what was being written", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const form = layout("orderbook", "s")
      const write = (dataset: TemporaryDataset["dataset"]) =>
        dataset.writePart(book, form, { start: 5, end: 9 }, [{ TS: 1_000_000_000n, side: "bid", price: 1, amount: 2 }])
      const first = yield* write(data.dataset)
      const torn = `${first.path.replace(".1.", ".9.")}.new`
      yield* Effect.promise(() => import("node:fs/promises").then(({ writeFile }) => writeFile(torn, '{"TS":1')))
      const later = yield* data.reopened()
      const second = yield* write(later)
      assert.deepStrictEqual([first.sequence, second.sequence], [1, 2])
      assert.deepStrictEqual(yield* later.pendingParts(book), [first, second])
      assert.isFalse(existsSync(torn))
    })
  )
})
