import { assert, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { FrameOrder, listed } from "../../src/source/FrameOrder.js"

const seen = (numbers: ReadonlyArray<number>) => {
  const order = new FrameOrder()
  order.see({ parts: [], marker: "start" })
  for (const number of numbers) order.see({ parts: [], number })
  return order.report
}

const clean = { missing: 0, gaps: [], repeated: 0, repeats: [], late: 0, isCut: false }

it("a whole series has nothing to tell", () => {
  assert.deepStrictEqual(seen([0, 1, 2, 3]), { numbered: 4, ...clean })
})

it("tells gaps and repeats as ranges", () => {
  assert.deepStrictEqual(seen([0, 1, 5, 6, 5, 6, 9, 0]), {
    numbered: 8,
    missing: 5,
    gaps: [
      { first: 2, last: 4 },
      { first: 7, last: 8 }
    ],
    repeated: 3,
    repeats: [
      { first: 5, last: 6 },
      { first: 0, last: 0 }
    ],
    late: 0,
    isCut: false
  })
})

it("a late frame fills its gap, once", () => {
  assert.deepStrictEqual(seen([0, 5, 3, 3]), {
    numbered: 4,
    missing: 3,
    gaps: [
      { first: 1, last: 2 },
      { first: 4, last: 4 }
    ],
    repeated: 1,
    repeats: [{ first: 3, last: 3 }],
    late: 1,
    isCut: false
  })
})

it("a new start begins anew; frames without a number are not judged", () => {
  const order = new FrameOrder()
  order.see({ parts: [], number: 7 })
  order.see({ parts: [], marker: "start" })
  order.see({ parts: [] })
  order.see({ parts: [], number: 0 })
  assert.deepStrictEqual(order.report, { numbered: 1, ...clean })
})

it("lists so many and counts all", () => {
  const report = seen(Array.from({ length: listed + 50 }, (_, index) => index * 2 + 1))
  assert.strictEqual(report.gaps.length, listed)
  assert.strictEqual(report.missing, listed + 50)
  assert.isTrue(report.isCut)
})

it.prop(
  "counts agree with a set of what came",
  [FastCheck.array(FastCheck.integer({ min: 0, max: 60 }))],
  ([numbers]) => {
    const report = seen(numbers)
    const came = new Set(numbers)
    const missing = numbers.length === 0 ? 0 : Math.max(...numbers) + 1 - came.size
    const inGaps = report.gaps.flatMap(({ first, last }) =>
      Array.from({ length: last - first + 1 }, (_, n) => first + n)
    )
    return (
      report.missing === missing &&
      report.repeated === numbers.length - came.size &&
      inGaps.length === missing &&
      inGaps.every((number) => !came.has(number))
    )
  }
)
