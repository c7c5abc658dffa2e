import { assert, describe, it } from "@effect/vitest"
import { capacity, TypeSeries } from "../../../src/ui/model/TypeSeries.js"

const filled = (times: ReadonlyArray<number>) => {
  const series = new TypeSeries("t")
  for (const at of times) series.add(at, [{ path: "x", value: at }])
  return series
}

const leaves = (at: number) => Array.from({ length: 24 }, (_, i) => ({ path: `f${i}`, value: Math.sin(at * (i + 1)) }))

const every = (millis: number, count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i * millis)

describe("TypeSeries", () => {
  it("marks silence that is long for this type as a break, and only that", () => {
    const series = filled([...every(1_000, 10), 9_000 + 60_000, 70_000])
    assert.deepStrictEqual(
      series.breaks.flatMap((broken, row) => (broken ? [row] : [])),
      [10]
    )
    assert.isFalse(filled(every(60_000, 20)).breaks.includes(true))
  })

  it("its pace is what is usual, whatever the breaks", () => {
    assert.strictEqual(filled([...every(2_000, 9), 500_000, 502_000]).pace, 2_000)
    assert.strictEqual(filled([0, 1]).pace, undefined)
  })

  it("puts late rows where they belong", () => {
    const series = filled([1_000, 3_000])
    series.add(2_000, [{ path: "y", value: 5 }])
    assert.deepStrictEqual(series.times, [1_000, 2_000, 3_000])
    assert.deepStrictEqual(series.columns.get("x"), [1_000, undefined, 3_000])
    assert.deepStrictEqual(series.columns.get("y"), [undefined, 5, undefined])
  })

  it("a field that comes later, or stays out, is absent in the other rows", () => {
    const series = new TypeSeries("t")
    series.add(1, [{ path: "a", value: 1 }])
    series.add(2, [{ path: "b", value: 2 }])
    assert.deepStrictEqual(series.columns.get("a"), [1, undefined])
    assert.deepStrictEqual(series.columns.get("b"), [undefined, 2])
    assert.strictEqual(series.latest("a"), 1)
  })

  it("stays bounded under any load, and keeps the peak and the newest row", () => {
    const series = new TypeSeries("t")
    for (let at = 0; at < 5 * capacity; at++) series.add(at, [{ path: "x", value: at === 777 ? 1e6 : Math.sin(at) }])
    assert.isAtMost(series.times.length, capacity)
    assert.strictEqual(series.columns.get("x")?.length, series.times.length)
    assert.strictEqual(series.breaks.length, series.times.length)
    assert.strictEqual(series.lastAt, 5 * capacity - 1)
    assert.isTrue(series.columns.get("x")?.includes(1e6))
  })

  it("stays bounded where rows have many fields", () => {
    const series = new TypeSeries("t")
    for (let at = 0; at < 2 * capacity; at++) series.add(at, leaves(at))
    assert.isAtMost(series.times.length, capacity)
  })

  it("lets go of what is old", () => {
    const series = filled(every(1_000, 10))
    series.forgetBefore(7_000)
    assert.deepStrictEqual(series.times, [7_000, 8_000, 9_000])
    assert.deepStrictEqual(series.columns.get("x"), [7_000, 8_000, 9_000])
  })
})
