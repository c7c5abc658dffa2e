/**
 * What the imitated exchanges have in common: what a request is about, and how its parameters are read. Written from the
 * reference of the exchanges, knowing nothing of the plug-ins.
 */
import type { MarketOracle, OracleLevel } from "../MarketOracle.js"

export interface VenueAnswer {
  readonly status: number
  readonly body: string
}

/** What a request is about, as far as a fault can turn on it. */
export interface Asked {
  readonly exchange: string
  readonly kind: "ohlc" | "trades" | "orderbook"
  readonly symbol?: string
  /** `[start, end)` in ms, where the request has bounds. */
  readonly start?: number
  readonly end?: number
}

export interface Venue {
  readonly asked: Asked
  /** `shift` moves the bounds of a request by so many ms: the answer to another question. */
  readonly answer: (shift: number) => VenueAnswer
}

/** The symbols that are traded; every other one is refused. */
export const symbols: Readonly<Record<string, ReadonlyArray<string>>> = {
  binance: ["BTCUSDT", "ETHBTC"],
  bybit: ["BTCUSDT", "ETHUSDT"],
  okx: ["BTC-USDT", "ETH-USDT"],
  coinbase: ["BTC-USD", "ETH-EUR"],
  kraken: ["XBTUSD", "XDGEUR"],
  bitfinex: ["tBTCUSD", "tBTCUST", "tDOGE:USD"],
  bitmex: ["XBTUSD", "ETHUSD"]
}

export interface Context {
  readonly q: URLSearchParams
  /** The groups of the path's pattern. */
  readonly path: ReadonlyArray<string>
  readonly oracle: MarketOracle
  readonly now: number
}

export const ok = (body: string): VenueAnswer => ({ status: 200, body })
export const list = (items: ReadonlyArray<string>): string => `[${items.join(",")}]`
export const number = (q: URLSearchParams, name: string): number | undefined =>
  q.has(name) ? Number(q.get(name)) : undefined
export const time = (q: URLSearchParams, name: string): number | undefined =>
  q.has(name) ? Date.parse(q.get(name) ?? "") : undefined
export const limit = (q: URLSearchParams, name: string, fallback: number, most: number): number =>
  Math.min(most, number(q, name) ?? fallback)
export const knows = (exchange: string, symbol: string): boolean => symbols[exchange]?.includes(symbol) ?? false
export const iso = (at: number): string => new Date(at).toISOString()

/** Names of spans and their seconds, from a text such as `1m=1 1h=60`. */
export const minutes = (names: string): ReadonlyMap<string, number> =>
  new Map(
    names.split(" ").map((name) => [name.slice(0, name.indexOf("=")), Number(name.slice(name.indexOf("=") + 1)) * 60])
  )

/** Bounds that an exchange takes, turned into `[start, end)`. */
export const bounds = (
  exchange: string,
  kind: Asked["kind"],
  start: number | undefined,
  end: number | undefined
): { readonly asked: Asked; readonly start: number; readonly end: number } => ({
  asked: {
    exchange,
    kind,
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end })
  },
  start: start ?? 0,
  end: end ?? Number.MAX_SAFE_INTEGER
})

export const book = (exchange: string, answer: () => VenueAnswer): Venue => ({
  asked: { exchange, kind: "orderbook" },
  answer
})

/** Levels as price and amount in texts. */
export const pairs = (levels: ReadonlyArray<OracleLevel>, most: number) =>
  levels.slice(0, most).map(({ amount, price }) => [String(price), String(amount)])

export type Routes = ReadonlyArray<readonly [RegExp, (context: Context) => Venue]>
