/** Imitates Bitfinex: open, close, high, low; refusals as lists. Written from the reference, knowing nothing of the plug-ins. */
import type { OracleLevel } from "../MarketOracle.js"
import {
  book,
  bounds,
  knows,
  limit,
  list,
  minutes,
  number,
  ok,
  type Asked,
  type Context,
  type Venue,
  type VenueAnswer,
  type Routes
} from "./Venue.js"

const spans = minutes("1m=1 5m=5 15m=15 30m=30 1h=60 3h=180 6h=360 12h=720 1D=1440 1W=10080")

const bitfinexRefusal: VenueAnswer = { status: 500, body: `["error",10020,"symbol: invalid"]` }

const bitfinexRange = (kind: Asked["kind"], q: URLSearchParams) => {
  const end = number(q, "end")
  return bounds("bitfinex", kind, number(q, "start"), end === undefined ? undefined : end + 1)
}

const sorted = <A>(q: URLSearchParams, found: ReadonlyArray<A>, most: number): ReadonlyArray<A> =>
  q.get("sort") === "1" ? found.slice(0, most) : found.slice(-most).reverse()

const bitfinexCandles = ({ now, oracle, path, q }: Context): Venue => {
  const range = bitfinexRange("ohlc", q)
  return {
    asked: range.asked,
    answer: (shift) => {
      const [interval = "", symbol = ""] = path
      const span = spans.get(interval)
      if (!knows("bitfinex", symbol) || span === undefined) return bitfinexRefusal
      const found = oracle.candles(symbol, span, range.start + shift, Math.min(range.end + shift, now))
      const page = sorted(q, found, limit(q, "limit", 100, 10_000))
      return ok(list(page.map((c) => `[${c.at},${c.open},${c.close},${c.high},${c.low},${c.volume}]`)))
    }
  }
}

const bitfinexTrades = ({ now, oracle, path, q }: Context): Venue => {
  const range = bitfinexRange("trades", q)
  return {
    asked: range.asked,
    answer: (shift) => {
      const [symbol = ""] = path
      if (!knows("bitfinex", symbol)) return bitfinexRefusal
      const found = oracle.trades(symbol, range.start + shift, Math.min(range.end + shift, now))
      const page = sorted(q, found, limit(q, "limit", 125, 10_000))
      return ok(list(page.map((t) => `[${t.id},${t.at},${t.isBuy ? t.amount : -t.amount},${t.price}]`)))
    }
  }
}

const bitfinexBook = ({ oracle, path, q }: Context): Venue =>
  book("bitfinex", () => {
    const { asks, bids } = oracle.book(path[0] ?? "")
    const most = limit(q, "len", 25, 250)
    const rows = (side: ReadonlyArray<OracleLevel>, sign: number) =>
      side.slice(0, most).map((l) => [l.price, l.count, sign * l.amount])
    return ok(JSON.stringify([...rows(bids, 1), ...rows(asks, -1)]))
  })

export const routes: Routes = [
  [/^\/v2\/candles\/trade:([^:/]+):([^/]+)\/hist$/, bitfinexCandles],
  [/^\/v2\/trades\/([^/]+)\/hist$/, bitfinexTrades],
  [/^\/v2\/book\/([^/]+)\/P0$/, bitfinexBook]
]
