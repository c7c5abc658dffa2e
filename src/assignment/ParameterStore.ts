/** Values of parameters, by name and version. Which version counts is said by the controller's updates. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { EnsembleUnreachable } from "./EnsembleError.js"
import type { Incarnation } from "./WorkAssignment.js"

export class ParameterStore extends Context.Tag("outpost/ParameterStore")<
  ParameterStore,
  {
    readonly put: (name: string, version: Incarnation, value: Uint8Array) => Effect.Effect<void, EnsembleUnreachable>
    readonly get: (name: string, version: Incarnation) => Effect.Effect<Option.Option<Uint8Array>, EnsembleUnreachable>
    /** Forgets one version of a parameter; one that is not there is none. */
    readonly remove: (name: string, version: Incarnation) => Effect.Effect<void, EnsembleUnreachable>
    /** Forgets every version of every parameter, and what described them. */
    readonly clear: Effect.Effect<void, EnsembleUnreachable>
  }
>() {}
