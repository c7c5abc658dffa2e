import * as HdfRest from "../../../src/ingest/reducer/HdfRest.js"
import { arrayOf } from "../../../src/ingest/reducer/PublishedValue.js"
import { pictureOf } from "../../../src/ui/model/Picture.js"
import { bytesAt, numbersOf, viewOf } from "../../../src/ui/model/PublishedView.js"
import { assert, describe, it } from "@effect/vitest"

describe("viewOf", () => {
  it("sorts what is published by how it is shown", () => {
    const view = viewOf({
      events: 7,
      state: "on",
      spectrum: [1, null, 3],
      image: [
        [1, 2],
        [3, 4]
      ],
      image_attrs: { stream: "eiger", gain: 2 },
      deep: {
        cube: { left_out: true, dtype: "<u2", shape: [2, 3, 4] },
        large: { left_out: true, dtype: "<f4", shape: [9] }
      },
      ragged: [[1], [2, 3]],
      empty: [],
      words: ["a"]
    })
    assert.deepStrictEqual(view.figures, [
      { name: "events", value: 7 },
      { name: "state", value: "on" }
    ])
    assert.deepStrictEqual(
      view.lines.map(({ dtype, name, shape, values }) => [name, shape, values, dtype]),
      [
        ["spectrum", [3], [1, Number.NaN, 3], undefined],
        ["deep/large", [9], undefined, "<f4"]
      ]
    )
    assert.deepStrictEqual(
      view.pictures.map(({ name, note, shape, values }) => [name, shape, values, note]),
      [["image", [2, 2], [1, 2, 3, 4], "stream eiger, gain 2"]]
    )
    assert.deepStrictEqual(
      view.others.map(({ name }) => name),
      ["deep/cube", "ragged", "empty", "words"]
    )
  })
})

describe("an array that was left out", () => {
  it.each([
    Uint8Array.of(1, 255),
    Int16Array.of(-2, 300),
    Uint32Array.of(0, 4_000_000_000),
    Float32Array.of(0.5, -1.5),
    BigInt64Array.of(-1n, 7n)
  ])("is found by its path, and its bytes are its numbers: %o", (numbers) => {
    const published = { größe: { "a b": numbers } }
    const path = bytesAt(["größe", "a b"]).slice("/reducer".length)
    const answer = HdfRest.answer(published, { path, now: 0 })
    assert.isTrue("bytes" in answer)
    const bytes = "bytes" in answer ? answer.bytes : new Uint8Array()
    assert.deepStrictEqual(
      Array.from(numbersOf(arrayOf(numbers)?.dtype ?? "", bytes) ?? []),
      Array.from(numbers, Number)
    )
  })

  it("is read in either order of bytes, and not at all where its numbers are unknown", () => {
    assert.deepStrictEqual(Array.from(numbersOf(">u2", Uint8Array.of(1, 2)) ?? []), [258])
    assert.isUndefined(numbersOf("<c8", new Uint8Array(8)))
    assert.isUndefined(numbersOf("<u2", new Uint8Array(3)))
  })
})

describe("pictureOf", () => {
  const at = ({ colours, width }: ReturnType<typeof pictureOf>, row: number, column: number) =>
    Array.from(colours.slice(4 * (row * width + column), 4 * (row * width + column) + 4))
  const dark = [68, 1, 84, 255]
  const bright = [253, 231, 37, 255]

  it("goes from the least to the greatest value; what is no number stays clear", () => {
    const picture = pictureOf([0, 10, Number.NaN, 5], [2, 2], "all")
    assert.deepStrictEqual([picture.low, picture.high, picture.width, picture.height], [0, 10, 2, 2])
    assert.deepStrictEqual(at(picture, 0, 0), dark)
    assert.deepStrictEqual(at(picture, 0, 1), bright)
    assert.deepStrictEqual(at(picture, 1, 0), [0, 0, 0, 0])
    assert.deepStrictEqual(at(picture, 1, 1), [33, 145, 140, 255])
  })

  it("a few hot points do not darken the rest", () => {
    const values = Array.from({ length: 1_000 }, (_, index) => (index === 17 ? 1e9 : index % 100))
    assert.strictEqual(pictureOf(values, [10, 100], "most").high, 99)
    assert.strictEqual(pictureOf(values, [10, 100], "all").high, 1e9)
    const log = pictureOf([0, 9, 99], [1, 3], "log")
    assert.deepStrictEqual(at(log, 0, 1), [33, 145, 140, 255])
  })

  it("is no larger than a screen, and nothing at all is a picture, too", () => {
    const large = pictureOf(new Uint8Array(3_000 * 10), [3_000, 10], "all")
    assert.deepStrictEqual([large.step, large.width, large.height], [3, 4, 1_000])
    assert.deepStrictEqual(pictureOf([Number.NaN], [1, 1], "most").low, 0)
  })
})
