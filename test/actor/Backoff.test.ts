import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, FastCheck, Option, Schedule, TestClock } from "effect"
import * as Backoff from "../../src/actor/Backoff.js"

const steps = (backoff: Backoff.Backoff, count: number) =>
  Effect.forEach(Array.from({ length: count }), () => Effect.map(backoff.next("crash"), Option.getOrThrow)).pipe(
    Effect.map((waits) => waits.map(Duration.toMillis))
  )

describe("Backoff", () => {
  it.effect("steps an exponential schedule without sleeping", () =>
    Effect.gen(function* () {
      const backoff = Backoff.make(Schedule.exponential("100 millis"))
      assert.deepStrictEqual(yield* steps(backoff, 5), [100, 200, 400, 800, 1600])
    })
  )

  it.effect("begins again after a reset", () =>
    Effect.gen(function* () {
      const backoff = Backoff.make(Schedule.exponential("100 millis"))
      yield* steps(backoff, 4)
      yield* backoff.reset
      assert.deepStrictEqual(yield* steps(backoff, 2), [100, 200])
    })
  )

  it.effect("says when the schedule allows no more", () =>
    Effect.gen(function* () {
      const backoff = Backoff.make(Schedule.recurs(2))
      yield* steps(backoff, 2)
      assert.isTrue(Option.isNone(yield* backoff.next("crash")))
      yield* backoff.reset
      assert.isTrue(Option.isSome(yield* backoff.next("crash")))
    })
  )

  it.effect("waits for the rest of a window that is aligned to the clock", () =>
    Effect.gen(function* () {
      const backoff = Backoff.make(Schedule.windowed("10 seconds"))
      yield* TestClock.adjust("3 seconds")
      yield* backoff.next("crash")
      yield* TestClock.adjust("4 seconds")
      assert.deepStrictEqual(yield* steps(backoff, 1), [6_000])
    })
  )

  it.effect("none never waits", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* steps(Backoff.make(Backoff.none), 50),
        Array.from({ length: 50 }, () => 0)
      )
    })
  )

  it.effect.prop(
    "the default lies within a quarter below the exponential, and never above a minute",
    [FastCheck.integer({ min: 1, max: 80 })],
    ([count]) =>
      Effect.gen(function* () {
        const waits = yield* steps(Backoff.make(Backoff.defaultSchedule), count)
        waits.forEach((wait, n) => {
          const full = Math.min(250 * 2 ** n, 60_000)
          assert.isAtMost(wait, full)
          assert.isAtLeast(wait, Math.floor(full * 0.75))
        })
      })
  )

  it.effect("the default grows until it reaches its cap, and stays there however long it goes on", () =>
    Effect.gen(function* () {
      const waits = yield* steps(Backoff.make(Backoff.defaultSchedule), 2_000)
      const rise = waits.slice(0, 8)
      rise.slice(1).forEach((wait, n) => assert.isAbove(wait, rise[n] ?? 0))
      for (const wait of waits.slice(8)) assert.isTrue(wait >= 45_000 && wait <= 60_000, `${wait}`)
    })
  )

  it.effect.prop("a reset always leads back to the first wait", [FastCheck.array(FastCheck.boolean())], ([script]) =>
    Effect.gen(function* () {
      const backoff = Backoff.make(Schedule.exponential("100 millis"))
      let expected = 100
      for (const reset of script) {
        if (reset) {
          yield* backoff.reset
          expected = 100
        }
        assert.deepStrictEqual(yield* steps(backoff, 1), [expected])
        expected *= 2
      }
    })
  )
})
