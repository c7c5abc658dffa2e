import { assert, it } from "@effect/vitest"
import { Effect, FastCheck as fc, Fiber } from "effect"
import { BoundedLine } from "../../../src/ingest/internal/boundedLine.js"

const lineOf = (items: number, weight: number) => new BoundedLine<number>({ items, weight }, (item) => item)

it("keeps order, size and weight, whatever is added and taken", () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom(-1, -2, -3, -100)), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (steps) => {
      const line = lineOf(8, 30)
      let model: Array<number> = []
      const weight = () => model.reduce((sum, item) => sum + item, 0)
      for (const step of steps) {
        if (step >= 0) {
          const free = model.length < 8 && weight() < 30
          assert.strictEqual(line.offer(step), free)
          if (free) model.push(step)
        } else if (step === -100) {
          assert.deepStrictEqual([...line.takeAll()], model)
          model = []
        } else {
          assert.deepStrictEqual([...line.first(-step)], model.slice(0, -step))
          line.drop(-step)
          model = model.slice(-step)
        }
        assert.strictEqual(line.size, model.length)
        assert.strictEqual(line.weight, weight())
      }
    })
  )
})

it.effect("wakes who waits for something, and, once it was full, who waits for room when half is gone", () =>
  Effect.gen(function* () {
    const line = lineOf(4, 1_000)
    const something = yield* Effect.fork(line.something)
    yield* Effect.yieldNow()
    assert.isNull(something.unsafePoll())
    for (let item = 0; item < 4; item++) assert.isTrue(line.offer(item))
    yield* Fiber.join(something)
    const room = yield* Effect.fork(line.room)
    line.drop(1)
    yield* Effect.yieldNow()
    assert.isNull(room.unsafePoll())
    line.drop(1)
    yield* Fiber.join(room)
  })
)
