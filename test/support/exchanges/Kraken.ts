/** Imitates Kraken: refusals of status 200, trades after an exclusive cursor in nanoseconds. Written from the reference, knowing nothing of the plug-ins. */
import type { OracleLevel, OracleTrade } from "../MarketOracle.js"
import {
  book,
  bounds,
  knows,
  limit,
  list,
  ok,
  type Context,
  type Venue,
  type VenueAnswer,
  type Routes
} from "./Venue.js"

const krakenRefusal = (error: string): VenueAnswer => ok(JSON.stringify({ error: [error] }))
const krakenNames: Readonly<Record<string, string>> = { XBTUSD: "XXBTZUSD", XDGEUR: "XXDGZEUR" }

const krakenTrades = ({ now, oracle, q }: Context): Venue => {
  const since = BigInt(q.get("since") ?? "0")
  const start = Number(since / 1_000_000n)
  return {
    asked: bounds("kraken", "trades", start, undefined).asked,
    answer: (shift) => {
      const symbol = q.get("pair") ?? ""
      if (!knows("kraken", symbol)) return krakenRefusal("EQuery:Unknown asset pair")
      const most = limit(q, "count", 1000, 1000)
      const found: Array<OracleTrade> = []
      const nanos = (t: OracleTrade) => (BigInt(t.at) * 1000n + BigInt(t.micros)) * 1000n
      const from = Math.max(start + shift, oracle.listedAt)
      for (let at = from; at < now && found.length < most; at += 3_600_000)
        found.push(
          ...[...oracle.trades(symbol, at, Math.min(at + 3_600_000, now))]
            .sort((a, b) => a.at - b.at || a.micros - b.micros || a.id - b.id)
            .filter((t) => nanos(t) > since + BigInt(shift) * 1_000_000n)
        )
      const page = found.slice(0, most)
      const last = page[page.length - 1]
      const rows = page.map(
        (t) =>
          `["${t.price}","${t.amount}",${Math.floor(t.at / 1000)}.${String((t.at % 1000) * 1000 + t.micros).padStart(6, "0")},"${t.isBuy ? "b" : "s"}","l","",${t.id}]`
      )
      return ok(
        `{"error":[],"result":{"${krakenNames[symbol]}":${list(rows)},"last":"${last === undefined ? since : nanos(last)}"}}`
      )
    }
  }
}

const krakenDepth = ({ now, oracle, q }: Context): Venue =>
  book("kraken", () => {
    const symbol = q.get("pair") ?? ""
    const { asks, bids } = oracle.book(symbol)
    const levels = (side: ReadonlyArray<OracleLevel>) =>
      side.slice(0, limit(q, "count", 100, 500)).map((l) => [String(l.price), String(l.amount), Math.floor(now / 1000)])
    return ok(
      JSON.stringify({ error: [], result: { [krakenNames[symbol] ?? ""]: { asks: levels(asks), bids: levels(bids) } } })
    )
  })

export const routes: Routes = [
  [/^\/0\/public\/Trades$/, krakenTrades],
  [/^\/0\/public\/Depth$/, krakenDepth]
]
