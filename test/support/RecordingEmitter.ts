/** An emitter that keeps what it is given; `accepts` is what it answers, as if the disk refused. */
import * as Effect from "effect/Effect"
import type { EventInput } from "../../src/domain/TelemetryEvent.js"
import { Emitter } from "../../src/procedure/Procedure.js"

export const make = (accepts = true) => {
  const events: Array<EventInput> = []
  const emitter = Emitter.of({
    emit: (event) =>
      Effect.sync(() => {
        events.push(event)
        return accepts
      })
  })
  return { events, emitter }
}
