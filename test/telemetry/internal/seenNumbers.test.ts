import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { NumberCheck } from "../../../src/telemetry/internal/numberCheck.js"
import { SeenNumbers } from "../../../src/telemetry/internal/seenNumbers.js"

const Numbers = Schema.Array(Schema.Int.pipe(Schema.between(1, 400)))

describe("seen numbers", () => {
  it.prop("say what is new, and which are missing", [Numbers], ([numbers]) => {
    const seen = new SeenNumbers()
    const known = new Set<number>()
    // Around the end of a stretch.
    const base = 65_536 - 200
    for (const number of numbers) {
      assert.strictEqual(seen.add(base + number), !known.has(number))
      known.add(number)
    }
    const missing = [...seen.missing(base + 1, base + 400)].flatMap(([first, last]) =>
      Array.from({ length: last - first + 1 }, (_, i) => first + i - base)
    )
    assert.deepStrictEqual(
      missing,
      Array.from({ length: 400 }, (_, i) => i + 1).filter((number) => !known.has(number))
    )
  })

  it("complete stretches and far numbers cost no time", () => {
    const seen = new SeenNumbers()
    for (let number = 0; number < 200_000; number++) if (number !== 150_000) assert.isTrue(seen.add(number))
    assert.isFalse(seen.add(5))
    assert.isTrue(seen.add(900_000_000_000_000))
    assert.deepStrictEqual(
      [...seen.missing(1, 900_000_000_000_001)],
      [
        [150_000, 150_000],
        [200_000, 899_999_999_999_999],
        [900_000_000_000_001, 900_000_000_000_001]
      ]
    )
  })
})

describe("the numbers of a stream", () => {
  it("of runs whose files take turns are neither missing nor twice", () => {
    const check = new NumberCheck(30)
    for (const seq of [1, 2, 3, 8, 9]) assert.isUndefined(check.add(seq, "A", seq))
    for (const seq of [5, 6, 7]) assert.isUndefined(check.add(seq, "B", seq))
    assert.strictEqual(check.add(2, "C", 0), "A")
    assert.deepStrictEqual(check.gaps(10), [{ path: "A", offset: 8, firstSeq: 4, lastSeq: 4 }])
    check.excuse(4, 4)
    assert.deepStrictEqual(check.gaps(10), [])
    assert.isUndefined(check.add(4, "C", 0))
  })

  it("are told however many places are without, and only where the index can't tell", () => {
    const check = new NumberCheck(9_000)
    for (let seq = 2; seq < 20_000; seq += 2) check.add(seq, "A", seq)
    assert.strictEqual(check.gaps(10_000).length, 4_500)
    assert.strictEqual(check.gaps(100).length, 100)
  })
})
