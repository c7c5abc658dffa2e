/** Who is alive: services say so themselves, again and again, and are forgotten 10 s after they last did. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { EnsembleUnreachable } from "./EnsembleError.js"
import type { ParameterDescription } from "./ParameterDescription.js"
import type { Roster, ServiceState } from "./ServiceState.js"

export class ServiceRegistry extends Context.Tag("outpost/ServiceRegistry")<
  ServiceRegistry,
  {
    /** Says that the service lives and how it is, with the parameters that its code describes. To be said at least every 10 s. */
    readonly announce: (
      service: ServiceState,
      parameters: ReadonlyArray<ParameterDescription>
    ) => Effect.Effect<void, EnsembleUnreachable>
    /** Takes a service out at once; one that is not there is none. */
    readonly withdraw: (kind: ServiceState["kind"], name: string) => Effect.Effect<void, EnsembleUnreachable>
    /** All that live, by name. A newcomer may take seconds to be seen. What can't be read is logged and left out. */
    readonly roster: Effect.Effect<Roster, EnsembleUnreachable>
    /** The same with whoever has announced itself by now, for what is decided once. Dearer than `roster`. */
    readonly census: Effect.Effect<Roster, EnsembleUnreachable>
    /** The parameters that living services describe, by name. */
    readonly descriptions: Effect.Effect<ReadonlyArray<ParameterDescription>, EnsembleUnreachable>
  }
>() {}
