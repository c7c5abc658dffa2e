/**
 * Tells of what may go wrong for every event: the first time at once, after that at most once a second, with how often.
 *
 * @internal
 */
import * as Effect from "effect/Effect"

const pause = 1_000_000_000n

export const make: Effect.Effect<(complaint: string, count?: number) => Effect.Effect<void>> = Effect.map(
  Effect.clock,
  (clock) => {
    let told: bigint | undefined
    let untold = 0
    return (complaint, count = 1) =>
      Effect.suspend(() => {
        const now = clock.unsafeCurrentTimeNanos()
        if (told !== undefined && now - told < pause) {
          untold += count
          return Effect.void
        }
        const more = untold === 0 ? "" : ` (and ${untold} more since the last line)`
        told = now
        untold = 0
        return Effect.logWarning(`${complaint}${more}`)
      })
  }
)
