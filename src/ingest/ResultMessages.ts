/**
 * Results on their way to the reducer, in bytes: a header in JSON and a payload, a Python pickle where either end may be a
 * peer in Python, CBOR (self-described) between two of ours. Readers tell them apart by their first byte.
 */
import type { Encoder } from "cbor-x"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { HeaderMemory, type Recalled } from "./internal/headerMemory.js"
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
    const memory = new HeaderMemory<Origin>()
    let written: Written | undefined
    return {
      encode: (result, form) => {
        const { event_number, worker } = result
        if (written === undefined || !isOf(written, result)) written = writtenOf(result)
        const header = Buffer.from(`{"event_number":${event_number},${written.text}`)
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
      decode: ({ header, payload }) => {
        const head = readHeader(header, memory)
        if (Either.isLeft(head)) return Either.left(head.left)
        const { event_number, said } = head.right
        const value =
          payload[0] === pickled
            ? Either.mapBoth(PickleReader.decode(payload), { onRight: plain, onLeft: (error) => error.message })
            : Either.try({ try: (): unknown => cbor.decode(payload), catch: String })
        if (Either.isRight(value)) return Either.right({ event_number, ...said, payload: value.right })
        const { worker } = said
        return Either.left(new ResultUnreadable({ operation: "decode", event_number, worker, detail: value.left }))
      }
    }
  }
)

// -----------------------------------------------------------------------------

const selfDescribed = 55799
/** Every pickle of protocol 2 and later begins so; no self-described CBOR does. */
const pickled = 0x80

/** What is the same in the headers of one worker. */
type Origin = Pick<Result, "worker" | "parameters_hash">

interface Written extends Origin {
  /** As it stands behind the number of the event. */
  readonly text: string
}

const writtenOf = ({ parameters_hash, worker }: Origin): Written => ({
  worker,
  parameters_hash,
  text: JSON.stringify({ worker, parameters_hash }).slice(1)
})

const isOf = (written: Written, { parameters_hash, worker }: Origin): boolean =>
  written.worker === worker && written.parameters_hash === parameters_hash

const readHeader = (
  bytes: Uint8Array,
  memory: HeaderMemory<Origin>
): Either.Either<Recalled<Origin>, ResultUnreadable> => {
  const recalled = memory.recall(bytes)
  if (recalled !== undefined) return Either.right(recalled)
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
      const said = { worker, parameters_hash }
      memory.learn(bytes, said)
      return Either.right({ event_number, said })
    }
  }
  return Either.left(
    new ResultUnreadable({ operation: "decode", event_number: null, worker: null, detail: "its header is not one" })
  )
}
