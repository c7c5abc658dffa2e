import { arrayOf, toJson } from "../../../src/ingest/reducer/PublishedValue.js"
import { assert, describe, it } from "@effect/vitest"

const picture = { shape: [2, 3], data: Uint16Array.of(1, 2, 3, 4, 5, 6) }

describe("toJson", () => {
  it("has arrays as lists, however they are written down", () => {
    assert.deepStrictEqual(toJson({ picture, line: [1, 2.5], typed: Float64Array.of(0.5, Number.NaN) }), {
      picture: [
        [1, 2, 3],
        [4, 5, 6]
      ],
      line: [1, 2.5],
      typed: [0.5, null]
    })
  })

  it("leaves out the numbers of arrays that are larger than asked for, at any depth, and nothing else", () => {
    const value = { picture, deep: { typed: new Float32Array(4) }, line: [1, 2, 3], words: ["a", "b", "c", "d"], n: 7 }
    assert.deepStrictEqual(toJson(value, 3), {
      picture: { left_out: true, dtype: "<u2", shape: [2, 3] },
      deep: { typed: { left_out: true, dtype: "<f4", shape: [4] } },
      line: [1, 2, 3],
      words: ["a", "b", "c", "d"],
      n: 7
    })
    assert.deepStrictEqual(toJson(value, 6), toJson(value))
    assert.deepStrictEqual(toJson([[1, 2], [3]], 1), [{ left_out: true, dtype: "<i8", shape: [2] }, [3]])
  })

  it("a value that contains itself has an end", () => {
    const twice: Record<string, unknown> = { n: 1 }
    Object.assign(twice, { left: twice, right: twice })
    const list: Array<unknown> = []
    list.push(list)
    for (const largest of [1, undefined]) {
      assert.deepStrictEqual(toJson(twice, largest), { n: 1, left: null, right: null })
      assert.deepStrictEqual(toJson(list, largest), [null])
    }
    assert.isUndefined(arrayOf(list))
  })
})
