/**
 * What an external command and its site say to each other, one JSON object a line. The command on standard output:
 *
 *   {"event": {"type": "weather", "data": {...}, ...}}     as POST /event takes it
 *   {"message": {...}}                                     a body for the outside, or {"body", "at", "priority", ...}
 *   {"state": {"part": value, ...}}                        parts of the state document
 *   {"progress": anything}                                 a sign of life, shown in its status
 *
 * Any other line is a line of its log. The site on standard input: `{"settings": {...}}` as the first line, and
 * `{"stop": {...}}` when it is to end.
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { Line } from "../../actor/OsProcess.js"
import * as Message from "../../domain/Message.js"
import * as SettingsProblem from "../../source/SettingsProblem.js"

/** What a line of output says. */
export type Said = Data.TaggedEnum<{
  /** `text` is the event as it was written: digits and spellings stay. */
  Event: { readonly text: string }
  Message: { readonly input: Message.MessageInput }
  State: { readonly values: Readonly<Record<string, unknown>> }
  Progress: { readonly value: unknown }
  Log: { readonly text: string }
  /** It speaks the protocol, wrongly. */
  Refused: { readonly reason: string }
}>
export const Said = Data.taggedEnum<Said>()

/** A line that says something by the protocol begins with this byte. */
export const firstByte = 0x7b

export const parse = ({ cut, text }: Line): Said => {
  if (text.charCodeAt(0) !== firstByte) return Said.Log({ text })
  if (cut) return Said.Refused({ reason: "a line is longer than limits.line_bytes" })
  const value = Either.getOrUndefined(fromJson(text))
  if (!Predicate.isRecord(value)) return Said.Log({ text })
  const keys = Object.keys(value)
  const [key] = keys.filter((name) => name in readers)
  if (key === undefined) return Said.Log({ text })
  if (keys.length > 1) return Said.Refused({ reason: `a line says one thing, this one says ${keys.join(" and ")}` })
  return readers[key]?.(value[key], text) ?? Said.Log({ text })
}

/** The first line of its input. */
export const settingsLine = (procedure: string, settings: unknown): string =>
  `${JSON.stringify({ settings, procedure })}\n`

/** The last line of its input; SIGTERM comes with it. */
export const stopLine = (shutdown: Duration.Duration): string =>
  `${JSON.stringify({ stop: { within_seconds: Duration.toSeconds(shutdown) } })}\n`

/** A message as a procedure of any language gives it: its body alone, or with its time, priority and expiry. */
export const messageFrom = (value: unknown): Either.Either<Message.MessageInput, Message.MessageRefused> => {
  if (!Predicate.isRecord(value) || !("body" in value) || "variant" in value) {
    return Either.map(Message.bodyFrom(value), (body) => ({ body }))
  }
  const { body, ...rest } = value
  return Either.zipWith(
    Message.bodyFrom(body),
    Either.mapLeft(
      decodeEnvelope(rest),
      (error) => new Message.MessageRefused({ field: "", reason: SettingsProblem.sentence(SettingsProblem.of(error)) })
    ),
    (known, envelope) => ({ body: known, ...envelope })
  )
}

// -----------------------------------------------------------------------------

const fromJson = Schema.decodeEither(Schema.parseJson())

const decodeEnvelope = Schema.decodeUnknownEither(
  Schema.Struct({
    at: Schema.optional(Schema.Number),
    priority: Schema.optional(Message.Priority),
    expiresAfter: Schema.optional(Schema.Number)
  }),
  { onExcessProperty: "error" }
)

const readers: Readonly<Record<string, (value: unknown, text: string) => Said>> = {
  event: (value, text) =>
    Predicate.isRecord(value)
      ? Said.Event({
          text: text.slice(text.indexOf(":", text.indexOf('"event"') + 7) + 1, text.lastIndexOf("}")).trim()
        })
      : Said.Refused({ reason: "event: expected an object with type and data" }),
  message: (value) =>
    Either.match(messageFrom(value), {
      onLeft: ({ message }) => Said.Refused({ reason: message }),
      onRight: (input) => Said.Message({ input })
    }),
  state: (value) =>
    Predicate.isRecord(value)
      ? Said.State({ values: value })
      : Said.Refused({ reason: "state: expected an object of parts" }),
  progress: (value) => Said.Progress({ value })
}
