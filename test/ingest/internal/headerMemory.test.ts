import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { HeaderMemory } from "../../../src/ingest/internal/headerMemory.js"

const bytes = (text: string) => Buffer.from(text)
const header = (event: string, rest = `,"streams":{"cam":1}}`) => bytes(`{"event_number":${event}${rest}`)

const taught = (first: Buffer) => {
  const memory = new HeaderMemory<string>()
  memory.learn(first, "said")
  return memory
}

describe("what headers said", () => {
  it("is recalled for every number that JSON would read the same", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (one, other) => {
        const recalled = taught(header(String(one))).recall(header(String(other)))
        const isShort = String(one).length <= 15 && String(other).length <= 15
        assert.deepStrictEqual(recalled, isShort ? { event_number: other, said: "said" } : undefined)
      })
    )
  })

  it("is not recalled where anything else differs, or the number has another form", () => {
    const memory = taught(header("12"))
    assert.isDefined(memory.recall(header("0")))
    for (const number of ["", "-1", "01", "00", " 1", "1 ", "1.5", "1e3", '"1"', "1234567890123456"]) {
      assert.isUndefined(memory.recall(header(number)), number)
    }
    for (const rest of ["", "}", `,"streams":{"cam":2}}`, `,"streams":{"cam":1}} `]) {
      assert.isUndefined(memory.recall(header("12", rest)), rest)
    }
    for (const text of ["", "{", `{"event":12,"streams":{"cam":1}}`]) assert.isUndefined(memory.recall(bytes(text)))
  })

  it("is that of the last one, and nothing after one of another form", () => {
    const memory = taught(header("1"))
    memory.learn(header("2", "}"), "other")
    assert.isUndefined(memory.recall(header("1")))
    assert.strictEqual(memory.recall(header("3", "}"))?.said, "other")
    memory.learn(bytes(`{ "event_number": 4 }`), "third")
    assert.isUndefined(memory.recall(header("3", "}")))
  })
})
