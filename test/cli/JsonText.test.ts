import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc, Option } from "effect"
import * as JsonText from "../../src/cli/JsonText.js"

describe("JSON as text", () => {
  it("members keep digits, order and repeated keys", () => {
    assert.deepStrictEqual(JsonText.members('{ "b" : 12345678901234567890123 , "a":[1, {"x":"}"}],"b":1.0, "c":{} }'), [
      ["b", "12345678901234567890123"],
      ["a", '[1,{"x":"}"}]'],
      ["b", "1.0"],
      ["c", "{}"]
    ])
    assert.strictEqual(JsonText.member('{"b":1,"b":2}', "b"), "2")
    assert.deepStrictEqual(JsonText.members('{"a\\"b\\u0041":":"}'), [['a"bA', '":"']])
    assert.deepStrictEqual(JsonText.members("{}"), [])
  })

  it("says what is an object", () => {
    for (const text of ["{}", ' {"a":1} ', '{"__proto__":1}']) assert.isTrue(JsonText.isObject(text), text)
    for (const text of ["[]", "null", "1", '"{}"', "{", "{'a':1}", ""]) assert.isFalse(JsonText.isObject(text), text)
  })

  it("pretty text has two blanks a level", () =>
    assert.strictEqual(
      JsonText.pretty('{"a":[1,{}],"b":{"c":1.50}}'),
      '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": {\n    "c": 1.50\n  }\n}'
    ))
})

it.prop("pretty and members mean what the text meant", [fc.dictionary(fc.string(), fc.jsonValue())], ([value]) => {
  const text = JSON.stringify(value)
  assert.deepStrictEqual(Option.getOrThrow(JsonText.valueOf(JsonText.pretty(text))), JSON.parse(text))
  assert.deepStrictEqual(
    JsonText.members(text).map(([key, inner]) => [key, JSON.parse(inner)]),
    Object.entries(JSON.parse(text))
  )
})
