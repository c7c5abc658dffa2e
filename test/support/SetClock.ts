/** A clock whose time is set by hand, while sleeping takes real time: for stores on real files. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

export interface SetClock {
  /** Unix milliseconds. */
  now: number
  readonly clock: Clock.Clock
}

export const make = (now: number): SetClock => {
  const real = Clock.make()
  const set: SetClock = {
    now,
    clock: {
      [Clock.ClockTypeId]: Clock.ClockTypeId,
      unsafeCurrentTimeMillis: () => set.now,
      currentTimeMillis: Effect.sync(() => set.now),
      unsafeCurrentTimeNanos: () => BigInt(set.now) * 1_000_000n,
      currentTimeNanos: Effect.sync(() => BigInt(set.now) * 1_000_000n),
      sleep: real.sleep
    }
  }
  return set
}
