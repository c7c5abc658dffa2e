/** Bitfinex' spot market. Amounts below 0 are sold. */
import type { Refusal } from "./internal/answer.js"
import { at, listOf, numberOf } from "./internal/fields.js"
import { marketHistory } from "./internal/market.js"

const names: Readonly<Record<string, string>> = { USDT: "UST" }

export const BitfinexHistory = marketHistory({
  name: "bitfinex",
  title: "Bitfinex",
  baseUrl: "https://api-pub.bitfinex.com",
  rate: { perSecond: 1, burst: 1 },
  symbol: (base, quote) => {
    const [first, second] = [names[base] ?? base, names[quote] ?? quote]
    return first.length > 3 || second.length > 3 ? `t${first}:${second}` : `t${first}${second}`
  },
  refusal: (answer) => refusalOf(listOf(answer)),
  candles: {
    spans: {
      60: "1m",
      300: "5m",
      900: "15m",
      1800: "30m",
      3600: "1h",
      10_800: "3h",
      21_600: "6h",
      43_200: "12h",
      86_400: "1D",
      604_800: "1W"
    },
    unaligned: [604_800],
    page: 10_000,
    stamp: "open",
    request: ({ end, interval, start, symbol }) => ({
      path: `/v2/candles/trade:${interval}:${symbol}/hist`,
      query: { start, end: end - 1, limit: 10_000, sort: 1 }
    }),
    rows: (answer) => answer,
    unit: "ms",
    fields: { time: 0, open: 1, close: 2, high: 3, low: 4, volume: 5 }
  },
  trades: {
    window: 6 * 3_600_000,
    order: "ascending",
    page: 10_000,
    first: ({ end, start, symbol }) => ({
      path: `/v2/trades/${symbol}/hist`,
      query: { start, end: end - 1, limit: 10_000, sort: 1 }
    }),
    // From the time of the last trade on: what is told twice is known by its number.
    next: ({ end, symbol }, { last }) => {
      const start = numberOf(at(last, 1))
      return start === undefined
        ? undefined
        : { path: `/v2/trades/${symbol}/hist`, query: { start, end: end - 1, limit: 10_000, sort: 1 } }
    },
    rows: (answer) => answer,
    unit: "ms",
    fields: {
      id: 0,
      time: 1,
      amount: 2,
      price: 3,
      side: (trade) => ((numberOf(at(trade, 2)) ?? 0) < 0 ? "sell" : "buy")
    }
  },
  book: {
    request: (symbol) => ({ path: `/v2/book/${symbol}/P0`, query: { len: 250 } }),
    levels: (answer) =>
      (listOf(answer) ?? []).map((level) => {
        const amount = numberOf(at(level, 2)) ?? 0
        return { side: amount < 0 ? "ask" : "bid", price: at(level, 0), amount: Math.abs(amount), count: at(level, 1) }
      })
  }
})

// ------------------------------------------------------------------------------------------------------------------

/** `["error", 10020, "symbol: invalid"]` */
const refusalOf = (answer: ReadonlyArray<unknown> | undefined): Refusal | undefined => {
  if (answer?.[0] !== "error") return undefined
  const [, code, message] = answer
  const detail = `${String(message)} (${String(code)})`
  if (code === 11_010 || /rate ?limit/i.test(detail)) return { reason: "RetryAfter", detail }
  return { reason: code === 10_020 ? "Misconfigured" : "Disconnected", detail }
}
