/** Logs in memory: nothing stays of a log that has neither entries nor readers. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import * as eventOrder from "../../../src/assignment/internal/eventOrder.js"
import * as memoryLog from "../../../src/assignment/internal/memoryLog.js"
import { events } from "../../conformance/EnsembleSuite.js"

describe("logs in memory", () => {
  it.effect("are there as long as they have entries or readers", () =>
    Effect.gen(function* () {
      const logs = memoryLog.family<number>()
      const reader = yield* Effect.fork(Stream.runDrain(logs.read("a")))
      yield* Effect.repeatN(Effect.yieldNow(), 20)
      logs.append("b", [1])
      logs.remove("none")
      assert.strictEqual(logs.size(), 2)
      logs.remove("b")
      yield* Fiber.interrupt(reader)
      assert.strictEqual(logs.size(), 0)
      logs.append("a", [1, 2])
      assert.deepStrictEqual(Array.from(yield* Stream.runCollect(Stream.take(logs.read("a"), 2))), [1, 2])
      assert.strictEqual(logs.size(), 1)
      logs.remove("a")
      assert.strictEqual(logs.size(), 0)
    })
  )
})

describe("a log that forgets", () => {
  it.effect("keeps the newest ones, and a reader that is too late goes on with them", () =>
    Effect.gen(function* () {
      const log = memoryLog.make<number>(10)
      for (let k = 0; k < 1_000; k++) log.append([k])
      assert.deepStrictEqual(log.entries(), [990, 991, 992, 993, 994, 995, 996, 997, 998, 999])
      assert.deepStrictEqual(Array.from(yield* Stream.runCollect(Stream.take(log.read("newest"), 1))), [999])
      const late = yield* Stream.toPull(Stream.rechunk(log.read("newest"), 1))
      yield* late
      for (let k = 1_000; k < 1_100; k++) log.append([k])
      const next = Array.from(yield* late)[0] ?? 0
      assert.isAtLeast(next, 1_080)
      assert.isAtMost(next, 1_090)
    }).pipe(Effect.scoped)
  )
})

describe("the order of events", () => {
  it("is kept whatever comes twice or early, and says what is missing", () => {
    const order = eventOrder.make()
    assert.deepStrictEqual(order.pass(events(0, 2)), events(0, 2))
    assert.deepStrictEqual([order.pass(events(3, 5)), order.missing()], [[], 2])
    assert.deepStrictEqual([order.pass(events(0, 3)), order.missing()], [events(2, 5), undefined])
    assert.deepStrictEqual(order.pass([...events(4, 7), ...events(5, 8)]), events(5, 8))
  })
})
