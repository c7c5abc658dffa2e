import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as FastCheck from "effect/FastCheck"
import * as PythonText from "../../src/ledger/PythonText.js"
import { hasPython, python } from "../support/Python.js"

describe("PythonText", () => {
  it("reads as if a Python script had given it", () => {
    assert.deepStrictEqual(
      PythonText.members(
        '{"a":null,"b":true,"c":1.0,"d":1,"e":"x","f":[1,"a",null],"g":{"k":"it\'s"},"h":12345678901234567890}'
      ),
      Option.some({
        a: "None",
        b: "True",
        c: "1.0",
        d: "1",
        e: "x",
        f: "[1, 'a', None]",
        g: `{'k': "it's"}`,
        h: "12345678901234567890"
      })
    )
  })

  it("is none where the text is no object, or no JSON", () => {
    for (const text of ["", "1", "[]", '"a"', "null", "{", "{a:1}", '{"a":01}', '{"a":1}}'])
      assert.isTrue(Option.isNone(PythonText.members(text)), text)
  })

  it("of two members of a name the last counts; any name will do", () => {
    assert.deepStrictEqual(PythonText.members('{"a":1,"a":2}'), Option.some({ a: "2" }))
    const strange = PythonText.members('{"__proto__":1,"1":2}')
    assert.deepStrictEqual(Option.map(strange, Object.keys), Option.some(["1", "__proto__"]))
  })

  it.skipIf(!hasPython)("writes any JSON as Python's str() does", () => {
    const numbers = FastCheck.oneof(
      FastCheck.constantFrom(
        "0",
        "-0",
        "-0.0",
        "1e5",
        "1E-5",
        "1e16",
        "1.5e+300",
        "1e999",
        "-1e999",
        "0.0001",
        "123456789012345680.0"
      ),
      FastCheck.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      FastCheck.bigInt().map(String)
    )
    const values = FastCheck.letrec<{ value: string }>((tie) => ({
      value: FastCheck.oneof(
        { maxDepth: 3 },
        numbers,
        FastCheck.constantFrom("null", "true", "false"),
        FastCheck.string({
          unit: FastCheck.constantFrom("a", "'", '"', "\\", "\n", "é", "1", "\u0001", "😀", "\u00a0")
        }).map((text) => JSON.stringify(text)),
        FastCheck.array(tie("value"), { maxLength: 3 }).map((items) => `[${items.join(", ")}]`),
        FastCheck.array(tie("value"), { maxLength: 3 }).map(
          (items) => `{${items.map((item, place) => `"k${place}'": ${item}`).join(",")}}`
        )
      )
    })).value
    const texts = FastCheck.sample(values, { numRuns: 3_000, seed: 11 }).map((value) => `{"v": ${value}}`)
    const wanted = python(`print(json.dumps([str(json.loads(t)["v"]) for t in data]))`, texts)
    texts.forEach((text, place) =>
      assert.deepStrictEqual(PythonText.members(text), Option.some({ v: wanted[place] }), text)
    )
  })
})
