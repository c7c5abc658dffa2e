/**
 * Again and again until the ensemble answers.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { EnsembleUnreachable } from "../../../assignment/EnsembleError.js"

const pause = Duration.millis(250)

export const untilReached = <A, R>(effect: Effect.Effect<A, EnsembleUnreachable, R>): Effect.Effect<A, never, R> =>
  effect.pipe(
    Effect.tapError((error) => Effect.zipRight(Effect.logWarning(error.message), Effect.sleep(pause))),
    Effect.eventually
  )
