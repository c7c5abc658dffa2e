/** Bybit's spot market. It keeps no trades but the newest ones. */
import type { Refusal } from "./internal/answer.js"
import { levelsOf } from "./internal/book.js"
import { at } from "./internal/fields.js"
import { marketHistory } from "./internal/market.js"

export const BybitHistory = marketHistory({
  name: "bybit",
  title: "Bybit",
  baseUrl: "https://api.bybit.com",
  rate: { perSecond: 10, burst: 10 },
  symbol: (base, quote) => `${base}${quote}`,
  refusal: (answer) => refusalOf(at(answer, "retCode"), at(answer, "retMsg")),
  candles: {
    spans: {
      60: "1",
      180: "3",
      300: "5",
      900: "15",
      1800: "30",
      3600: "60",
      7200: "120",
      14_400: "240",
      21_600: "360",
      43_200: "720",
      86_400: "D",
      604_800: "W"
    },
    unaligned: [604_800],
    page: 1000,
    window: 990,
    stamp: "open",
    request: ({ end, interval, start, symbol }) => ({
      path: "/v5/market/kline",
      query: { category: "spot", symbol, interval, start, end: end - 1, limit: 1000 }
    }),
    rows: (answer) => at(at(answer, "result"), "list"),
    unit: "ms",
    fields: { time: 0, open: 1, high: 2, low: 3, close: 4, volume: 5, quote_volume: 6 }
  },
  trades: "it answers with the newest 1000 only; a stream job collects them",
  book: {
    request: (symbol) => ({ path: "/v5/market/orderbook", query: { category: "spot", symbol, limit: 200 } }),
    levels: (answer) => {
      const book = at(answer, "result")
      return [...levelsOf("bid", at(book, "b")), ...levelsOf("ask", at(book, "a"))]
    }
  }
})

// ------------------------------------------------------------------------------------------------------------------

const refusalOf = (code: unknown, message: unknown): Refusal | undefined => {
  if (typeof code !== "number" || code === 0) return undefined
  const detail = `${String(message)} (${code})`
  if (code === 10_006 || code === 10_018) return { reason: "RetryAfter", detail }
  if (code === 10_000 || code === 10_016) return { reason: "Disconnected", detail }
  return { reason: code === 10_001 ? "Misconfigured" : "Malformed", detail }
}
