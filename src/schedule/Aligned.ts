/** Waiting for an instant of the clock: wherever it began, something that happens every minute happens at :00 of each. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** The clock may be set: it is looked at again after this at the latest. */
const longest = Duration.minutes(1)

/**
 * Sleeps until the clock shows the instant. A timer may end a little early: an instant that has not come yet does not count.
 * `between` is done each time it wakes up, at least once a minute.
 */
export const sleepUntil = <R = never>(
  instant: number,
  between: Effect.Effect<void, never, R> = Effect.void
): Effect.Effect<void, never, R> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    now >= instant
      ? Effect.void
      : Effect.sleep(Duration.min(longest, Duration.millis(instant - now))).pipe(
          Effect.zipRight(between),
          Effect.zipRight(sleepUntil(instant, between))
        )
  )
