/**
 * Candles made of trades, for an exchange that keeps no old candles. An interval without a trade has no candle; one that
 * reaches beyond the window is read to its end, so that a candle is always whole.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Row } from "../../../domain/RowLayout.js"
import type { TimeRange } from "../../../domain/TimeRange.js"
import type { Outgoing } from "../../../outgoing/Outgoing.js"
import type { Page } from "../../../source/History.js"
import type { SourceError } from "../../../source/SourceError.js"
import { millisOf, nanosPerMilli } from "./fields.js"

/** `trades` gives pages in order of time for a range. */
export const tradeCandlePages = (
  trades: (range: TimeRange) => Stream.Stream<Page, SourceError, Outgoing>,
  span: number,
  window: TimeRange
): Stream.Stream<Page, SourceError, Outgoing> =>
  Stream.unwrap(
    Effect.map(Clock.currentTimeMillis, (now) => {
      const step = span * 1000
      // Candles that begin in the window and are over by now.
      const start = Math.ceil(window.start / step) * step
      const end = Math.min(Math.ceil(window.end / step), Math.floor(now / step)) * step
      if (start >= end) return Stream.empty
      const bucket = makeBucket(step)
      return trades({ start, end }).pipe(
        Stream.map((page): Page => ({ ...page, rows: bucket.add(page.rows) })),
        Stream.concat(Stream.sync((): Page => ({ rows: bucket.finish(), bytes: 0 })))
      )
    })
  )

// ------------------------------------------------------------------------------------------------------------------

interface Building {
  readonly at: number
  readonly open: number
  high: number
  low: number
  close: number
  volume: number
  quote: number
  trades: number
}

/** Folds trades in order of time into candles. */
const makeBucket = (step: number) => {
  let building: Building | undefined
  const finish = (): ReadonlyArray<Row> => {
    const rows = building === undefined ? [] : [rowOf(building)]
    building = undefined
    return rows
  }
  const add = (trades: ReadonlyArray<Row>): ReadonlyArray<Row> => {
    const rows: Array<Row> = []
    for (const { amount, price, TS } of trades) {
      if (typeof TS !== "bigint" || typeof price !== "number" || typeof amount !== "number") continue
      const at = Math.floor(millisOf(TS) / step) * step
      if (building !== undefined && building.at !== at) rows.push(...finish())
      building ??= { at, open: price, high: price, low: price, close: price, volume: 0, quote: 0, trades: 0 }
      building.high = Math.max(building.high, price)
      building.low = Math.min(building.low, price)
      building.close = price
      building.volume += amount
      building.quote += amount * price
      building.trades += 1
    }
    return rows
  }
  return { add, finish }
}

const rowOf = ({ at, close, high, low, open, quote, trades, volume }: Building): Row => ({
  TS: BigInt(at) * nanosPerMilli,
  open,
  high,
  low,
  close,
  volume,
  quote_volume: quote,
  weighted_average: volume === 0 ? null : quote / volume,
  trades
})
