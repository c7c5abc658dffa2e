import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { RangeSet } from "../../src/backfill/internal/rangeSet.js"
import * as TimeRange from "../../src/domain/TimeRange.js"

const steps = FastCheck.array(
  FastCheck.record({
    add: FastCheck.boolean(),
    start: FastCheck.integer({ min: 0, max: 60 }),
    length: FastCheck.integer({ min: 0, max: 15 })
  }),
  { maxLength: 30 }
)

describe("RangeSet", () => {
  it("is the union and difference of what was added and removed, in any order", () => {
    FastCheck.assert(
      FastCheck.property(steps, (steps) => {
        const set = new RangeSet()
        let model: TimeRange.TimeRanges = []
        for (const { add, length, start } of steps) {
          const range = { start, end: start + length }
          if (add) {
            set.add(range)
            model = TimeRange.union(model, [range])
          } else {
            set.remove(range)
            model = TimeRange.subtract(model, [range])
          }
          assert.deepStrictEqual(set.ranges, model)
        }
      }),
      { numRuns: 2_000 }
    )
  })
})
