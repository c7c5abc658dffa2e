/** A tick that about one worker of all gets in each interval. */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { EnsembleUnreachable } from "./EnsembleError.js"
import type { MappingId } from "./WorkAssignment.js"

export class TickClock extends Context.Tag("outpost/TickClock")<
  TickClock,
  {
    /** Whether this caller is the one of the interval that has just begun; asked again early it answers from memory. */
    readonly tick: (mapping: MappingId, interval: Duration.Duration) => Effect.Effect<boolean, EnsembleUnreachable>
  }
>() {}
