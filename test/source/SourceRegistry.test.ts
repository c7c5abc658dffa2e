import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Source from "../../src/source/Source.js"
import * as SourceRegistry from "../../src/source/SourceRegistry.js"

const named = (name: string) =>
  Source.make({
    name,
    description: `what ${name} is`,
    typ: "T",
    settings: Schema.Struct({ port: Schema.Number }),
    open: () => Effect.succeed({ take: Effect.never })
  })

it.effect("lists by name, prepares by name, and names what was probably meant", () =>
  Effect.gen(function* () {
    const registry = yield* SourceRegistry.make([named("stins"), named("pcap")])
    assert.deepStrictEqual(
      registry.list.map(({ name }) => name),
      ["pcap", "stins"]
    )
    assert.strictEqual((yield* registry.prepare("pcap", { port: 1 })).typ, "T")
    const misspelt = yield* Effect.flip(registry.prepare("stinz", { port: 1 }))
    assert.strictEqual(misspelt.reason, "Misconfigured")
    assert.strictEqual(misspelt.detail, "no such source; is stins meant? There are pcap, stins")
    const strange = yield* Effect.flip(registry.prepare("xxxxxxxxxx", {}))
    assert.strictEqual(strange.detail, "no such source; there are pcap, stins")
    const wrong = yield* Effect.flip(registry.prepare("pcap", { port: "a" }))
    assert.strictEqual(wrong.detail, "port must be number")
    const surplus = yield* Effect.flip(registry.prepare("pcap", { prot: 1 }))
    assert.strictEqual(surplus.detail, "prot is no known setting (did you mean port?); port is missing")
  })
)

it.effect("takes no two of one name", () =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(SourceRegistry.make([named("a"), named("a")]))
    assert.strictEqual(error.message, "there are two sources named a")
  })
)
