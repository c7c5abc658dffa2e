/** Values of parameters, by name and version. Which version counts is said by the controller's updates. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { EnsembleUnreachable } from "./EnsembleError.js"
import type { Incarnation } from "./WorkAssignment.js"

export class ParameterStore extends Context.Tag("outpost/ParameterStore")<
  ParameterStore,
  {
    /**
     * Keeps a value under a version that never had another one: who has got it need not ask again. The value that was put
     * before it under this name can be had for a minute more, for services that follow a little behind.
     */
    readonly put: (name: string, version: Incarnation, value: Uint8Array) => Effect.Effect<void, EnsembleUnreachable>
    /** The value of a version; none where it was never put, was forgotten, or was lost with what kept it. */
    readonly get: (name: string, version: Incarnation) => Effect.Effect<Option.Option<Uint8Array>, EnsembleUnreachable>
    /** Forgets one version of a parameter; one that is not there is none. */
    readonly remove: (name: string, version: Incarnation) => Effect.Effect<void, EnsembleUnreachable>
    /** Forgets every version of every parameter, and what described them. */
    readonly clear: Effect.Effect<void, EnsembleUnreachable>
  }
>() {}
