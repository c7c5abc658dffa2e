/**
 * What a provider over HTTP is described by, in config alone.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { SeriesPart } from "../../../domain/Series.js"
import { ByteCount, Count, DurationText, optionalSetting, setting } from "../../../site/Setting.js"
import { isReference, mask, Secrets } from "../../../site/Secrets.js"
import { type Mapping, mappingFields, PathText, unknownKeys } from "./mapping.js"
import { RateSettings } from "./marketSettings.js"
import { mentions, problemOf } from "./template.js"

const Template = Schema.String.pipe(Schema.filter((text) => problemOf(text) ?? true))

const Address = Template.pipe(
  Schema.filter((text) => /^https?:\/\/[^/{}]+/.test(text) || "expected an address of http or https with a fixed host")
)

/** Text with placeholders, or a secret by reference. */
const TextOrSecret = Schema.transformOrFail(
  Schema.String.pipe(Schema.filter((text) => isReference(text) || (problemOf(text) ?? true))),
  Schema.Union(Schema.String, Schema.RedactedFromSelf(Schema.String)),
  {
    strict: true,
    decode: (text, _, ast) =>
      isReference(text)
        ? Effect.flatMap(Secrets, (secrets) => secrets.reveal(text)).pipe(
            Effect.mapError((error) => new ParseResult.Type(ast, mask, error.message))
          )
        : ParseResult.succeed(text),
    encode: (value) => ParseResult.succeed(typeof value === "string" ? value : mask)
  }
)

const Texts = Schema.Record({ key: Schema.NonEmptyString, value: TextOrSecret })

const Paging = Schema.Union(
  Schema.Struct({ by: Schema.Literal("none") }),
  Schema.Struct({
    by: Schema.Literal("cursor"),
    next: PathText.annotations({ description: "Path in the answer to what {cursor} is next; nothing there ends" })
  }),
  Schema.Struct({
    by: Schema.Literal("page"),
    first: setting(Schema.NonNegativeInt, 1, "The first {page}"),
    size: Count.annotations({ description: "Rows of a full page; a shorter one is the last" })
  }),
  Schema.Struct({
    by: Schema.Literal("link"),
    next: optionalSetting(PathText, "Path in the answer to the next address; default the header Link")
  }),
  Schema.Struct({
    by: Schema.Literal("time"),
    size: Count.annotations({ description: "Rows of a full page; the next begins at its last time" })
  })
)
export type Paging = typeof Paging.Type

export const HttpSettings = Schema.Struct({
  url: Address,
  method: setting(Schema.Literal("GET", "POST"), "GET", "GET or POST"),
  query: setting(Texts, {}, "Parameters of the address; those with {cursor} are left out before there is one"),
  headers: setting(Texts, {}, "Headers; a secret as ${file:NAME} or ${env:NAME}"),
  body: optionalSetting(Template, "What is posted; what comes in is escaped as in JSON"),
  types: setting(Schema.Array(SeriesPart), [], "Kinds of rows it has; empty for whatever a job names"),
  paging: Schema.optionalWith(Paging, { exact: true, default: () => ({ by: "none" as const }) }),
  empty_status: setting(Schema.Array(Schema.Int), [204], "Statuses that mean that there are no rows"),
  window: setting(DurationText, Duration.days(1), "How much time one request asks for"),
  align: setting(DurationText, Duration.millis(1), "Windows begin at multiples of it: 1d where days are asked for"),
  settle: setting(DurationText, Duration.zero, "How long rows may still come or change"),
  rate: setting(Schema.NullOr(RateSettings), { per_second: 5, burst: 5 }, "Requests per second; null for no limit"),
  timeout: setting(DurationText, Duration.seconds(60), "How long one request may take"),
  max_bytes: setting(ByteCount, 64 * 1024 * 1024, "The longest answer that is taken"),
  ...mappingFields
}).pipe(Schema.filter((settings) => problem(settings) ?? true))

export type HttpSettings = Schema.Schema.Type<typeof HttpSettings>

// ------------------------------------------------------------------------------------------------------------------

interface Checked {
  readonly url: string
  readonly query: Readonly<Record<string, unknown>>
  readonly body: Option.Option<string>
  readonly paging: Paging
  readonly key: ReadonlyArray<string>
  readonly columns: Mapping["columns"]
}

/** What does not fit together. */
const problem = ({ body, columns, key, paging, query, url }: Checked): string | undefined => {
  const texts = [url, ...Object.values(query), ...Option.toArray(body)]
  const uses = (...names: ReadonlyArray<string>) =>
    texts.some((text) => typeof text === "string" && mentions(text, ...names))
  const [stray] = unknownKeys({ key, columns })
  if (stray !== undefined) return `key names ${stray}, which is no column`
  if (paging.by === "cursor" && !uses("cursor")) return "paging by cursor needs {cursor} in url, query or body"
  if (paging.by === "page" && !uses("page", "offset")) return "paging by page needs {page} or {offset}"
  if (paging.by === "time" && !uses("start")) return "paging by time needs {start}"
  return undefined
}
