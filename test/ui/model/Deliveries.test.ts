import { counted, minutes, perMinute, type Count } from "../../../src/ui/model/Deliveries.js"
import { assert, describe, it } from "@effect/vitest"

const minute = 60_000
/** Half a minute into a minute. */
const now = 1_000 * minute + 30_000

const confirmed = (minutesAgo: number) => ({ confirmed_at: (now - minutesAgo * minute) / 1000 })

const lastFew = (bars: ReturnType<typeof perMinute>, few: number) => bars.slice(-few).map(({ messages }) => messages)

describe("deliveries per minute", () => {
  it("are counted from receipts where these are all there are", () => {
    const bars = perMinute([confirmed(0), confirmed(1), confirmed(1), confirmed(59)], true, [], now)
    assert.strictEqual(bars.length, minutes)
    assert.strictEqual(bars.at(-1)?.from, 1_000 * minute)
    assert.deepStrictEqual(lastFew(bars, 3), [0, 2, 1])
    assert.strictEqual(bars[0]?.messages, 1)
    assert.isTrue(bars.every(({ messages }) => messages !== undefined))
  })

  it("are unknown before the oldest receipt, whose own minute is not whole", () => {
    const bars = perMinute([confirmed(0), confirmed(1), confirmed(2)], false, [], now)
    assert.deepStrictEqual(lastFew(bars, 4), [undefined, undefined, 1, 1])
  })

  it("are what the counter rose where receipts do not reach back", () => {
    const history: ReadonlyArray<Count> = [
      { at: 998 * minute + 4_000, delivered: 100 },
      { at: 999 * minute - 2_000, delivered: 160 },
      { at: 1_000 * minute + 1_000, delivered: 400 },
      { at: now, delivered: 450 }
    ]
    assert.deepStrictEqual(lastFew(perMinute([confirmed(0)], false, history, now), 4), [undefined, 60, 240, 50])
  })

  it("a minute that was not watched from its begin to its end stays unknown", () => {
    const history: ReadonlyArray<Count> = [
      { at: 999 * minute + 30_000, delivered: 100 },
      { at: 1_000 * minute, delivered: 160 }
    ]
    assert.deepStrictEqual(lastFew(perMinute([confirmed(0)], false, history, now), 2), [undefined, 0])
  })

  it("the counter's history is bounded, and begins anew where it fell", () => {
    const long = Array.from({ length: 200 }, (_, index) => ({ at: index * minute, delivered: index })).reduce<
      ReadonlyArray<Count>
    >(counted, [])
    assert.isAtMost(long.length, minutes + 2)
    assert.deepStrictEqual(counted(long, { at: 200 * minute, delivered: 3 }), [{ at: 200 * minute, delivered: 3 }])
  })
})
