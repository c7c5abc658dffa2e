/**
 * A line of the message archive, as ivy (1.1.0) writes it: the seconds since the epoch as Python writes a float, a comma, and
 * the body's JSON in quotes with its own quotes doubled. Each line stands for itself: one that is damaged hides no other.
 */
import * as Either from "effect/Either"
import type { MessageBody, MessageRefused } from "../domain/Message.js"
import * as MessageText from "./MessageText.js"

export const header = "timestamp,message_body\n"

export interface ArchivedLine {
  /** Seconds since the epoch. */
  readonly timestamp: number
  /** The body's JSON as it is written there. */
  readonly text: string
  readonly body: MessageBody
}

/** With its line end. */
export const encode = (timestamp: number, text: string): string =>
  `${Number.isInteger(timestamp) ? `${timestamp}.0` : String(timestamp)},"${text.replaceAll('"', '""')}"\n`

/** A line without its end. */
export const decode = (line: string): Either.Either<ArchivedLine, string> => {
  const [, seconds = "", quoted = ""] = shape.exec(line) ?? []
  if (seconds === "") return Either.left("not a time and a quoted body")
  const text = quoted.replaceAll('""', '"')
  return MessageText.decode(text).pipe(
    Either.map((body) => ({ timestamp: Number(seconds), text, body })),
    Either.mapLeft(reason)
  )
}

// ------------------------------------------------------------------------------------------------------------------

const shape = /^(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?),"(.*)"$/s

const reason = (refused: MessageRefused) => refused.message
