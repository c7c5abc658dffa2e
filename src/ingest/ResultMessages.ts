/**
 * Results on their way to the reducer, in bytes: a header in JSON and a payload, a Python pickle where either end may be a
 * peer in Python, CBOR (self-described) between two of ours. Readers tell them apart by their first byte.
 */
import type { Encoder } from "cbor-x"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as PickleReader from "../source/pickle/PickleReader.js"
import { plain } from "../source/pickle/PickleValue.js"
import * as PickleWriter from "../source/pickle/PickleWriter.js"
import type { ResultMessage } from "./ResultTransport.js"

/** A result as the reducer has it. */
export interface Result {
  readonly event_number: number
  readonly worker: string
  /** The parameters it was made with. */
  readonly parameters_hash: string | null
  readonly payload: unknown
}

/** A result that can't be put into bytes, or bytes that are no result. */
export class ResultUnreadable extends Schema.TaggedError<ResultUnreadable>()("ResultUnreadable", {
  operation: Schema.Literal("encode", "decode"),
  event_number: Schema.NullOr(Schema.Int),
  worker: Schema.NullOr(Schema.String),
  detail: Schema.String
}) {
  override get message() {
    return `the result of event ${this.event_number} of ${this.worker}: ${this.detail}`
  }
}

export type Form = "pickle" | "cbor"

/** What a service of ours says its version is, so that others know what it understands. */
export const ownVersion = (version: string): string => `outpost-${version}`

/** The form that a service with this version reads. */
export const formFor = (version: string | null): Form => (version?.startsWith("outpost-") === true ? "cbor" : "pickle")

export interface ResultMessages {
  readonly encode: (result: Result, form: Form) => Either.Either<ResultMessage, ResultUnreadable>
  readonly decode: (message: ResultMessage) => Either.Either<Result, ResultUnreadable>
}

/** The library is loaded when first needed. */
export const make: Effect.Effect<ResultMessages> = Effect.map(
  Effect.promise(() => import("cbor-x")),
  ({ Encoder, Tag }) => {
    const cbor: Encoder = new Encoder({ useRecords: false })
    return {
      encode: (result, form) => {
        const { event_number, parameters_hash, worker } = result
        const header = Buffer.from(JSON.stringify({ event_number, worker, parameters_hash }))
        const unreadable = (detail: string) =>
          new ResultUnreadable({ operation: "encode", event_number, worker, detail })
        if (form === "pickle") {
          return Either.mapBoth(PickleWriter.encode(result.payload), {
            onRight: (payload) => ({ header, payload }),
            onLeft: (error) => unreadable(error.message)
          })
        }
        return Either.try({
          try: () => ({ header, payload: cbor.encode(new Tag(result.payload, selfDescribed)) }),
          catch: (cause) => unreadable(String(cause))
        })
      },
      decode: ({ header, payload }) =>
        Either.flatMap(readHeader(header), (head) => {
          const unreadable = (detail: string) => new ResultUnreadable({ operation: "decode", ...head, detail })
          const value =
            payload[0] === pickled
              ? Either.mapBoth(PickleReader.decode(payload), { onRight: plain, onLeft: (error) => error.message })
              : Either.try({ try: (): unknown => cbor.decode(payload), catch: String })
          return Either.mapBoth(value, { onRight: (decoded) => ({ ...head, payload: decoded }), onLeft: unreadable })
        })
    }
  }
)

// -----------------------------------------------------------------------------

const selfDescribed = 55799
/** Every pickle of protocol 2 and later begins so; no self-described CBOR does. */
const pickled = 0x80

const readHeader = (bytes: Uint8Array): Either.Either<Omit<Result, "payload">, ResultUnreadable> => {
  const header = Either.getOrUndefined(
    Either.try((): unknown =>
      JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"))
    )
  )
  if (Predicate.isRecord(header)) {
    const { event_number, parameters_hash = null, worker } = header
    if (
      typeof event_number === "number" &&
      Number.isSafeInteger(event_number) &&
      typeof worker === "string" &&
      (parameters_hash === null || typeof parameters_hash === "string")
    ) {
      return Either.right({ event_number, worker, parameters_hash })
    }
  }
  return Either.left(
    new ResultUnreadable({ operation: "decode", event_number: null, worker: null, detail: "its header is not one" })
  )
}
