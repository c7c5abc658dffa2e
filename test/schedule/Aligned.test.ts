import { assert, describe, it } from "@effect/vitest"
import { type Clock, Duration, Effect, Fiber, TestClock } from "effect"
import * as Aligned from "../../src/schedule/Aligned.js"
import * as SetClock from "../support/SetClock.js"

const waiting = (instant: number, between?: Aligned.Between<never>) =>
  Effect.zipLeft(Effect.fork(Aligned.sleepUntil(instant, between)), Effect.repeatN(Effect.yieldNow(), 10))

/** One step after another, so that a sleeper that wakes up sleeps again before the next. */
const pass = (duration: Duration.DurationInput, step: Duration.DurationInput) =>
  Effect.repeatN(
    Effect.zipRight(TestClock.adjust(step), Effect.repeatN(Effect.yieldNow(), 10)),
    Math.round(Duration.toMillis(duration) / Duration.toMillis(step)) - 1
  )

describe("sleepUntil", () => {
  it.effect("ends at the instant and not before; at once where it has passed", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(5_000)
      const fiber = yield* waiting(12_345)
      yield* pass("7 seconds", "1 second")
      assert.isNull(fiber.unsafePoll())
      yield* TestClock.adjust("345 millis")
      yield* Fiber.join(fiber)
      for (const gone of [12_345, 12_344, 0, -1]) yield* Aligned.sleepUntil(gone)
      assert.strictEqual(yield* TestClock.currentTimeMillis, 12_345)
    })
  )

  it.effect("wakes up as often as it is told to, once a minute at least", () =>
    Effect.gen(function* () {
      for (const [every, times] of [
        [Duration.hours(1), 4],
        [Duration.seconds(30), 7]
      ] as const) {
        let woken = 0
        const now = yield* TestClock.currentTimeMillis
        const effect = Effect.sync(() => void woken++)
        const fiber = yield* waiting(now + 3.5 * 60_000, { every, effect })
        yield* pass("210 seconds", "30 seconds")
        yield* Fiber.join(fiber)
        assert.strictEqual(woken, times)
      }
    })
  )

  it.effect("a timer that ends early is waited for again: an instant that has not come does not count", () =>
    Effect.gen(function* () {
      const set = SetClock.make(0)
      const early: Clock.Clock = {
        ...set.clock,
        sleep: (duration) => Effect.sync(() => void (set.now += Math.ceil(Duration.toMillis(duration) * 0.8)))
      }
      yield* Effect.withClock(Aligned.sleepUntil(10_000), early)
      assert.strictEqual(set.now, 10_000)
    })
  )
})
