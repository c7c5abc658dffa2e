/** An emitter that keeps what it is given; `accepts` is what it answers, as if the disk refused. */
import * as Effect from "effect/Effect"
import type { MessageInput } from "../../src/domain/Message.js"
import { InvalidInput } from "../../src/domain/Refusal.js"
import type { EventInput } from "../../src/domain/TelemetryEvent.js"
import { Emitter } from "../../src/procedure/Procedure.js"

export const make = (accepts = true) => {
  const events: Array<EventInput> = []
  /** Events as text, as they were posted. */
  const posted: Array<string> = []
  const messages: Array<MessageInput> = []
  const records: Array<{ readonly type: string; readonly data: unknown }> = []
  const emitter = Emitter.of({
    emit: (event) =>
      Effect.sync(() => {
        events.push(event)
        return accepts
      }),
    post: (text) =>
      Effect.suspend(() => {
        const event = JSON.parse(text) as EventInput
        if (typeof event.type !== "string") {
          return new InvalidInput({
            problems: [{ type: "missing", loc: ["body", "type"], msg: "Field required", input: {} }]
          })
        }
        posted.push(text)
        events.push(event)
        return Effect.succeed(accepts)
      }),
    message: (input) =>
      Effect.sync(() => {
        messages.push(input)
        return accepts
      }),
    record: (type, data) => Effect.sync(() => void records.push({ type, data }))
  })
  return { events, posted, messages, records, emitter }
}
