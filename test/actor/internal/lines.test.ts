import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { LineSplitter } from "../../../src/actor/internal/lines.js"

const encode = (text: string) => new TextEncoder().encode(text)
const split = (chunks: ReadonlyArray<string>, longest = 100) => {
  const splitter = new LineSplitter(longest)
  return [...chunks.flatMap((chunk) => splitter.push(encode(chunk))), ...splitter.end()]
}

describe("lines", () => {
  it("cuts at newlines, with or without a carriage return, wherever the chunks end", () => {
    assert.deepStrictEqual(
      split(["a\r", "\nb", "c\n\nd"]).map((line) => line.text),
      ["a", "bc", "", "d"]
    )
  })

  it("cuts and marks a line that is too long, and goes on with the next", () => {
    assert.deepStrictEqual(split(["abcd", "efgh", "ij\nk\n"], 5), [
      { text: "abcde", cut: true },
      { text: "k", cut: false }
    ])
    assert.deepStrictEqual(split(["abcde\n"], 5), [{ text: "abcde", cut: false }])
    assert.deepStrictEqual(split(["abcdef"], 5), [{ text: "abcde", cut: true }])
  })

  it.prop(
    "gives back every line, however the bytes are dealt out",
    [FastCheck.array(FastCheck.stringMatching(/^[a-zé☃]{0,20}$/)), FastCheck.integer({ min: 1, max: 7 })],
    ([texts, size]) => {
      const bytes = encode(texts.map((text) => `${text}\n`).join(""))
      const splitter = new LineSplitter(1_000)
      const found: Array<string> = []
      for (let at = 0; at < bytes.length; at += size) {
        found.push(...splitter.push(bytes.subarray(at, at + size)).map((line) => line.text))
      }
      assert.deepStrictEqual(found, texts)
      assert.deepStrictEqual(splitter.end(), [])
    }
  )
})
