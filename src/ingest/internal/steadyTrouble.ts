/**
 * Tells of a trouble that lasts, for work that is tried again and again: when it begins and when it becomes another one, and
 * not each time.
 *
 * @internal
 */
import * as Effect from "effect/Effect"

/** Runs what may fail; answers nothing. The next success ends the trouble. */
export const make = (): (<R>(
  attempt: Effect.Effect<unknown, { readonly message: string }, R>
) => Effect.Effect<void, never, R>) => {
  let told: string | undefined
  return (attempt) =>
    Effect.matchEffect(attempt, {
      onSuccess: () => Effect.sync(() => void (told = undefined)),
      onFailure: ({ message }) =>
        Effect.suspend(() => {
          if (told === message) return Effect.void
          told = message
          return Effect.logWarning(message)
        })
    })
}
