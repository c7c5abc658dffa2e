/**
 * What there is to know about an exchange, as data: how a request is written and how its answer is read. Times in requests are
 * ranges `[start, end)` in milliseconds; each exchange turns them into bounds of its own kind.
 *
 * @internal
 */
import type { Rate } from "../../../outgoing/RateBucket.js"
import type { Refusal } from "./answer.js"
import type { Place, TimeUnit } from "./fields.js"

/** A path below the base URL, and its query in the order given; undefined values are left out. */
export interface Query {
  readonly path: string
  readonly query: Readonly<Record<string, string | number | undefined>>
}

/** One request for a part of a series. */
export interface Ask {
  readonly symbol: string
  readonly start: number
  /** Not part of it. */
  readonly end: number
}

export interface Candles {
  /** Seconds of a candle, and how the exchange calls it. */
  readonly spans: Readonly<Record<number, string>>
  /** Spans whose candles do not begin at multiples of the span since 1970 (weeks begin on Mondays). */
  readonly unaligned?: ReadonlyArray<number>
  /** The most candles of one answer; no request asks for more. */
  readonly page: number
  /** Candles of the natural window; default a page. */
  readonly window?: number
  /** A candle's time is that of its begin, or of its end. */
  readonly stamp: "open" | "close"
  readonly request: (ask: Ask & { readonly span: number; readonly interval: string }) => Query
  readonly rows: (answer: unknown) => unknown
  readonly unit: TimeUnit
  readonly fields: CandleFields
}

export interface CandleFields {
  readonly time: Place
  readonly open: Place
  readonly high: Place
  readonly low: Place
  readonly close: Place
  readonly volume: Place
  readonly quote_volume?: Place
  readonly weighted_average?: Place
  readonly trades?: Place
}

export interface Trades {
  /** Milliseconds of one chain of requests, and of the natural window. */
  readonly window: number
  readonly order: "ascending" | "descending"
  /** An answer of fewer is the last one; undefined where only an empty one is. */
  readonly page: number | undefined
  readonly first: (ask: Ask) => Query
  /** What follows a page that did not reach the end of the range; undefined where the page does not tell. */
  readonly next: (ask: Ask, page: TradePage) => Query | "end" | undefined
  readonly rows: (answer: unknown) => unknown
  readonly unit: TimeUnit
  readonly fields: TradeFields
}

export interface TradePage {
  readonly asked: Query
  readonly answer: unknown
  /** The last one in the order of the answer. */
  readonly last: unknown
}

export interface TradeFields {
  readonly time: Place
  readonly id?: Place
  readonly price: Place
  readonly amount: Place
  readonly side: (trade: unknown) => unknown
}

export interface Book {
  readonly request: (symbol: string) => Query
  readonly levels: (answer: unknown) => ReadonlyArray<Level>
}

/** A price of the book. `side` is `bid` or `ask`. */
export interface Level {
  readonly side: string
  readonly price: unknown
  readonly amount: unknown
  readonly count?: unknown
}

export interface Market {
  readonly name: string
  /** As people call it. */
  readonly title: string
  readonly baseUrl: string
  /** What the exchange lets one address ask. */
  readonly rate: Rate
  readonly symbol: (base: string, quote: string) => string
  /** An error told in a body, of whatever status. */
  readonly refusal: (answer: unknown) => Refusal | undefined
  /** `from trades`: the exchange keeps no old candles; they are made of its trades. */
  readonly candles: Candles | "from trades"
  /** A text says why there are none. */
  readonly trades: Trades | string
  readonly book: Book
}
