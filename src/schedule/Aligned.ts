/**
 * Intervals aligned to the clock: something that happens every minute happens at :00 of each minute, wherever it began.
 * A run that takes longer than the interval skips the starts it missed.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** Milliseconds from `now` to the next multiple of the interval since the epoch; never 0. */
export const untilNext = (now: number, every: Duration.Duration): number => {
  const step = Math.max(1, Duration.toMillis(every))
  return step - (((now % step) + step) % step)
}

/** Does `work` now, and then at each aligned start. */
export const repeat = <A, E, R>(work: Effect.Effect<A, E, R>, every: Duration.Duration): Effect.Effect<never, E, R> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const pause = Effect.suspend(() => {
      const now = clock.unsafeCurrentTimeMillis()
      return sleepUntil(clock, now + untilNext(now, every))
    })
    return yield* Effect.forever(Effect.zipRight(work, pause))
  })

/** A timer may end a little early: an instant that has not come yet must not be counted twice. */
const sleepUntil = (clock: Clock.Clock, instant: number): Effect.Effect<void> =>
  Effect.suspend(() => {
    const left = instant - clock.unsafeCurrentTimeMillis()
    return left <= 0 ? Effect.void : Effect.zipRight(Effect.sleep(Duration.millis(left)), sleepUntil(clock, instant))
  })
