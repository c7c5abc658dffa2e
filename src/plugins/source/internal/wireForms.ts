/**
 * How exchanges write numbers, times and levels, and the rows that become of them.
 *
 * @internal
 */
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { Row } from "../../../domain/RowLayout.js"
import { instantOf } from "../../history/internal/fields.js"

/** A number as a text, such as `0.00100000`; kept as it is spelled. */
export const Decimal = Schema.String.pipe(Schema.pattern(/^\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?$/))

/** A number that is not negative, as the text that it would be. */
export const DecimalNumber = Schema.transform(Schema.NonNegative.pipe(Schema.finite()), Schema.String, {
  strict: true,
  decode: String,
  encode: Number
})

/** Nanoseconds since the epoch from whole milliseconds. */
export const Millis = Schema.transform(Schema.NonNegativeInt, Schema.BigIntFromSelf, {
  strict: true,
  decode: (millis) => BigInt(millis) * 1_000_000n,
  encode: (nanos) => Number(nanos / 1_000_000n)
})

/** The same from milliseconds as a text. */
export const MillisText = Schema.compose(Schema.NumberFromString, Millis)

/** Nanoseconds since the epoch from `2026-01-01T00:00:00.123456Z`. */
export const Iso = Schema.transformOrFail(Schema.String, Schema.BigIntFromSelf, {
  strict: true,
  decode: (text, _, ast) => {
    const instant = instantOf(text, "iso")
    return instant === undefined
      ? ParseResult.fail(new ParseResult.Type(ast, text, "expected an instant"))
      : ParseResult.succeed(instant)
  },
  encode: (nanos, _, ast) => ParseResult.fail(new ParseResult.Forbidden(ast, nanos, "instants are only read"))
})

/** `["price", "amount", ...]` */
export const LevelTexts = Schema.transform(
  Schema.Array(Schema.Tuple([Decimal, Decimal], Schema.Unknown)),
  Schema.Array(Schema.Struct({ price: Schema.String, amount: Schema.String })),
  {
    strict: true,
    decode: (levels) => levels.map(([price, amount]) => ({ price, amount })),
    encode: (levels) => levels.map(({ amount, price }) => [price, amount] as const)
  }
)

/** One trade. The side is that of who came second and took what was offered, as far as the venue tells. */
export const tradeRow = (trade: {
  readonly TS: bigint
  readonly tid: string
  readonly price: string
  readonly amount: string
  readonly side: string
}): Row => {
  const side = trade.side.toLowerCase()
  return {
    TS: trade.TS,
    tid: trade.tid,
    price: Number(trade.price),
    amount: Number(trade.amount),
    side: side === "buy" || side === "sell" ? side : null
  }
}
