/** What the controller tells all services: new mappings, parameters, the end of a scan. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { ControllerUpdate } from "./ControllerUpdate.js"
import type { EnsembleUnreachable } from "./EnsembleError.js"

export class UpdateLog extends Context.Tag("outpost/UpdateLog")<
  UpdateLog,
  {
    /** Appends, and forgets what is older than a bounded number of updates. */
    readonly append: (update: ControllerUpdate) => Effect.Effect<void, EnsembleUnreachable>
    /** The newest update there is now. */
    readonly newest: Effect.Effect<Option.Option<ControllerUpdate>, EnsembleUnreachable>
    /**
     * The newest update there is, then every one that comes, in order: none is left out. Waits out a lost link and goes on
     * behind the last one it has seen. Never ends.
     */
    readonly read: Stream.Stream<ControllerUpdate>
    /** Forgets all. */
    readonly remove: Effect.Effect<void, EnsembleUnreachable>
  }
>() {}
