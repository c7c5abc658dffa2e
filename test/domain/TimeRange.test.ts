import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as TimeRange from "../../src/domain/TimeRange.js"

const sets = FastCheck.array(
  FastCheck.tuple(FastCheck.integer({ min: 0, max: 40 }), FastCheck.integer({ min: 0, max: 12 })).map(
    ([start, length]) => ({ start, end: start + length })
  ),
  { maxLength: 8 }
)

const points = (ranges: TimeRange.TimeRanges): ReadonlyArray<number> =>
  Array.from({ length: 60 }, (_, at) => at).filter((at) => ranges.some(({ end, start }) => start <= at && at < end))

const isSet = (ranges: TimeRange.TimeRanges): boolean =>
  ranges.every(({ end, start }, k) => start < end && (k === 0 || (ranges[k - 1]?.end ?? Infinity) < start))

describe("TimeRange", () => {
  it("union, subtract and intersect are those of the points in them, sorted and not touching", () => {
    FastCheck.assert(
      FastCheck.property(sets, sets, (a, b) => {
        const inA = new Set(points(a))
        const inB = new Set(points(b))
        for (const [name, found, wanted] of [
          ["union", TimeRange.union(a, b), (at: number) => inA.has(at) || inB.has(at)],
          ["subtract", TimeRange.subtract(a, b), (at: number) => inA.has(at) && !inB.has(at)],
          ["intersect", TimeRange.intersect(a, b), (at: number) => inA.has(at) && inB.has(at)]
        ] as const) {
          assert.isTrue(isSet(found), `${name}: ${JSON.stringify(found)}`)
          assert.deepStrictEqual(points(found), Array.from({ length: 60 }, (_, at) => at).filter(wanted), name)
        }
        assert.strictEqual(TimeRange.total(a), inA.size)
      }),
      { numRuns: 2_000 }
    )
  })
})
