import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, FastCheck, Fiber, TestClock } from "effect"
import * as Aligned from "../../src/schedule/Aligned.js"

const farthest = 8_640_000_000_000_000

describe("untilNext", () => {
  it.prop(
    "is between 1 and the interval, and leads to its next multiple",
    [FastCheck.integer({ min: -farthest, max: farthest }), FastCheck.integer({ min: 1, max: 90 * 86_400_000 })],
    ([now, step]) => {
      const wait = Aligned.untilNext(now, Duration.millis(step))
      assert.isAtLeast(wait, 1)
      assert.isAtMost(wait, step)
      assert.strictEqual((BigInt(now) + BigInt(wait)) % BigInt(step), 0n)
    }
  )

  it("on a multiple it is a whole interval; before the epoch it is no different", () => {
    const minute = Duration.minutes(1)
    const table: ReadonlyArray<readonly [number, number]> = [
      [0, 60_000],
      [1, 59_999],
      [59_999, 1],
      [60_000, 60_000],
      [-1, 1],
      [-59_999, 59_999],
      [-60_000, 60_000],
      [farthest, 60_000],
      [-farthest, 60_000]
    ]
    for (const [now, wait] of table) assert.strictEqual(Aligned.untilNext(now, minute), wait, String(now))
  })

  it("an interval below a millisecond counts as one", () => {
    for (const step of [Duration.zero, Duration.micros(1n), Duration.nanos(1n)])
      assert.strictEqual(Aligned.untilNext(12_345, step), 1)
  })
})

/** Begins to repeat something that takes so long, and notes when each run starts. */
const starts = (every: Duration.DurationInput, takes: ReadonlyArray<number> = []) =>
  Effect.gen(function* () {
    const times: Array<number> = []
    const work = Effect.gen(function* () {
      times.push(yield* TestClock.currentTimeMillis)
      yield* Effect.sleep(takes[times.length - 1] ?? 0)
    })
    const fiber = yield* Effect.fork(Aligned.repeat(work, Duration.decode(every)))
    yield* Effect.repeatN(Effect.yieldNow(), 20)
    return { times, fiber }
  })

/** One step after another, so that no run sees a later time than its own. */
const pass = (millis: number, step = 500) =>
  Effect.repeatN(
    Effect.zipRight(TestClock.adjust(step), Effect.repeatN(Effect.yieldNow(), 10)),
    Math.round(millis / step) - 1
  )

describe("repeat", () => {
  it.effect("runs at once, and then at the aligned instants", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(23_500)
      const { times } = yield* starts("10 seconds")
      assert.deepStrictEqual(times, [23_500])
      yield* pass(6_000)
      assert.deepStrictEqual(times, [23_500])
      yield* pass(30_500)
      assert.deepStrictEqual(times, [23_500, 30_000, 40_000, 50_000, 60_000])
    })
  )

  it.effect("skips the starts that a long run missed, and never runs twice at a time", () =>
    Effect.gen(function* () {
      const { times } = yield* starts("10 seconds", [25_000, 1_000, 10_000, 9_500])
      yield* pass(70_000)
      // 10 and 20 s fall into the first run; the third ends on a start, which counts as missed.
      assert.deepStrictEqual(times, [0, 30_000, 40_000, 60_000, 70_000])
    })
  )

  it.effect("ends with the failure of a run", () =>
    Effect.gen(function* () {
      let runs = 0
      const work = Effect.suspend(() => (++runs === 3 ? Effect.fail("third") : Effect.void))
      const fiber = yield* Effect.fork(Effect.flip(Aligned.repeat(work, Duration.seconds(1))))
      yield* pass(5_000)
      assert.strictEqual(yield* Fiber.join(fiber), "third")
      assert.strictEqual(runs, 3)
    })
  )

  it.effect("stops when it is interrupted", () =>
    Effect.gen(function* () {
      const { fiber, times } = yield* starts("1 second")
      yield* pass(2_000)
      yield* Fiber.interrupt(fiber)
      yield* pass(5_000)
      assert.deepStrictEqual(times, [0, 1_000, 2_000])
    })
  )
})
