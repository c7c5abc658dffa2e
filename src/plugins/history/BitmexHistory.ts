/** BitMEX. The time of its candles is that of their end, and is kept so. */
import type { Refusal } from "./internal/answer.js"
import { at, listOf, numberOf } from "./internal/fields.js"
import { marketHistory } from "./internal/market.js"

const names: Readonly<Record<string, string>> = { BTC: "XBT" }

export const BitmexHistory = marketHistory({
  name: "bitmex",
  title: "BitMEX",
  baseUrl: "https://www.bitmex.com",
  rate: { perSecond: 0.5, burst: 1 },
  symbol: (base, quote) => `${names[base] ?? base}${names[quote] ?? quote}`,
  refusal: (answer) => refusalOf(at(at(answer, "error"), "message")),
  candles: {
    spans: { 60: "1m", 300: "5m", 3600: "1h", 86_400: "1d" },
    page: 1000,
    stamp: "close",
    request: ({ end, interval, start, symbol }) => ({
      path: "/api/v1/trade/bucketed",
      query: { symbol, binSize: interval, startTime: iso(start), endTime: iso(end - 1), count: 1000, partial: "false" }
    }),
    rows: (answer) => answer,
    unit: "iso",
    fields: {
      time: "timestamp",
      open: "open",
      high: "high",
      low: "low",
      close: "close",
      volume: "volume",
      quote_volume: "foreignNotional",
      weighted_average: "vwap",
      trades: "trades"
    }
  },
  trades: {
    window: 3_600_000,
    order: "ascending",
    page: 1000,
    first: ({ end, start, symbol }) => ({
      path: "/api/v1/trade",
      query: { symbol, startTime: iso(start), endTime: iso(end - 1), count: 1000, start: 0 }
    }),
    next: (_, { asked }) => ({
      path: asked.path,
      query: { ...asked.query, start: (numberOf(asked.query["start"]) ?? 0) + 1000 }
    }),
    rows: (answer) => answer,
    unit: "iso",
    fields: {
      time: "timestamp",
      id: "trdMatchID",
      price: "price",
      amount: "size",
      side: (trade) => String(at(trade, "side")).toLowerCase()
    }
  },
  book: {
    request: (symbol) => ({ path: "/api/v1/orderBook/L2", query: { symbol, depth: 100 } }),
    levels: (answer) =>
      (listOf(answer) ?? []).map((level) => ({
        side: at(level, "side") === "Buy" ? "bid" : "ask",
        price: at(level, "price"),
        amount: at(level, "size")
      }))
  }
})

// ------------------------------------------------------------------------------------------------------------------

const iso = (millis: number): string => new Date(millis).toISOString()

const refusalOf = (message: unknown): Refusal | undefined => {
  if (typeof message !== "string") return undefined
  if (/rate limit/i.test(message)) return { reason: "RetryAfter", detail: message }
  if (/unknown symbol|invalid symbol|not found/i.test(message)) return { reason: "Misconfigured", detail: message }
  return { reason: /overload|internal|maintenance/i.test(message) ? "Disconnected" : "Malformed", detail: message }
}
