/** One controller for an ensemble. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ControllerActive, EnsembleUnreachable, LockLost } from "./EnsembleError.js"

export class ControllerLock extends Context.Tag("outpost/ControllerLock")<
  ControllerLock,
  {
    /**
     * Takes the ensemble for as long as the scope lasts, waiting a minute for a predecessor that has gone; then
     * `ControllerActive`. What it gives never ends well: it fails as soon as the lock has gone to another one, or could not be
     * renewed before it ran out.
     */
    readonly hold: Effect.Effect<Effect.Effect<never, LockLost>, ControllerActive | EnsembleUnreachable, Scope.Scope>
  }
>() {}
