/**
 * A place in the streams: the last sequence number seen of each. Written `site.12-run.5`; a stream that is absent has not
 * been read. Stable under inserts, and what `Last-Event-ID` carries.
 */
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { StreamName } from "./StreamName.js"

export type Cursor = { readonly [stream in StreamName]?: number | undefined }

export const start: Cursor = {}

const order: ReadonlyArray<StreamName> = ["site", "run", "system"]
const part = /^(site|run|system)\.(\d{1,15})$/

export const format = (cursor: Cursor): string =>
  order.flatMap((stream) => (cursor[stream] === undefined ? [] : [`${stream}.${cursor[stream]}`])).join("-")

export const parse = (text: string): Option.Option<Cursor> => {
  if (text === "") return Option.some(start)
  const cursor: { [stream in StreamName]?: number } = {}
  for (const piece of text.split("-")) {
    const match = part.exec(piece)
    if (match === null || match[2] === undefined) return Option.none()
    cursor[match[1] === "site" ? "site" : match[1] === "run" ? "run" : "system"] = Number(match[2])
  }
  return Option.some(cursor)
}

/** The cursor after seeing `seq` of `stream`. */
export const advance = (cursor: Cursor, stream: StreamName, seq: number): Cursor => ({ ...cursor, [stream]: seq })

/** Whether the cursor speaks of numbers that were never given out: it is of another log, or made up. */
export const isAhead = (cursor: Cursor, last: { readonly [stream in StreamName]: number }): boolean =>
  order.some((stream) => (cursor[stream] ?? 0) > last[stream])

const fields = Schema.Struct({
  site: Schema.optional(Schema.NonNegativeInt),
  run: Schema.optional(Schema.NonNegativeInt),
  system: Schema.optional(Schema.NonNegativeInt)
})

/** A cursor as it stands in a URL. */
export const FromString = Schema.transformOrFail(Schema.String, Schema.typeSchema(fields), {
  strict: false,
  decode: (text, _options, ast) =>
    Option.match(parse(text), {
      onNone: () => ParseResult.fail(new ParseResult.Type(ast, text, `not a cursor: ${text}`)),
      onSome: ParseResult.succeed
    }),
  encode: (cursor) => ParseResult.succeed(format(cursor))
}).annotations({ identifier: "Cursor", description: "a place in the streams, for example site.12-run.5" })
