/** Imitates OKX: both bounds exclusive, newest first, no more than 100 whatever was asked. Written from the reference, knowing nothing of the plug-ins. */
import type { OracleLevel, OracleTrade } from "../MarketOracle.js"
import {
  book,
  bounds,
  knows,
  limit,
  list,
  minutes,
  number,
  ok,
  type Context,
  type Venue,
  type VenueAnswer,
  type Routes
} from "./Venue.js"

const spans = minutes("1m=1 5m=5 15m=15 30m=30 1H=60 2H=120 4H=240 6H=360 12H=720 1D=1440 1W=10080")

const okxRefusal = (code: string, msg: string): VenueAnswer => ok(JSON.stringify({ code, msg, data: [] }))

const okxCandles = ({ now, oracle, q }: Context): Venue => {
  const before = number(q, "before")
  const range = bounds("okx", "ohlc", before === undefined ? undefined : before + 1, number(q, "after"))
  return {
    asked: range.asked,
    answer: (shift) => {
      const symbol = q.get("instId") ?? ""
      const span = spans.get(q.get("bar") ?? "")
      if (!knows("okx", symbol)) return okxRefusal("51001", "Instrument ID doesn't exist")
      if (span === undefined) return okxRefusal("51000", "Parameter bar error")
      const found = oracle.candles(symbol, span, range.start + shift, Math.min(range.end + shift, now))
      const page = found.slice(-limit(q, "limit", 100, 100)).reverse()
      const rows = page.map(
        (c) =>
          `["${c.at}","${c.open}","${c.high}","${c.low}","${c.close}","${c.volume}","${c.volume}","${c.quote}","${c.at + span * 1000 <= now ? 1 : 0}"]`
      )
      return ok(`{"code":"0","msg":"","data":${list(rows)}}`)
    }
  }
}

const okxTrades = ({ now, oracle, q }: Context): Venue => {
  const byTime = q.get("type") === "2"
  const after = number(q, "after") ?? Number.MAX_SAFE_INTEGER
  return {
    asked: bounds("okx", "trades", undefined, byTime ? after : undefined).asked,
    answer: (shift) => {
      const symbol = q.get("instId") ?? ""
      if (!knows("okx", symbol)) return okxRefusal("51001", "Instrument ID doesn't exist")
      const most = limit(q, "limit", 100, 100)
      const found: Array<OracleTrade> = []
      const before = byTime ? Math.min(after + shift, now) : Math.min(Math.floor(after / 16) * 10_000 + 10_000, now)
      for (let end = before; end > oracle.listedAt && found.length < most; end -= 3_600_000)
        found.push(
          ...oracle
            .trades(symbol, end - 3_600_000, end)
            .filter(({ id }) => byTime || id < after)
            .reverse()
        )
      const rows = found
        .slice(0, most)
        .map(
          (t) =>
            `{"instId":"${symbol}","side":"${t.isBuy ? "buy" : "sell"}","sz":"${t.amount}","px":"${t.price}","tradeId":"${t.id}","ts":"${t.at}"}`
        )
      return ok(`{"code":"0","msg":"","data":${list(rows)}}`)
    }
  }
}

const okxBook = ({ now, oracle, q }: Context): Venue =>
  book("okx", () => {
    const { asks, bids } = oracle.book(q.get("instId") ?? "")
    const levels = (side: ReadonlyArray<OracleLevel>) =>
      side.slice(0, limit(q, "sz", 1, 400)).map((l) => [String(l.price), String(l.amount), "0", String(l.count)])
    return ok(
      JSON.stringify({ code: "0", msg: "", data: [{ asks: levels(asks), bids: levels(bids), ts: String(now) }] })
    )
  })

export const routes: Routes = [
  [/^\/api\/v5\/market\/history-candles$/, okxCandles],
  [/^\/api\/v5\/market\/history-trades$/, okxTrades],
  [/^\/api\/v5\/market\/books$/, okxBook]
]
