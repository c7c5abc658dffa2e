import type { InventoryEntry } from "../../../src/domain/Collector.js"
import { matching, sumOf } from "../../../src/ui/model/Inventory.js"
import { jobNames } from "../../../src/ui/model/JobNames.js"
import { millisOf, seriesOf, spanMillis, timeColumn, valueColumns } from "../../../src/ui/model/SeriesRows.js"
import { assert, describe, it } from "@effect/vitest"

describe("SeriesRows", () => {
  it("reads a time in whatever unit it is kept", () => {
    const at = Date.parse("2026-11-22T06:00:00Z")
    for (const value of [at / 1e3, at, at * 1e3, at * 1e6, String(at * 1e6), "2026-11-22T06:00:00Z"]) {
      assert.strictEqual(millisOf(value), at, String(value))
    }
    assert.isNaN(millisOf(null))
    assert.isNaN(millisOf("yesterday"))
  })

  it("plots what tells most, and never the time or a number that only names", () => {
    const candles = [{ TS: 1, open: 1, close: 2, note: "x" }]
    assert.deepStrictEqual(valueColumns(candles), ["close", "open"])
    assert.deepStrictEqual(valueColumns([{ TS: 1, tid: 7, amount: 3, price: 2 }]), ["price", "amount"])
    assert.deepStrictEqual(
      valueColumns([
        { time: "2026-01-01", depth: null },
        { time: "2026-01-02", depth: 3 }
      ]),
      ["depth"]
    )
    assert.deepStrictEqual(valueColumns([]), [])
    assert.strictEqual(timeColumn({ when: 1, x: 2 }), "when")
  })

  it("puts rows in order of time and breaks the line where rows are missing", () => {
    const rows = [240, 180, 60, 0].map((TS) => ({ TS, close: TS }))
    const series = seriesOf("a", rows, "close", 60_000)
    assert.deepStrictEqual(series.times, [0, 60_000, 180_000, 240_000])
    assert.deepStrictEqual(series.breaks, [false, false, true, false])
    assert.deepStrictEqual(series.columns.get("close"), [0, 60, 180, 240])
    assert.notInclude(seriesOf("a", rows, "close", undefined).breaks, true)
  })

  it("knows spans by their labels", () => {
    assert.deepStrictEqual(["1m", "4h", "1d", "30s", "1w", "-"].map(spanMillis), [
      6e4,
      144e5,
      864e5,
      3e4,
      6048e5,
      undefined
    ])
  })
})

describe("Inventory", () => {
  const entry = (series: string, rows: number): InventoryEntry => ({
    exchange: series.split("/")[0] ?? "",
    pair: "BTC/USDT",
    type: "ohlc",
    span: "1m",
    first: null,
    last: null,
    rows,
    gaps: 0,
    series,
    first_ts: null,
    last_ts: null,
    files: 1,
    bytes: 10 * rows,
    holes: null,
    missing_rows: null,
    unreadable: []
  })

  it("finds by any pieces of the key or of the pair", () => {
    const entries = [entry("binance/ohlc/BTC-USDT/1m", 1), entry("kraken/trades/BTC-USDT", 2)]
    const found = (text: string) => matching(entries, text).map(({ exchange }) => exchange)
    assert.deepStrictEqual(found(""), ["binance", "kraken"])
    assert.deepStrictEqual(found("usdt KRA"), ["kraken"])
    assert.deepStrictEqual(found("btc/usdt 1m"), ["binance"])
    assert.deepStrictEqual(found("nothing"), [])
    assert.deepStrictEqual(sumOf(entries), { rows: 3, bytes: 30 })
  })
})

describe("JobNames", () => {
  it("are those that a request may name", () => {
    const histo = [
      { exchange: "binance", span: 3600 },
      { exchange: "binance", span: 3600 }
    ]
    assert.deepStrictEqual(jobNames({ jobs: { demo: {}, off: { enabled: false } }, histo_jobs: histo }), [
      "binance-3600s",
      "binance-3600s-2",
      "demo"
    ])
    assert.deepStrictEqual(jobNames({}), [])
  })
})
