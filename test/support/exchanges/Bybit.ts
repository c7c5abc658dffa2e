/** Imitates Bybit: refusals of status 200, newest first. Written from the reference, knowing nothing of the plug-ins. */
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

const spans = minutes("1=1 3=3 5=5 15=15 30=30 60=60 120=120 240=240 360=360 720=720 D=1440 W=10080")

const bybitRefusal = (retCode: number, retMsg: string): VenueAnswer =>
  ok(JSON.stringify({ retCode, retMsg, result: {} }))

const bybitKlines = ({ now, oracle, q }: Context): Venue => {
  const end = number(q, "end")
  const range = bounds("bybit", "ohlc", number(q, "start"), end === undefined ? undefined : end + 1)
  return {
    asked: range.asked,
    answer: (shift) => {
      const symbol = q.get("symbol") ?? ""
      const span = spans.get(q.get("interval") ?? "")
      if (!knows("bybit", symbol) || q.get("category") !== "spot") return bybitRefusal(10_001, "Not supported symbols")
      if (span === undefined) return bybitRefusal(10_001, "Invalid period!")
      const found = oracle.candles(symbol, span, range.start + shift, Math.min(range.end + shift, now))
      const page = found.slice(-limit(q, "limit", 200, 1000)).reverse()
      const rows = page.map(
        (c) => `["${c.at}","${c.open}","${c.high}","${c.low}","${c.close}","${c.volume}","${c.quote}"]`
      )
      return ok(
        `{"retCode":0,"retMsg":"OK","result":{"category":"spot","symbol":"${symbol}","list":${list(rows)}},"time":${now}}`
      )
    }
  }
}

const bybitBook = ({ now, oracle, q }: Context): Venue =>
  book("bybit", () => {
    const { asks, bids } = oracle.book(q.get("symbol") ?? "")
    const most = limit(q, "limit", 1, 200)
    return ok(
      JSON.stringify({
        retCode: 0,
        retMsg: "OK",
        result: { s: "", b: pairs(bids, most), a: pairs(asks, most), ts: now }
      })
    )
  })

export const routes: Routes = [
  [/^\/v5\/market\/kline$/, bybitKlines],
  [/^\/v5\/market\/orderbook$/, bybitBook]
]
