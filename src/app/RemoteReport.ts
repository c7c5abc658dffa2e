/** What the office is told of a config: a config message with its secrets masked, and a line of the log with the reason. */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { describe } from "../operations/ConfigOperations.js"
import { logBody, type MessageBody, type MessageInput } from "../domain/Message.js"
import type { ConfigInvalid, ConfigNotAllowed } from "../operations/ConfigOperations.js"
import { Outbox } from "../outbox/Outbox.js"
import { Redaction } from "../site/Redaction.js"
import { shape } from "./ConfigDocument.js"
import * as Shape from "./ConfigShape.js"

export type Status = Extract<MessageBody, { readonly variant: "config" }>["status"]

/**
 * Put before anything that waits. A queue or a disk that takes nothing is asked again for some minutes; then the report is only
 * in the log.
 */
export const config = (
  status: Status,
  document: Shape.Mapping,
  reason?: string
): Effect.Effect<void, never, Outbox | Redaction> =>
  Effect.flatMap(Redaction, ({ redact }) => {
    const masked = masking(document, redact)
    const told = reason === undefined ? masked : { ...masked, reason: redact(reason) }
    return put({ body: { variant: "config", status, config: told }, priority: "urgent" })
  })

/** A line of the station's log that the office is to see. */
export const line = (
  level: "INFO" | "WARNING" | "ERROR",
  text: string,
  details = ""
): Effect.Effect<void, never, Outbox | Redaction> =>
  Effect.flatMap(Redaction, ({ redact }) =>
    put({ body: logBody("remote-config", level, redact(text), redact(details)), priority: "urgent" })
  )

/** Each thing that is wrong, with its place. */
export const reasonOf = (error: ConfigInvalid | ConfigNotAllowed): string => error.issues.map(describe).join("\n")

// -----------------------------------------------------------------------------

const put = (input: MessageInput) =>
  Effect.flatMap(Outbox, (outbox) => outbox.put(input)).pipe(
    Effect.retry({
      schedule: Schedule.intersect(Schedule.spaced("5 seconds"), Schedule.recurs(60)),
      while: (error) => error._tag !== "MessageRefused"
    }),
    Effect.catchAll((error) => Effect.logError(`a report of a config was not put: ${error.message}`))
  )

/** Known secrets, secrets by their place, and whatever is called one, in places that nobody knows. */
const masking = (document: Shape.Mapping, redact: (text: string) => string): Shape.Mapping => {
  const masked = Shape.masked({ _tag: "Open" }, Shape.masked(shape, document))
  return Shape.asMapping(
    Shape.map({ _tag: "Open" }, masked, (value) => (typeof value === "string" ? redact(value) : value))
  )
}
