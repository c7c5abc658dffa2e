/** How the exchanges speak over WebSocket, as far as trades and books go; for `FeedServer`. */
import { binance } from "./feedVenues/binance.js"
import { bitfinex } from "./feedVenues/bitfinex.js"
import { bitmex } from "./feedVenues/bitmex.js"
import { bybit } from "./feedVenues/bybit.js"
import { coinbase } from "./feedVenues/coinbase.js"
import { kraken } from "./feedVenues/kraken.js"
import { okx } from "./feedVenues/okx.js"

export const venues = { binance, bitfinex, bitmex, bybit, coinbase, kraken, okx }
