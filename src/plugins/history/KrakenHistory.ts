/** Kraken's spot market. It keeps no candles but the newest 720, so they are made of its trades. */
import type { Refusal } from "./internal/answer.js"
import { levelsOf } from "./internal/book.js"
import { at, listOf } from "./internal/fields.js"
import { marketHistory } from "./internal/market.js"

const names: Readonly<Record<string, string>> = { BTC: "XBT", DOGE: "XDG" }

export const KrakenHistory = marketHistory({
  name: "kraken",
  title: "Kraken",
  baseUrl: "https://api.kraken.com",
  rate: { perSecond: 1, burst: 1 },
  symbol: (base, quote) => `${names[base] ?? base}${names[quote] ?? quote}`,
  refusal: (answer) => refusalOf(listOf(at(answer, "error"))),
  candles: "from trades",
  trades: {
    window: 6 * 3_600_000,
    order: "ascending",
    page: undefined,
    // The cursor is a time in nanoseconds, and exclusive: one less gives all trades of the last one's instant again.
    first: ({ start, symbol }) => after(symbol, BigInt(start) * 1_000_000n),
    next: ({ symbol }, { answer, asked }) => {
      const last = at(at(answer, "result"), "last")
      if (!/^\d+$/.test(String(last))) return undefined
      const query = after(symbol, BigInt(String(last)))
      return query.query.since === asked.query["since"] ? "end" : query
    },
    rows: (answer) => ofPair(at(answer, "result")),
    unit: "s",
    fields: { time: 2, price: 0, amount: 1, id: 6, side: (trade) => sides[String(at(trade, 3))] }
  },
  book: {
    request: (symbol) => ({ path: "/0/public/Depth", query: { pair: symbol, count: 500 } }),
    levels: (answer) => {
      const book = ofPair(at(answer, "result"))
      return [...levelsOf("bid", at(book, "bids")), ...levelsOf("ask", at(book, "asks"))]
    }
  }
})

// ------------------------------------------------------------------------------------------------------------------

const after = (pair: string, instant: bigint) => ({
  path: "/0/public/Trades",
  query: { pair, since: String(instant - 1n), count: 1000 }
})

const sides: Readonly<Record<string, string>> = { b: "buy", s: "sell" }

/** An answer names its pair in another way than the request did. */
const ofPair = (result: unknown): unknown =>
  typeof result === "object" && result !== null
    ? Object.entries(result).find(([name]) => name !== "last")?.[1]
    : undefined

const refusalOf = (errors: ReadonlyArray<unknown> | undefined): Refusal | undefined => {
  if (errors === undefined || errors.length === 0) return undefined
  const detail = errors.map(String).join(", ")
  if (/Too many requests|Rate limit|Throttled/i.test(detail)) return { reason: "RetryAfter", detail }
  if (/Unknown asset|Invalid arguments/i.test(detail)) return { reason: "Misconfigured", detail }
  return { reason: /EService|Internal/i.test(detail) ? "Disconnected" : "Malformed", detail }
}
