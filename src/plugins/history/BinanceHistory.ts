/** Binance's spot market. Euros and dollars are traded there as USDT. */
import { levelsOf } from "./internal/book.js"
import { at } from "./internal/fields.js"
import { marketHistory } from "./internal/market.js"
import type { Refusal } from "./internal/answer.js"

const names: Readonly<Record<string, string>> = { XBT: "BTC" }
const quotes: Readonly<Record<string, string>> = { EUR: "USDT", USD: "USDT" }

export const BinanceHistory = marketHistory({
  name: "binance",
  title: "Binance",
  baseUrl: "https://api.binance.com",
  rate: { perSecond: 10, burst: 10 },
  symbol: (base, quote) => `${names[base] ?? base}${quotes[quote] ?? names[quote] ?? quote}`,
  refusal: (answer) => refusals(at(answer, "code"), at(answer, "msg")),
  candles: {
    spans: {
      60: "1m",
      180: "3m",
      300: "5m",
      900: "15m",
      1800: "30m",
      3600: "1h",
      7200: "2h",
      14_400: "4h",
      21_600: "6h",
      28_800: "8h",
      43_200: "12h",
      86_400: "1d",
      259_200: "3d",
      604_800: "1w"
    },
    unaligned: [259_200, 604_800],
    page: 1000,
    window: 990,
    stamp: "open",
    request: ({ end, interval, start, symbol }) => ({
      path: "/api/v3/klines",
      query: { symbol, interval, startTime: start, endTime: end - 1, limit: 1000 }
    }),
    rows: (answer) => answer,
    unit: "ms",
    fields: { time: 0, open: 1, high: 2, low: 3, close: 4, volume: 5, quote_volume: 7, trades: 8 }
  },
  trades: {
    window: 3_600_000,
    order: "ascending",
    page: 1000,
    first: ({ end, start, symbol }) => ({
      path: "/api/v3/aggTrades",
      query: { symbol, startTime: start, endTime: end - 1, limit: 1000 }
    }),
    next: ({ symbol }, { last }) => {
      const id = at(last, "a")
      return typeof id === "number"
        ? { path: "/api/v3/aggTrades", query: { symbol, fromId: id + 1, limit: 1000 } }
        : undefined
    },
    rows: (answer) => answer,
    unit: "ms",
    // `m` tells that the buyer was there first, so it was sold to him.
    fields: { time: "T", id: "a", price: "p", amount: "q", side: (trade) => (at(trade, "m") === true ? "sell" : "buy") }
  },
  book: {
    request: (symbol) => ({ path: "/api/v3/depth", query: { symbol, limit: 1000 } }),
    levels: (answer) => [...levelsOf("bid", at(answer, "bids")), ...levelsOf("ask", at(answer, "asks"))]
  }
})

const refusals = (code: unknown, message: unknown): Refusal | undefined => {
  if (typeof code !== "number" || code >= 0) return undefined
  const detail = `${String(message)} (${code})`
  if (code === -1003 || code === -1015) return { reason: "RetryAfter", detail }
  if (code === -1121 || code === -1100 || code === -1120) return { reason: "Misconfigured", detail }
  return { reason: code > -1100 ? "Disconnected" : "Malformed", detail }
}
