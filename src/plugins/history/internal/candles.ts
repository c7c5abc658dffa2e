/**
 * Candles of a range, page by page. Pages are steps of time, not of rows, so an empty one costs nothing but itself; the next
 * begins where it ended. A candle that is still open is not given.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Row } from "../../../domain/RowLayout.js"
import type { TimeRange } from "../../../domain/TimeRange.js"
import type { Outgoing } from "../../../outgoing/Outgoing.js"
import type { Page } from "../../../source/History.js"
import type { SourceError } from "../../../source/SourceError.js"
import { at, instantOf, listOf, millisOf, numeralOf, type Place } from "./fields.js"
import { type Call, malformed } from "./marketCall.js"
import type { Candles, Market } from "./marketShape.js"

/** Candles whose time is in the window. `span` is one of the exchange's. */
export const candlePages = (
  market: Market,
  candles: Candles,
  call: Call,
  symbol: string,
  span: number,
  window: TimeRange
): Stream.Stream<Page, SourceError, Outgoing> =>
  Stream.paginateEffect(
    window.start,
    Effect.fnUntraced(function* (start) {
      const end = Math.min(window.end, start + candles.page * span * 1000)
      const interval = candles.spans[span] ?? ""
      const { bytes, json } = yield* call(candles.request({ symbol, interval, span, start, end }))
      const items = listOf(candles.rows(json))
      if (items === undefined) return yield* malformed(market, "answered no list of candles")
      const now = yield* Clock.currentTimeMillis
      const page = read(candles, items, { start, end }, span * 1000, now)
      if (page === undefined) return yield* malformed(market, "answered candles of another time")
      const next = end < window.end ? Option.some(end) : Option.none<number>()
      return [{ ...page, bytes }, next] as const
    })
  )

// ------------------------------------------------------------------------------------------------------------------

/** Undefined where a candle lies so far from what was asked that it is the answer to another question. */
const read = (
  { fields, stamp, unit }: Candles,
  items: ReadonlyArray<unknown>,
  { end, start }: TimeRange,
  span: number,
  now: number
): Omit<Page, "bytes"> | undefined => {
  const rows: Array<Row> = []
  const closes = stamp === "open" ? span : 0
  let malformed = 0
  for (const item of items) {
    const time = instantOf(at(item, fields.time), unit)
    const open = numeralOf(at(item, fields.open))
    const high = numeralOf(at(item, fields.high))
    const low = numeralOf(at(item, fields.low))
    const close = numeralOf(at(item, fields.close))
    if (time === undefined || open === undefined || high === undefined || low === undefined || close === undefined) {
      malformed++
      continue
    }
    const millis = millisOf(time)
    if (millis < start - span || millis > end + span) return undefined
    if (millis < start || millis >= end || millis + closes > now) continue
    rows.push({
      TS: time,
      open,
      high,
      low,
      close,
      volume: optional(item, fields.volume),
      quote_volume: optional(item, fields.quote_volume),
      weighted_average: optional(item, fields.weighted_average),
      trades: optional(item, fields.trades)
    })
  }
  return { rows, malformed }
}

const optional = (item: unknown, place: Place | undefined): number | string | null =>
  place === undefined ? null : (numeralOf(at(item, place)) ?? null)
