import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import * as FastCheck from "effect/FastCheck"
import { Deadlines } from "../../../src/actor/internal/deadlines.js"
import { isDue } from "../../../src/actor/internal/due.js"

describe("isDue", () => {
  it("is so once the wait is over, whatever the fractions add up to", () => {
    const moment = FastCheck.double({ min: 0, max: 1e9, noNaN: true })
    FastCheck.assert(
      FastCheck.property(moment, FastCheck.double({ min: 0, max: 1e6, noNaN: true }), (then, wait) => {
        const due = then + wait
        assert.isTrue(isDue(due, then + Number(((due - then) * 1e6).toFixed(0)) / 1e6))
        assert.strictEqual(isDue(due, due - 0.01), false)
      })
    )
    assert.isTrue(isDue(677.7094950000001, 677.709495))
  })
})

it.effect("a deadline between two ticks of a clock that stands still is met, and not looked for without an end", () =>
  Effect.gen(function* () {
    yield* TestClock.adjust("677.709495 millis")
    const clock = yield* Effect.clock
    const deadlines = new Deadlines<{ settled: boolean }>(clock)
    const expired: Array<number> = []
    yield* Effect.forkScoped(deadlines.keep((wait) => void ((wait.settled = true), expired.push(1))))
    yield* Effect.yieldNow()
    deadlines.add({ settled: false }, 1e-13)
    yield* TestClock.adjust("1 millis")
    assert.deepStrictEqual(expired, [1])
  }).pipe(Effect.scoped)
)
