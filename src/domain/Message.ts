/**
 * A message for the outside: what a station tells the office. It is archived and queued on the station, and each uplink
 * carries it from there in its own form.
 *
 * The three kinds and the form of their bodies are ivy's (1.1.0), so that its archives can be read: numbers and texts
 * measured at a moment, a line of the log, and what became of a config that was received.
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/** Names that the uplinks use themselves. */
export const reservedNames: ReadonlySet<string> = new Set(["logging", "configuration"])

const isFree = (name: string) => name !== "" && !reservedNames.has(name)

/** JSON carries no other numbers: NaN or an infinity is refused where it is made, not where it is sent. */
const Value = Schema.Union(
  Schema.Number.pipe(Schema.finite({ message: () => "expected a finite number" })),
  Schema.String,
  Schema.transform(Schema.Boolean, Schema.Literal(0, 1), {
    strict: true,
    decode: (flag): 0 | 1 => (flag ? 1 : 0),
    encode: (digit) => digit === 1
  })
)

const Values = Schema.Record({ key: Schema.String, value: Value }).pipe(
  Schema.filter((values) =>
    Object.keys(values).flatMap((name) => {
      const message = name === "" ? "a value needs a name" : "the name is used by the uplinks themselves"
      return isFree(name) ? [] : [{ path: [name], message }]
    })
  )
)

/** Measured values by name. A truth value counts as 1 or 0; an empty record is allowed. */
export const DataBody = Schema.Struct({
  variant: Schema.Literal("data"),
  data: Values
})

export const LogBody = Schema.Struct({
  variant: Schema.Literal("log"),
  level: Schema.Literal("DEBUG", "INFO", "WARNING", "ERROR", "EXCEPTION"),
  /** One line: `<origin> - <level> - <text>`. */
  subject: Schema.String,
  /** Details, or empty. */
  body: Schema.String
})

/** What an origin says of itself, as a line of its log. */
export const logBody = (
  origin: string,
  level: (typeof LogBody.Type)["level"],
  text: string,
  details = ""
): typeof LogBody.Type => ({ variant: "log", level, subject: `${origin} - ${level} - ${text}`, body: details })

/** What became of a config: `startup` says which one the station has started with. Secrets are masked in it. */
export const ConfigBody = Schema.Struct({
  variant: Schema.Literal("config"),
  status: Schema.Literal("received", "accepted", "rejected", "startup"),
  config: Schema.Record({ key: Schema.String, value: Schema.Unknown })
})

export const MessageBody = Schema.Union(DataBody, LogBody, ConfigBody)
export type MessageBody = typeof MessageBody.Type

/** Which message leaves first; within a level the older one does. */
export const Priority = Schema.Literal("urgent", "normal", "bulk")
export type Priority = typeof Priority.Type

export interface MessageInput {
  readonly body: MessageBody
  /** Milliseconds since the epoch at which it was measured or said; default: when it is handed over. */
  readonly at?: number | undefined
  /** Default `normal`. */
  readonly priority?: Priority | undefined
  /** After this many milliseconds it need not be sent any more; default: never. */
  readonly expiresAfter?: number | undefined
}

/** A value that is no message, or one that JSON can't carry: which field, and why. */
export class MessageRefused extends Schema.TaggedError<MessageRefused>()("MessageRefused", {
  field: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `not a message: ${this.field === "" ? "" : `${this.field}: `}${this.reason}`
  }
}

/** A field that is none would be passed over in silence otherwise. */
const decode = Schema.decodeUnknownEither(MessageBody, { onExcessProperty: "error" })

/** Takes a body as a procedure of any language sends it. */
export const bodyFrom = (value: unknown): Either.Either<MessageBody, MessageRefused> =>
  isMeasured(value)
    ? Either.right(value)
    : Either.mapLeft(decode(value), (error) => {
        const [first] = ParseResult.ArrayFormatter.formatErrorSync(error)
        return new MessageRefused({ field: first?.path.join(".") ?? "", reason: first?.message ?? error.message })
      })

// -----------------------------------------------------------------------------

/** Numbers and texts as `DataBody` takes them, unchanged. Most messages are such, and the schema takes ten times as long. */
const isMeasured = (value: unknown): value is typeof DataBody.Type =>
  isRecord(value) &&
  value["variant"] === "data" &&
  Object.keys(value).length === 2 &&
  isRecord(value["data"]) &&
  Object.entries(value["data"]).every(
    ([name, one]) => isFree(name) && (typeof one === "string" || Number.isFinite(one))
  )

/** No class of its own, whose properties JSON might not show. */
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" &&
  value !== null &&
  Object.getPrototypeOf(value) === Object.prototype &&
  Object.getOwnPropertySymbols(value).length === 0
