import { assert, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as ClockWatch from "../../src/health/ClockWatch.js"

it.effect("tells how far the clock was set, and nothing of a clock that only runs", () =>
  Effect.gen(function* () {
    const real = yield* Effect.clock
    let shift = 0
    const settable: Clock.Clock = {
      ...real,
      [Clock.ClockTypeId]: Clock.ClockTypeId,
      unsafeCurrentTimeMillis: () => real.unsafeCurrentTimeMillis() + shift,
      unsafeCurrentTimeNanos: () => real.unsafeCurrentTimeNanos(),
      sleep: (duration) => real.sleep(duration)
    }
    const steps: Array<number> = []
    const fiber = yield* ClockWatch.watch(({ by }) => Effect.sync(() => void steps.push(by))).pipe(
      Effect.withClock(settable),
      Effect.fork
    )
    yield* TestClock.adjust("10 seconds")
    assert.deepStrictEqual(steps, [])
    shift = -60_000
    yield* TestClock.adjust("2 seconds")
    shift = 7_140_000
    yield* TestClock.adjust("2 seconds")
    shift += 100
    yield* TestClock.adjust("2 seconds")
    yield* Fiber.interrupt(fiber)
    assert.deepStrictEqual(steps, [-60_000, 7_200_000])
  })
)
