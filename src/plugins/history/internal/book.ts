/**
 * The order book as it is now: one row per level, all at the time of the answer.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Row } from "../../../domain/RowLayout.js"
import type { TimeRange } from "../../../domain/TimeRange.js"
import type { Outgoing } from "../../../outgoing/Outgoing.js"
import type { Page } from "../../../source/History.js"
import { SourceError } from "../../../source/SourceError.js"
import { at, listOf, nanosPerMilli, numberOf, type Place } from "./fields.js"
import { type Call, malformed } from "./marketCall.js"
import type { Level, Market } from "./marketShape.js"

export const bookPage = (
  market: Market,
  call: Call,
  symbol: string,
  window: TimeRange
): Effect.Effect<Page, SourceError, Outgoing> =>
  Effect.gen(function* () {
    const before = yield* Clock.currentTimeMillis
    if (before < window.start || before >= window.end)
      return yield* new SourceError({
        source: market.name,
        reason: "Unsupported",
        detail: "the order book is told as it is now, not as it was; a stream job collects it"
      })
    const { bytes, json } = yield* call(market.book.request(symbol))
    const levels = market.book.levels(json)
    const TS = BigInt(yield* Clock.currentTimeMillis) * nanosPerMilli
    const rows = levels.map((level) => rowOf(TS, level)).filter((row) => row !== undefined)
    if (rows.length === 0 && levels.length > 0) return yield* malformed(market, "answered no readable order book")
    return { rows, bytes, malformed: levels.length - rows.length }
  })

/** Levels of one side from a list of them, whose price and amount stand at these places. */
export const levelsOf = (
  side: "bid" | "ask",
  list: unknown,
  [price, amount, count]: readonly [Place, Place, Place?] = [0, 1]
): ReadonlyArray<Level> =>
  (listOf(list) ?? []).map((level) => ({
    side,
    price: at(level, price),
    amount: at(level, amount),
    ...(count === undefined ? {} : { count: at(level, count) })
  }))

// ------------------------------------------------------------------------------------------------------------------

const rowOf = (TS: bigint, level: Level): Row | undefined => {
  const price = numberOf(level.price)
  const amount = numberOf(level.amount)
  if (price === undefined || amount === undefined) return undefined
  return { TS, side: level.side, price, amount, count: numberOf(level.count) ?? null, is_snapshot: true }
}
