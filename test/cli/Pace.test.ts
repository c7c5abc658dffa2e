import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc, Option } from "effect"
import * as Pace from "../../src/cli/Pace.js"

const walk = (looks: ReadonlyArray<Pace.Look>) => looks.reduce<Pace.Pace>(Pace.observe, [])
const steady = (count: number, every: number, windows: number) =>
  walk(Array.from({ length: count }, (_, n) => ({ at: n * every, windows: n * windows, rows: n * windows * 100 })))

describe("a pace", () => {
  it("is unknown until there is something to compare", () => {
    assert.isTrue(Option.isNone(Pace.rates([])))
    assert.isTrue(Option.isNone(Pace.rates(steady(1, 150, 1))))
    assert.isTrue(Option.isNone(Pace.rates(steady(3, 150, 1))))
  })

  it("is per second, of windows and rows", () => {
    assert.deepStrictEqual(Pace.rates(steady(11, 100, 2)), Option.some({ windows: 20, rows: 2000 }))
    assert.deepStrictEqual(Pace.remaining(steady(11, 100, 2), 60), Option.some(3000))
  })

  it("forgets what is long ago", () => {
    const slow = steady(10, 1000, 0)
    const fast = Array.from({ length: 101 }, (_, n) => ({ at: 10_000 + n * 150, windows: n * 3, rows: 0 }))
    const rates = Pace.rates(fast.reduce<Pace.Pace>(Pace.observe, slow))
    assert.closeTo(Option.getOrThrow(rates).windows, 20, 0.1)
  })

  it("comes to nothing where nothing moves: no time is left to tell", () => {
    const stuck = steady(200, 150, 0)
    assert.deepStrictEqual(Pace.rates(stuck), Option.some({ windows: 0, rows: 0 }))
    assert.isTrue(Option.isNone(Pace.remaining(stuck, 5)))
  })

  it("begins anew where the counts go back", () => {
    const again = Pace.observe(steady(50, 150, 3), { at: 8000, windows: 0, rows: 0 })
    assert.deepStrictEqual(again, [{ at: 8000, windows: 0, rows: 0 }])
  })
})

it.prop(
  "memory is bounded, rates are never negative",
  [fc.array(fc.tuple(fc.integer({ min: 100, max: 400 }), fc.nat(9)), { maxLength: 400 })],
  ([steps]) => {
    let at = 0
    let windows = 0
    let pace: Pace.Pace = []
    for (const [millis, more] of steps) {
      at += millis
      windows += more
      pace = Pace.observe(pace, { at, windows, rows: windows })
      assert.isAtMost(pace.length, Pace.horizon / 100 + 2)
      const rates = Option.getOrElse(Pace.rates(pace), () => ({ windows: 0, rows: 0 }))
      assert.isAtLeast(rates.windows, 0)
      assert.isAtMost(rates.windows, 90)
    }
  }
)
