import { assert, describe, it } from "@effect/vitest"
import { NodeContext } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { histories } from "../../../src/plugins/HistoryRegistry.js"
import { Secrets } from "../../../src/site/Secrets.js"
import * as Site from "../../../src/site/Site.js"
import * as HistoryRegistry from "../../../src/source/HistoryRegistry.js"
import { TelemetryStore } from "../../../src/telemetry/TelemetryStore.js"
import * as SecretsDouble from "../../support/SecretsDouble.js"
import * as Store from "../../support/Store.js"

describe("the histories that come with Outpost", () => {
  it.scopedLive("have names of their own, and all that they need", () =>
    Effect.gen(function* () {
      const directory = yield* Store.temporaryDirectory
      const registry = yield* HistoryRegistry.make(histories).pipe(
        Effect.provideService(TelemetryStore, yield* Store.open(directory)),
        Effect.provideService(Secrets, SecretsDouble.make()),
        Effect.provide(Layer.provideMerge(Layer.orDie(Site.layer(directory)), NodeContext.layer))
      )
      const names = "binance bitfinex bitmex bybit ccxt coinbase files generator http kraken okx telemetry".split(" ")
      assert.deepStrictEqual(
        registry.list.map(({ name }) => name),
        names
      )
      const needed: Readonly<Record<string, object>> = {
        ccxt: { exchange: "kucoin" },
        files: { directory: "data", columns: { v: "v" } },
        http: { url: "https://archive.example/", columns: { v: "v" } }
      }
      for (const name of names) assert.strictEqual((yield* registry.prepare(name, needed[name] ?? {})).name, name)
    })
  )
})
