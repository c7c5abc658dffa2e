/** Waiting for an instant of the clock: wherever it began, something that happens every minute happens at :00 of each. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** The clock may be set: it is looked at again after this at the latest. */
const longest = Duration.minutes(1)

/** What is done while it sleeps: each time it wakes up, and at least so often. */
export interface Between<R> {
  readonly every: Duration.Duration
  readonly effect: Effect.Effect<void, never, R>
}

/** Sleeps until the clock shows the instant. A timer may end a little early: an instant that has not come does not count. */
export const sleepUntil = <R = never>(instant: number, between?: Between<R>): Effect.Effect<void, never, R> => {
  const most = between === undefined ? longest : Duration.min(longest, between.every)
  const woken: Effect.Effect<void, never, R> = between === undefined ? Effect.void : between.effect
  const again: Effect.Effect<void, never, R> = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    now >= instant
      ? Effect.void
      : Effect.sleep(Duration.min(most, Duration.millis(instant - now))).pipe(
          Effect.zipRight(woken),
          Effect.zipRight(again)
        )
  )
  return again
}
