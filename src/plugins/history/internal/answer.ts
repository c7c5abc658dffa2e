/**
 * Asking a server for rows: one request, and what becomes of an answer that is none, or that is not what was asked for. Shared
 * by all histories that speak HTTP.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import {
  Outgoing,
  type OutgoingError,
  type OutgoingRequest,
  type OutgoingResponse
} from "../../../outgoing/Outgoing.js"
import * as RetryAfter from "../../../outgoing/RetryAfter.js"
import { SourceError } from "../../../source/SourceError.js"

/** Why an answer is a refusal, as its body tells it. */
export interface Refusal {
  readonly reason: SourceError["reason"]
  readonly detail: string
}

/** An answer of any status. Fails where none came. */
export const send = (
  source: string,
  request: OutgoingRequest
): Effect.Effect<OutgoingResponse, SourceError, Outgoing> =>
  Effect.flatMap(Outgoing, (outgoing) => outgoing.send(request)).pipe(
    Effect.mapError((error) => new SourceError({ source, reason: reasonOf[error.reason], detail: error.message }))
  )

/** What an answer that is not a success means to the engine. `told` is what its body said, where that could be read. */
export const refused = (
  source: string,
  { body, headers, status }: OutgoingResponse,
  told: Refusal | undefined
): Effect.Effect<never, SourceError> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const wait = RetryAfter.parse(headers["retry-after"], now)
    const reason = told?.reason ?? reasonOfStatus(status, wait)
    const detail = told?.detail ?? `answered ${status}${excerpt(body)}`
    return Effect.fail(
      reason === "RetryAfter"
        ? new SourceError({ source, reason, detail, status, retryAfter: wait ?? defaultWait })
        : new SourceError({ source, reason, detail, status })
    )
  })

export const isSuccess = ({ status }: OutgoingResponse): boolean => status >= 200 && status < 300

/** The value of a JSON text; undefined for what is none. */
export const jsonOf = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString("utf8"))
  } catch {
    return undefined
  }
}

// ------------------------------------------------------------------------------------------------------------------

/** Milliseconds, where a server says "too often" and not how long to wait. */
const defaultWait = 5_000

const reasonOf: Record<OutgoingError["reason"], SourceError["reason"]> = {
  Refused: "Misconfigured",
  Invalid: "Misconfigured",
  Unresolved: "Disconnected",
  Disconnected: "Disconnected",
  TimedOut: "Disconnected",
  TooManyRedirects: "Disconnected",
  TooLarge: "Malformed"
}

const reasonOfStatus = (status: number, wait: number | undefined): SourceError["reason"] => {
  if (status === 429 || status === 418 || (status === 503 && wait !== undefined)) return "RetryAfter"
  if (status >= 500 || status === 408 || status === 425) return "Disconnected"
  return status === 401 || status === 407 || status === 451 ? "Misconfigured" : "Malformed"
}

/** The beginning of a text that a server sent along, on one line. */
const excerpt = (body: Buffer): string => {
  const text = body.subarray(0, 200).toString("utf8").replaceAll(/\s+/g, " ").trim()
  return text === "" || text.startsWith("<") ? "" : `: ${text}`
}
