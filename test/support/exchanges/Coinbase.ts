/** Imitates Coinbase: seconds, newest first, the end inclusive, 300 at most or refused. Written from the reference, knowing nothing of the plug-ins. */
import type { OracleLevel } from "../MarketOracle.js"
import { book, bounds, iso, knows, list, minutes, ok, time, type Context, type Venue, type Routes } from "./Venue.js"

const spans = minutes("60=1 300=5 900=15 3600=60 21600=360 86400=1440")

const coinbaseCandles = ({ now, oracle, path, q }: Context): Venue => {
  const end = time(q, "end")
  const range = bounds("coinbase", "ohlc", time(q, "start"), end === undefined ? undefined : end + 1)
  return {
    asked: range.asked,
    answer: (shift) => {
      const [symbol = ""] = path
      const span = spans.get(q.get("granularity") ?? "")
      if (!knows("coinbase", symbol)) return { status: 404, body: `{"message":"NotFound"}` }
      if (span === undefined) return { status: 400, body: `{"message":"Unsupported granularity"}` }
      // A refusal that comes as a success.
      if ((range.end - range.start) / (span * 1000) > 300)
        return ok(`{"message":"Count of aggregations requested exceeds 300"}`)
      const found = oracle.candles(symbol, span, range.start + shift, Math.min(range.end + shift, now))
      return ok(
        list([...found].reverse().map((c) => `[${c.at / 1000},${c.low},${c.high},${c.open},${c.close},${c.volume}]`))
      )
    }
  }
}

const coinbaseBook = ({ now, oracle, path }: Context): Venue =>
  book("coinbase", () => {
    const { asks, bids } = oracle.book(path[0] ?? "")
    const levels = (side: ReadonlyArray<OracleLevel>) => side.map((l) => [String(l.price), String(l.amount), l.count])
    return ok(JSON.stringify({ bids: levels(bids), asks: levels(asks), time: iso(now) }))
  })

export const routes: Routes = [
  [/^\/products\/([^/]+)\/candles$/, coinbaseCandles],
  [/^\/products\/([^/]+)\/book$/, coinbaseBook]
]
