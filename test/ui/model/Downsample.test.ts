import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { downsample } from "../../../src/ui/model/Downsample.js"

const wave = (rows: number) => Array.from({ length: rows }, (_, row) => Math.sin(row / 7))

describe("downsample", () => {
  it("keeps all rows where there are few", () => {
    assert.deepStrictEqual(downsample(3, [[1, 2, 3]], 10), [0, 1, 2])
  })

  it("keeps a lone peak and a lone dip among many rows", () => {
    const column = wave(10_000)
    column[4_321] = 99
    column[8_765] = -99
    const kept = downsample(10_000, [column], 200)
    assert.isAtMost(kept.length, 202)
    assert.include(kept, 4_321)
    assert.include(kept, 8_765)
  })

  it("keeps the peaks of every column", () => {
    const one = wave(5_000)
    const other: Array<number | undefined> = wave(5_000)
    one[1_234] = 50
    other[1_235] = 60
    const kept = downsample(5_000, [one, other], 400)
    assert.includeMembers([...kept], [1_234, 1_235])
  })

  it("keeps the rows it is told to", () => {
    const kept = downsample(1_000, [wave(1_000)], 20, (row) => row === 517)
    assert.include(kept, 517)
  })

  it.prop(
    "answers rows in order, each once, with the first and the last",
    [
      FastCheck.array(FastCheck.option(FastCheck.double({ noNaN: true }), { nil: undefined }), {
        minLength: 1,
        maxLength: 500
      }),
      FastCheck.integer({ min: 1, max: 100 })
    ],
    ([column, target]) => {
      const kept = downsample(column.length, [column], target)
      assert.strictEqual(kept[0], 0)
      assert.strictEqual(kept.at(-1), column.length - 1)
      for (const [index, row] of kept.entries()) if (index > 0) assert.isAbove(row, kept[index - 1] ?? row)
    }
  )
})
