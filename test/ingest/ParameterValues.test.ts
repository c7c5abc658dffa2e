import { assert, describe, it } from "@effect/vitest"
import { decodeParameter, decodeParameters } from "../../src/ingest/ParameterValues.js"

const bytes = (text: string) => Buffer.from(text, "latin1")

describe("ParameterValues", () => {
  it("decodes as all services do; what does not fit is the empty text, 0 or false", () => {
    const cases = [
      ["str", "caf\xc3\xa9", "café"],
      ["str", "\xff", ""],
      ["int", " 10 ", 10],
      ["int", "-1_000", -1000],
      ["int", "1.5", 0],
      ["int", "0x10", 0],
      ["int", "", 0],
      ["float", "0.5", 0.5],
      ["float", "1e3", 1000],
      ["float", "-inf", Number.NEGATIVE_INFINITY],
      ["float", "nan", Number.NaN],
      ["float", "abc", 0],
      ["bool", "True", true],
      ["bool", "true", false],
      ["bool", "1", false]
    ] as const
    for (const [dtype, text, value] of cases) {
      assert.deepStrictEqual(decodeParameter(dtype, bytes(text)), value, `${dtype} ${text}`)
    }
    const raw = bytes("\x00\xff")
    assert.strictEqual(decodeParameter("binary", raw), raw)
  })

  it("a parameter that is not set has its default, one that nobody describes stays bytes", () => {
    const described = [
      { name: "gain", description: null, dtype: "float", default: 2.5 },
      { name: "on", description: null, dtype: "bool", default: null },
      { name: "__proto__", description: null, dtype: "str", default: "x" }
    ] as const
    const values = decodeParameters(described, new Map([["other", bytes("7")]]))
    assert.deepStrictEqual(Object.entries(values), [
      ["gain", 2.5],
      ["on", false],
      ["__proto__", "x"],
      ["other", bytes("7")]
    ])
    assert.strictEqual(decodeParameters(described, new Map([["gain", bytes("3")]]))["gain"], 3)
  })
})
