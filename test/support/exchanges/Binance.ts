/** Imitates Binance: inclusive bounds, oldest first. Written from the reference, knowing nothing of the plug-ins. */
import type { OracleCandle, OracleTrade, MarketOracle } from "../MarketOracle.js"
import {
  book,
  bounds,
  knows,
  limit,
  list,
  minutes,
  number,
  ok,
  pairs,
  type Context,
  type Venue,
  type VenueAnswer,
  type Routes
} from "./Venue.js"

const spans = minutes("1m=1 3m=3 5m=5 15m=15 30m=30 1h=60 2h=120 4h=240 6h=360 8h=480 12h=720 1d=1440 3d=4320 1w=10080")

const binanceCandle = (span: number) => (c: OracleCandle) =>
  `[${c.at},"${c.open}","${c.high}","${c.low}","${c.close}","${c.volume}",${c.at + span * 1000 - 1},"${c.quote}",${c.trades},"0","0","0"]`

const binanceRefusal = (code: number, msg: string): VenueAnswer => ({
  status: 400,
  body: JSON.stringify({ code, msg })
})

const binanceKlines = ({ now, oracle, q }: Context): Venue => {
  const end = number(q, "endTime")
  const range = bounds("binance", "ohlc", number(q, "startTime"), end === undefined ? undefined : end + 1)
  return {
    asked: range.asked,
    answer: (shift) => {
      const symbol = q.get("symbol") ?? ""
      const span = spans.get(q.get("interval") ?? "")
      if (!knows("binance", symbol)) return binanceRefusal(-1121, "Invalid symbol.")
      if (span === undefined) return binanceRefusal(-1120, "Invalid interval.")
      const most = limit(q, "limit", 500, 1000)
      const found = oracle.candles(symbol, span, range.start + shift, Math.min(range.end + shift, now))
      const page = range.asked.start === undefined ? found.slice(-most) : found.slice(0, most)
      return ok(list(page.map(binanceCandle(span))))
    }
  }
}

const binanceTrades = ({ now, oracle, q }: Context): Venue => {
  const end = number(q, "endTime")
  const fromId = number(q, "fromId")
  const range = bounds("binance", "trades", number(q, "startTime"), end === undefined ? undefined : end + 1)
  return {
    asked: range.asked,
    answer: (shift) => {
      const symbol = q.get("symbol") ?? ""
      if (!knows("binance", symbol)) return binanceRefusal(-1121, "Invalid symbol.")
      if (range.end - range.start > 3_600_000 && end !== undefined)
        return binanceRefusal(-1127, "More than 1 hours between startTime and endTime.")
      const most = limit(q, "limit", 500, 1000)
      const page =
        fromId === undefined
          ? oracle.trades(symbol, range.start + shift, Math.min(range.end + shift, now)).slice(0, most)
          : following(oracle, symbol, fromId, most, now)
      return ok(
        list(
          page.map(
            (t) => `{"a":${t.id},"p":"${t.price}","q":"${t.amount}","f":1,"l":1,"T":${t.at},"m":${!t.isBuy},"M":true}`
          )
        )
      )
    }
  }
}

/** The first trades from a number on: numbers grow with time, so reading hour by hour finds them. */
const following = (oracle: MarketOracle, symbol: string, id: number, most: number, now: number) => {
  const found: Array<OracleTrade> = []
  for (let at = Math.floor(id / 16) * 10_000; at < now && found.length < most; at += 3_600_000)
    found.push(...oracle.trades(symbol, at, Math.min(at + 3_600_000, now)).filter((trade) => trade.id >= id))
  return found.slice(0, most)
}

const binanceDepth = ({ oracle, q }: Context): Venue =>
  book("binance", () => {
    const { asks, bids } = oracle.book(q.get("symbol") ?? "")
    const most = limit(q, "limit", 100, 5000)
    return ok(JSON.stringify({ lastUpdateId: 7, bids: pairs(bids, most), asks: pairs(asks, most) }))
  })

export const routes: Routes = [
  [/^\/api\/v3\/klines$/, binanceKlines],
  [/^\/api\/v3\/aggTrades$/, binanceTrades],
  [/^\/api\/v3\/depth$/, binanceDepth]
]
