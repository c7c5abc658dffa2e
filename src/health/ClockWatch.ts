/**
 * Notices when the wall clock jumps: it is compared with the monotonic clock, which no one can set. Sequence numbers and the
 * order of lines do not depend on the wall clock, but who reads times later must be able to know.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

export interface ClockStep {
  /** Milliseconds; negative where the clock was set back. */
  readonly by: number
}

const interval = Duration.seconds(1)
/** A smaller difference is the clock being kept right, or a busy machine. */
const smallest = 500

/** Never returns; tells of every step. */
export const watch = <R>(onStep: (step: ClockStep) => Effect.Effect<void, never, R>): Effect.Effect<never, never, R> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const offset = () => clock.unsafeCurrentTimeMillis() - Number(clock.unsafeCurrentTimeNanos() / 1_000_000n)
    let last = offset()
    const look = Effect.suspend(() => {
      const now = offset()
      const by = now - last
      last = now
      return Math.abs(by) < smallest ? Effect.void : onStep({ by })
    })
    return yield* Effect.forever(Effect.zipRight(Effect.sleep(interval), look))
  })
