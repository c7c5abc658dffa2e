/** The port by which a version on trial is judged: what it is lacking now. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

export class Vitals extends Context.Tag("outpost/update/Vitals")<
  Vitals,
  {
    /**
     * What keeps this process from being taken for healthy, in words: it can't accept events, its config is not in force, an
     * uplink that is configured has not made progress. Empty when all is well. Never fails, and answers at once.
     */
    readonly complaints: Effect.Effect<ReadonlyArray<string>>
  }
>() {}
