import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Schema } from "effect"
import { bodyFrom, MessageBody } from "../../src/domain/Message.js"

const bySchema = Schema.decodeUnknownEither(MessageBody, { onExcessProperty: "error" })

const names = FastCheck.oneof(
  FastCheck.constantFrom("temperature", "", "logging", "configuration", "__proto__", "constructor"),
  FastCheck.string()
)
const values = FastCheck.oneof(
  FastCheck.double(),
  FastCheck.string(),
  FastCheck.boolean(),
  FastCheck.constantFrom(null, undefined, [], {}, 1n, Symbol.iterator)
)
const bodies = FastCheck.record(
  {
    variant: FastCheck.constantFrom("data", "log", "data "),
    data: FastCheck.oneof(
      FastCheck.array(FastCheck.tuple(names, values)).map((entries): unknown => Object.fromEntries(entries)),
      FastCheck.constantFrom<unknown>(null, [], 3, new Date(0), new Map())
    ),
    more: FastCheck.anything()
  },
  { requiredKeys: ["variant", "data"] }
)

describe("the body of a message", () => {
  it.prop("is taken as its schema says, also where a shorter way is gone", [bodies], ([body]) => {
    const taken = bodyFrom(body)
    const wanted = bySchema(body)
    assert.strictEqual(taken._tag, wanted._tag)
    if (Either.isRight(taken) && Either.isRight(wanted)) assert.deepStrictEqual(taken.right, wanted.right)
  })

  it("is refused with the field and the reason", () => {
    const refusal = (data: unknown) => Either.getOrThrow(Either.flip(bodyFrom({ variant: "data", data }))).message
    assert.include(refusal({ a: 1, b: Number.NaN }), "data.b: expected a finite number")
    assert.include(refusal({ logging: 1 }), "data.logging: the name is used by the uplinks themselves")
    assert.include(refusal([1, 2]), "data")
  })
})
