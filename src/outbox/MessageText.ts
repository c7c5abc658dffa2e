/** The JSON of a message's body: the same for the archive, the queue and each time it is sent. */
import * as Either from "effect/Either"
import { bodyFrom, type MessageBody, MessageRefused } from "../domain/Message.js"
import { reasonOf } from "../domain/Refusal.js"

/** Bytes of the longest body. */
export const longest = 2 ** 20

export interface Encoded {
  readonly text: string
  readonly bytes: number
}

/** Refuses what is no body, what JSON can't carry, and what is too long. */
export const encode = (body: unknown): Either.Either<Encoded, MessageRefused> =>
  Either.flatMap(bodyFrom(body), (checked) =>
    Either.flatMap(written(checked), (text) => {
      const bytes = Buffer.byteLength(text)
      return bytes > longest
        ? Either.left(new MessageRefused({ field: "", reason: `${bytes} bytes, more than ${longest}` }))
        : Either.right({ text, bytes })
    })
  )

/** A body as it was kept. Refuses what can't be read, for whatever reason. */
export const decode = (text: string): Either.Either<MessageBody, MessageRefused> =>
  Either.flatMap(
    Either.try({
      try: (): unknown => JSON.parse(text),
      catch: (cause) => new MessageRefused({ field: "", reason: reasonOf(cause) })
    }),
    bodyFrom
  )

// ------------------------------------------------------------------------------------------------------------------

/** A config is any JSON: what is none is found only while it is written. */
const written = (body: MessageBody): Either.Either<string, MessageRefused> =>
  body.variant === "config"
    ? Either.try({
        try: () => JSON.stringify(body, finite),
        catch: (cause) => new MessageRefused({ field: "config", reason: reasonOf(cause) })
      })
    : Either.right(JSON.stringify(body))

const finite = (name: string, value: unknown): unknown => {
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`${name}: expected a finite number`)
  return value
}
