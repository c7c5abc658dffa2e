import { assert, describe, it } from "@effect/vitest"
import { mostLeaves, numericLeaves } from "../../../src/ui/model/NumericLeaves.js"

const paths = (data: unknown) => numericLeaves(data).map(({ path }) => path)

describe("numericLeaves", () => {
  it("finds numbers in their own order, at any depth", () => {
    assert.deepStrictEqual(numericLeaves({ load1: 0.42, cpu: { user: 3, idle: 97 } }), [
      { path: "load1", value: 0.42 },
      { path: "cpu.user", value: 3 },
      { path: "cpu.idle", value: 97 }
    ])
  })

  it("takes a bare number as the value", () => {
    assert.deepStrictEqual(numericLeaves(7), [{ path: "value", value: 7 }])
  })

  it("follows short arrays and leaves long ones, which are pictures or spectra", () => {
    assert.deepStrictEqual(paths({ xy: [1, 2], spectrum: Array.from({ length: 9 }, (_, i) => i) }), ["xy[0]", "xy[1]"])
  })

  it("takes no texts, booleans, nulls, and nothing that is not finite", () => {
    assert.deepStrictEqual(paths({ a: "1", b: true, c: null, d: Number.NaN, e: Number.POSITIVE_INFINITY, f: 0 }), ["f"])
  })

  it("leaves what counts, names or dates a thing", () => {
    assert.deepStrictEqual(paths({ seq: 4, boot_time: 1.7e9, user_id: 3, pid: 12, rate: 5, candid: 1 }), [
      "rate",
      "candid"
    ])
  })

  it("is bounded in number and depth", () => {
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i]))
    assert.strictEqual(numericLeaves(wide).length, mostLeaves)
    assert.deepStrictEqual(paths({ a: { b: { c: { d: 1, e: { f: 2 } } } } }), ["a.b.c.d"])
  })
})
