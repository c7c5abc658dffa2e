/** The verbs of updates: what there is, take it, go back, how it goes. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StorageFailed } from "../domain/Refusal.js"
import type {
  NoPreviousVersion,
  NotLaunched,
  UpdateAttempt,
  UpdateBusy,
  UpdateFailed,
  UpdateOffer,
  UpdateStatus
} from "../domain/Update.js"
import type { Remote } from "./Unreachable.js"

export class UpdateOperations extends Context.Tag("outpost/operations/UpdateOperations")<
  UpdateOperations,
  {
    /** What the source offers, and whether it would be taken. Changes nothing. */
    readonly check: (version?: string) => Effect.Effect<UpdateOffer, UpdateFailed | StorageFailed | Remote>
    /**
     * Begun, durably, once it returns; `status` tells how it goes. On a site without a server it is carried out first, up to the
     * switch. A manifest that is refused begins nothing.
     */
    readonly apply: (
      version?: string
    ) => Effect.Effect<UpdateAttempt, UpdateFailed | UpdateBusy | NotLaunched | StorageFailed | Remote>
    /** Returns to the version before this one. Begun, durably, once it returns; the server restarts for it. */
    readonly rollback: Effect.Effect<
      { readonly to: string | null },
      NoPreviousVersion | UpdateBusy | UpdateFailed | NotLaunched | StorageFailed | Remote
    >
    readonly status: Effect.Effect<UpdateStatus, StorageFailed | Remote>
  }
>() {}
