/** Follows an update from its beginning to the switch, and tells each step on standard error. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { StorageFailed } from "../domain/Refusal.js"
import { UpdateFailed, type UpdateAttempt, type UpdatePhase, type UpdateStatus } from "../domain/Update.js"
import type { NotAllowed } from "../operations/Unreachable.js"
import { UpdateOperations } from "../operations/UpdateOperations.js"
import * as Output from "./Output.js"

/** How far it could be seen: up to the trial, or until the server was gone to restart. */
export type Seen = "trial" | "restarting"

export const follow = (
  attempt: UpdateAttempt
): Effect.Effect<Seen, UpdateFailed | StorageFailed | NotAllowed, UpdateOperations | Output.Sink> =>
  Effect.gen(function* () {
    const updates = yield* UpdateOperations
    let told: UpdatePhase | undefined
    const look = Effect.gen(function* () {
      const status = yield* updates.status
      const end = endOf(status, attempt)
      if (end !== undefined) return Option.some(yield* end)
      if (status.phase !== told) yield* Output.note(`${status.phase} ${attempt.to}`)
      told = status.phase
      return Option.none<Seen>()
    }).pipe(Effect.catchTag("ServerUnreachable", () => Effect.succeedSome<Seen>("restarting")))
    for (let seen = yield* look; ; seen = yield* Effect.delay(look, "500 millis"))
      if (Option.isSome(seen)) return seen.value
  })

// ------------------------------------------------------------------------------------------------------------------

const endOf = (
  { attempt: open, last, phase }: UpdateStatus,
  attempt: UpdateAttempt
): Effect.Effect<Seen, UpdateFailed> | undefined => {
  if (open?.begun === attempt.begun) return phase === "trial" ? Effect.succeed("trial") : undefined
  const { detail = null, outcome, reason = null } = last?.begun === attempt.begun ? last : {}
  return outcome === "healthy" || reason === null
    ? Effect.succeed("trial")
    : Effect.fail(new UpdateFailed({ reason, detail: detail ?? reason }))
}
