import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as SettingsProblem from "../../src/source/SettingsProblem.js"

const Settings = Schema.Struct({
  url: Schema.String,
  size: Schema.optional(Schema.Int.pipe(Schema.between(1, 10))),
  paging: Schema.optional(
    Schema.Union(
      Schema.Struct({ by: Schema.Literal("none") }),
      Schema.Struct({ by: Schema.Literal("page"), size: Schema.Int })
    )
  )
})

const decode = Schema.decodeUnknown(Settings, { errors: "all", onExcessProperty: "error" })
const said = (settings: unknown) =>
  Effect.map(Effect.flip(decode(settings)), (error) => SettingsProblem.sentence(SettingsProblem.of(error)))

describe("SettingsProblem", () => {
  it.effect("names every place once, in words, and never a value", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* said({ urll: 1 }), "urll is no known setting (did you mean url?); url is missing")
      assert.strictEqual(yield* said({ url: "s3cret", size: 99 }), "size must be a number between 1 and 10")
      assert.strictEqual(yield* said({ url: 7 }), "url must be text")
      assert.strictEqual(yield* said({ url: "x", paging: { by: "page" } }), "paging.size is missing")
      assert.strictEqual(yield* said({ url: "x", paging: 7 }), "paging must be a mapping")
      assert.strictEqual(yield* said([]), "must be a mapping")
    })
  )
})
