/** Imitates BitMEX: both bounds inclusive, the time of a candle is that of its end, pages by offset. Written from the reference, knowing nothing of the plug-ins. */
import type { OracleLevel } from "../MarketOracle.js"
import {
  book,
  bounds,
  iso,
  knows,
  limit,
  list,
  minutes,
  number,
  ok,
  time,
  type Asked,
  type Context,
  type Venue,
  type VenueAnswer,
  type Routes
} from "./Venue.js"

const spans = minutes("1m=1 5m=5 1h=60 1d=1440")

const bitmexRefusal: VenueAnswer = { status: 400, body: `{"error":{"message":"Unknown symbol","name":"HTTPError"}}` }

const bitmexRange = (kind: Asked["kind"], q: URLSearchParams) => {
  const end = time(q, "endTime")
  return bounds("bitmex", kind, time(q, "startTime"), end === undefined ? undefined : end + 1)
}

const offset = <A>(q: URLSearchParams, found: ReadonlyArray<A>): ReadonlyArray<A> => {
  const start = number(q, "start") ?? 0
  return found.slice(start, start + limit(q, "count", 100, 1000))
}

const bitmexCandles = ({ now, oracle, q }: Context): Venue => {
  const range = bitmexRange("ohlc", q)
  return {
    asked: range.asked,
    answer: (shift) => {
      const symbol = q.get("symbol") ?? ""
      const span = spans.get(q.get("binSize") ?? "")
      if (!knows("bitmex", symbol) || span === undefined) return bitmexRefusal
      const step = span * 1000
      const found = oracle
        .candles(symbol, span, range.start + shift - step, Math.min(range.end + shift, now) - step)
        .filter(({ at }) => at + step >= range.start + shift)
      return ok(
        list(
          offset(q, found).map(
            (c) =>
              `{"timestamp":"${iso(c.at + step)}","symbol":"${symbol}","open":${c.open},"high":${c.high},"low":${c.low},"close":${c.close},"trades":${c.trades},"volume":${c.volume},"vwap":${(c.open + c.close) / 2},"lastSize":1,"turnover":1,"homeNotional":1,"foreignNotional":${c.quote}}`
          )
        )
      )
    }
  }
}

const bitmexTrades = ({ now, oracle, q }: Context): Venue => {
  const range = bitmexRange("trades", q)
  return {
    asked: range.asked,
    answer: (shift) => {
      const symbol = q.get("symbol") ?? ""
      if (!knows("bitmex", symbol)) return bitmexRefusal
      const found = oracle.trades(symbol, range.start + shift, Math.min(range.end + shift, now))
      return ok(
        list(
          offset(q, found).map(
            (t) =>
              `{"timestamp":"${iso(t.at)}","symbol":"${symbol}","side":"${t.isBuy ? "Buy" : "Sell"}","size":${t.amount},"price":${t.price},"trdMatchID":"id-${t.id}"}`
          )
        )
      )
    }
  }
}

const bitmexBook = ({ oracle, q }: Context): Venue =>
  book("bitmex", () => {
    const { asks, bids } = oracle.book(q.get("symbol") ?? "")
    const most = limit(q, "depth", 25, 1000)
    const rows = (levels: ReadonlyArray<OracleLevel>, side: string) =>
      levels.slice(0, most).map((l, id) => ({ symbol: "", id, side, size: l.amount, price: l.price }))
    return ok(JSON.stringify([...rows(asks, "Sell"), ...rows(bids, "Buy")]))
  })

export const routes: Routes = [
  [/^\/api\/v1\/trade\/bucketed$/, bitmexCandles],
  [/^\/api\/v1\/trade$/, bitmexTrades],
  [/^\/api\/v1\/orderBook\/L2$/, bitmexBook]
]
