/**
 * Trades of a range, following the exchange's own cursor: a page never ends a series because it is full. Trades of one page
 * that came with the page before are given once; a page that brings nothing new is an answer to another question, not an end.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Row } from "../../../domain/RowLayout.js"
import type { TimeRange } from "../../../domain/TimeRange.js"
import type { Outgoing } from "../../../outgoing/Outgoing.js"
import type { Page } from "../../../source/History.js"
import type { SourceError } from "../../../source/SourceError.js"
import { at, instantOf, listOf, millisOf, numberOf } from "./fields.js"
import { type Call, malformed } from "./marketCall.js"
import type { Market, Query, TradeFields, Trades } from "./marketShape.js"

export const tradePages = (
  market: Market,
  trades: Trades,
  call: Call,
  symbol: string,
  window: TimeRange
): Stream.Stream<Page, SourceError, Outgoing> => {
  const step = (start: number) =>
    chain(market, trades, call, { symbol, start, end: Math.min(window.end, start + trades.window) })
  return Stream.iterate(window.start, (start) => start + trades.window).pipe(
    Stream.takeWhile((start) => start < window.end),
    Stream.flatMap(step)
  )
}

// ------------------------------------------------------------------------------------------------------------------

interface Place {
  readonly query: Query
  /** Of the page before. */
  readonly seen: ReadonlySet<string>
}

const chain = (
  market: Market,
  trades: Trades,
  call: Call,
  ask: Parameters<Trades["first"]>[0]
): Stream.Stream<Page, SourceError, Outgoing> => {
  const begin: Place = { query: trades.first(ask), seen: new Set() }
  return Stream.paginateEffect(
    begin,
    Effect.fnUntraced(function* ({ query, seen }) {
      const { bytes, json } = yield* call(query)
      const items = listOf(trades.rows(json))
      if (items === undefined) return yield* malformed(market, "answered no list of trades")
      const read = items.map((item) => rowOf(trades, item))
      const found = read.filter((row) => row !== undefined)
      const fresh = found.filter((row) => !seen.has(keyOf(row)))
      if (isForeign(trades, ask, found[0])) return yield* malformed(market, "answered trades of another time")
      const page: Page = {
        rows: fresh.filter((row) => within(row, ask)),
        bytes,
        malformed: read.length - found.length
      }
      const last = found[found.length - 1]
      const ended =
        last === undefined ||
        (trades.page !== undefined && items.length < trades.page) ||
        (trades.order === "ascending" ? millisOf(last.TS) >= ask.end : millisOf(last.TS) < ask.start)
      const next = ended ? "end" : trades.next(ask, { asked: query, answer: json, last: items[items.length - 1] })
      if (next === "end") return [page, Option.none<Place>()] as const
      if (fresh.length === 0) return yield* malformed(market, "answered the same page of trades again")
      if (next === undefined) return yield* malformed(market, "answered trades without a place to go on from")
      return [page, Option.some<Place>({ query: next, seen: new Set(found.map(keyOf)) })] as const
    })
  )
}

/** A trade as a row; its time is always known. */
export type TradeRow = Row & { readonly TS: bigint }

const within = ({ TS }: TradeRow, { end, start }: TimeRange): boolean => {
  const millis = millisOf(TS)
  return millis >= start && millis < end
}

/** No request asks for what is before its begin, or behind its end where it reads backwards. */
const isForeign = ({ order }: Trades, { end, start }: TimeRange, first: TradeRow | undefined): boolean =>
  first !== undefined && (order === "ascending" ? millisOf(first.TS) < start - 1000 : millisOf(first.TS) > end + 1000)

/** What tells trades of one page apart from those of the page before. */
const keyOf = ({ amount, price, side, tid, TS }: TradeRow): string =>
  tid === null ? `${TS} ${String(price)} ${String(amount)} ${String(side)}` : String(tid)

const rowOf = ({ fields, unit }: Pick<Trades, "fields" | "unit">, item: unknown): TradeRow | undefined => {
  const TS = instantOf(at(item, fields.time), unit)
  const price = numberOf(at(item, fields.price))
  const amount = numberOf(at(item, fields.amount))
  const side = fields.side(item)
  if (TS === undefined || price === undefined || amount === undefined) return undefined
  return {
    TS,
    tid: idOf(item, fields),
    price,
    amount: Math.abs(amount),
    side: side === "buy" || side === "sell" ? side : null
  }
}

const idOf = (item: unknown, { id }: TradeFields): string | null => {
  const value = id === undefined ? undefined : at(item, id)
  return typeof value === "number" || typeof value === "string" ? String(value) : null
}
