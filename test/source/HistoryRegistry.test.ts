import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Option, Schema, Stream } from "effect"
import { Outgoing } from "../../src/outgoing/Outgoing.js"
import * as History from "../../src/source/History.js"
import * as HistoryRegistry from "../../src/source/HistoryRegistry.js"

class Shelf extends Context.Tag("test/Shelf")<Shelf, { readonly rows: number }>() {}

const named = (name: string) =>
  History.make({
    name,
    description: "A shelf",
    settings: Schema.Struct({ add: Schema.optionalWith(Schema.Int, { default: () => 0 }) }),
    capabilities: () => ({ types: ["any"] }),
    plan: () => Effect.dieMessage("not asked"),
    pages: ({ add }) =>
      Stream.fromEffect(Effect.map(Shelf, ({ rows }) => ({ rows: [{ TS: 1n, n: rows + add }], bytes: 1 })))
  })

const silent = Outgoing.of({ send: () => Effect.dieMessage("asked over the network") })

describe("HistoryRegistry", () => {
  it.effect("gives a history by its name, with all that it needs but the way out", () =>
    Effect.gen(function* () {
      const registry = yield* HistoryRegistry.make([named("b"), named("a")]).pipe(
        Effect.provideService(Shelf, { rows: 7 })
      )
      assert.deepStrictEqual(
        registry.list.map(({ name }) => name),
        ["a", "b"]
      )
      const prepared = yield* registry.prepare("a", { add: 1 })
      const pages = yield* prepared
        .pages({ type: "any", pair: "x", span: Option.none() }, { start: 0, end: 1 })
        .pipe(Stream.runCollect, Effect.provideService(Outgoing, silent))
      assert.deepStrictEqual([...pages], [{ rows: [{ TS: 1n, n: 8 }], bytes: 1 }])
    })
  )

  it.effect("refuses two of one name", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(HistoryRegistry.make([named("a"), named("b"), named("a")]))
      assert.deepInclude(error, { _tag: "DuplicateHistory", name: "a" })
    }).pipe(Effect.provideService(Shelf, { rows: 0 }))
  )

  it.effect("a name that nobody has, and settings that do not decode, are mistakes in the config", () =>
    Effect.gen(function* () {
      const { prepare } = yield* HistoryRegistry.make([named("a"), named("b")])
      const unknown = yield* Effect.flip(prepare("c", {}))
      assert.deepInclude(unknown, { source: "c", reason: "Misconfigured" })
      assert.match(unknown.detail, /a, b/)
      const odd = yield* Effect.flip(prepare("a", { add: "x", more: 1 }))
      assert.strictEqual(odd.reason, "Misconfigured")
      for (const field of ["add", "more"]) assert.include(odd.detail, field)
    }).pipe(Effect.provideService(Shelf, { rows: 0 }))
  )
})
