import { assert, describe, it } from "@effect/vitest"
import * as Series from "../../src/domain/Series.js"

describe("Series", () => {
  it("a key names the series it was made from", () => {
    for (const parts of [
      { source: "binance", type: "ohlc", pair: "BTC-USDT", span: 3600 },
      { source: "kraken", type: "trades", pair: "XBT-USD" },
      { source: "weather", type: "hourly", pair: "berlin", span: 90 }
    ]) {
      const series = Series.Series.make(parts)
      assert.deepStrictEqual({ ...Series.ofKey(series.key) }, { ...series })
    }
    assert.strictEqual(Series.Series.make({ source: "a", type: "ohlc", pair: "B-C", span: 90 }).key, "a/ohlc/B-C/90s")
  })

  it("what is no path segment is no series", () => {
    for (const key of ["", "a/b", "a/b/c/d", "a/b/c/1m/x", "../b/c", "a/.b/c", "a/b/c d", "a//c", "a/b/c/0s"]) {
      assert.isUndefined(Series.ofKey(key), key)
    }
  })
})
