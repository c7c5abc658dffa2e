/** OKX's spot market. The bounds of its candles are both exclusive; a refusal is an answer of status 200. */
import type { Refusal } from "./internal/answer.js"
import { levelsOf } from "./internal/book.js"
import { at } from "./internal/fields.js"
import { marketHistory } from "./internal/market.js"

export const OkxHistory = marketHistory({
  name: "okx",
  title: "OKX",
  baseUrl: "https://www.okx.com",
  rate: { perSecond: 8, burst: 8 },
  symbol: (base, quote) => `${base}-${quote}`,
  refusal: (answer) => refusalOf(at(answer, "code"), at(answer, "msg")),
  candles: {
    spans: {
      60: "1m",
      300: "5m",
      900: "15m",
      1800: "30m",
      3600: "1H",
      7200: "2H",
      14_400: "4H",
      21_600: "6H",
      43_200: "12H",
      86_400: "1D",
      604_800: "1W"
    },
    // Its days begin in Hong Kong.
    unaligned: [21_600, 43_200, 86_400, 604_800],
    // It may answer with no more than 100, whatever the limit.
    page: 100,
    window: 300,
    stamp: "open",
    request: ({ end, interval, start, symbol }) => ({
      path: "/api/v5/market/history-candles",
      query: { instId: symbol, bar: interval, before: start - 1, after: end, limit: 100 }
    }),
    rows: (answer) => at(answer, "data"),
    unit: "ms",
    fields: { time: 0, open: 1, high: 2, low: 3, close: 4, volume: 5, quote_volume: 7 }
  },
  trades: {
    window: 3_600_000,
    order: "descending",
    page: 100,
    // By time to find the end of the window, then from trade to trade.
    first: ({ end, symbol }) => ({
      path: "/api/v5/market/history-trades",
      query: { instId: symbol, type: 2, after: end, limit: 100 }
    }),
    next: ({ symbol }, { last }) => {
      const id = at(last, "tradeId")
      return typeof id === "string"
        ? { path: "/api/v5/market/history-trades", query: { instId: symbol, type: 1, after: id, limit: 100 } }
        : undefined
    },
    rows: (answer) => at(answer, "data"),
    unit: "ms",
    fields: { time: "ts", id: "tradeId", price: "px", amount: "sz", side: (trade) => at(trade, "side") }
  },
  book: {
    request: (symbol) => ({ path: "/api/v5/market/books", query: { instId: symbol, sz: 400 } }),
    levels: (answer) => {
      const book = at(at(answer, "data"), 0)
      return [...levelsOf("bid", at(book, "bids"), [0, 1, 3]), ...levelsOf("ask", at(book, "asks"), [0, 1, 3])]
    }
  }
})

// ------------------------------------------------------------------------------------------------------------------

const refusalOf = (code: unknown, message: unknown): Refusal | undefined => {
  if (typeof code !== "string" || code === "0") return undefined
  const detail = `${String(message)} (${code})`
  if (code === "50011" || code === "50061") return { reason: "RetryAfter", detail }
  if (["50000", "50001", "50004", "50013", "50026"].includes(code)) return { reason: "Disconnected", detail }
  return { reason: code === "51001" || code === "51000" ? "Misconfigured" : "Malformed", detail }
}
