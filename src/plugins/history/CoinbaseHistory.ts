/** Coinbase's exchange. A refusal may be an answer of status 200; trades are the newest ones only. */
import type { Refusal } from "./internal/answer.js"
import { levelsOf } from "./internal/book.js"
import { at } from "./internal/fields.js"
import { marketHistory } from "./internal/market.js"

export const CoinbaseHistory = marketHistory({
  name: "coinbase",
  title: "Coinbase",
  baseUrl: "https://api.exchange.coinbase.com",
  rate: { perSecond: 3, burst: 3 },
  symbol: (base, quote) => `${base}-${quote}`,
  refusal: (answer) => refusalOf(at(answer, "message")),
  candles: {
    spans: { 60: "60", 300: "300", 900: "900", 3600: "3600", 21_600: "21600", 86_400: "86400" },
    page: 300,
    stamp: "open",
    request: ({ end, interval, start, symbol }) => ({
      path: `/products/${symbol}/candles`,
      // The end is inclusive, and 300 candles between the two are the most.
      query: { start: iso(start), end: iso(end - 1000), granularity: interval }
    }),
    rows: (answer) => answer,
    unit: "s",
    fields: { time: 0, low: 1, high: 2, open: 3, close: 4, volume: 5 }
  },
  trades: "it answers with the newest 100 only",
  book: {
    request: (symbol) => ({ path: `/products/${symbol}/book`, query: { level: 2 } }),
    levels: (answer) => [
      ...levelsOf("bid", at(answer, "bids"), [0, 1, 2]),
      ...levelsOf("ask", at(answer, "asks"), [0, 1, 2])
    ]
  }
})

// ------------------------------------------------------------------------------------------------------------------

/** In seconds: `2026-01-01T00:00:00Z`. */
const iso = (millis: number): string => `${new Date(millis).toISOString().slice(0, 19)}Z`

const refusalOf = (message: unknown): Refusal | undefined => {
  if (typeof message !== "string") return undefined
  if (/rate limit|too many requests|slow down/i.test(message)) return { reason: "RetryAfter", detail: message }
  if (/not ?found|invalid product|unsupported granularity/i.test(message))
    return { reason: "Misconfigured", detail: message }
  return { reason: /internal|unavailable|maintenance/i.test(message) ? "Disconnected" : "Malformed", detail: message }
}
