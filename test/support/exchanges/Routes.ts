/** Which imitated exchange a path belongs to: their paths have nothing in common, so one server is all of them. */
import type { MarketOracle } from "../MarketOracle.js"
import * as Binance from "./Binance.js"
import * as Bitfinex from "./Bitfinex.js"
import * as Bitmex from "./Bitmex.js"
import * as Bybit from "./Bybit.js"
import * as Coinbase from "./Coinbase.js"
import * as Kraken from "./Kraken.js"
import * as Okx from "./Okx.js"
import type { Venue } from "./Venue.js"

const routes = [Binance, Bitfinex, Bitmex, Bybit, Coinbase, Kraken, Okx].flatMap(({ routes }) => routes)

/** The venue a path belongs to; undefined for none. */
export const venueOf = (url: URL, oracle: MarketOracle, now: number): Venue | undefined => {
  const pathname = decodeURIComponent(url.pathname).replace(/^(\/moved)+/, "/moved")
  for (const [pattern, venue] of routes) {
    const match = pattern.exec(pathname.replace(/^\/moved/, ""))
    if (match === null) continue
    const q = url.searchParams
    const found = venue({ q, path: match.slice(1), oracle, now })
    const symbol = q.get("symbol") ?? q.get("instId") ?? q.get("pair") ?? match[match.length - 1] ?? ""
    return { ...found, asked: { ...found.asked, symbol } }
  }
  return undefined
}
