/** The recipes of docs/providers.md are jobs that the program takes. */
import { assert, describe, it } from "@effect/vitest"
import { NodeContext } from "@effect/platform-node"
import { Duration, Effect, Layer, Option, Schema } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { parse } from "yaml"
import { Jobs } from "../../../src/backfill/JobSettings.js"
import { OutgoingSettings } from "../../../src/outgoing/Settings.js"
import { histories } from "../../../src/plugins/HistoryRegistry.js"
import { Secrets } from "../../../src/site/Secrets.js"
import * as Site from "../../../src/site/Site.js"
import * as HistoryRegistry from "../../../src/source/HistoryRegistry.js"
import { TelemetryStore } from "../../../src/telemetry/TelemetryStore.js"
import * as SecretsDouble from "../../support/SecretsDouble.js"
import * as Store from "../../support/Store.js"

const page = readFileSync(join(import.meta.dirname, "../../../docs/providers.md"), "utf8")
const documents = [...page.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text = ""]) => parse(text))

describe("the recipes of the manual", () => {
  it("are documents of jobs and of the section outgoing", () => {
    assert.isAtLeast(documents.length, 6)
    for (const { jobs, outgoing } of documents) {
      if (jobs !== undefined) Schema.decodeUnknownSync(Jobs, { onExcessProperty: "error" })(jobs)
      if (outgoing !== undefined) Schema.decodeUnknownSync(OutgoingSettings, { onExcessProperty: "error" })(outgoing)
    }
  })

  it.scopedLive("have settings that their histories take, and series that these have", () =>
    Effect.gen(function* () {
      const directory = yield* Store.temporaryDirectory
      const store = yield* Store.open(directory)
      yield* store.post(Buffer.from(`{"type":"system.load","data":{"one":1}}`))
      const registry = yield* HistoryRegistry.make(histories).pipe(
        Effect.provideService(TelemetryStore, store),
        Effect.provideService(Secrets, SecretsDouble.make({ "catalogue-token": "s3cret" })),
        Effect.provide(Layer.provideMerge(Layer.orDie(Site.layer(directory)), NodeContext.layer))
      )
      let planned = 0
      for (const { jobs = {} } of documents) {
        for (const job of Object.values(Schema.decodeUnknownSync(Jobs)(jobs))) {
          const { plan } = yield* registry.prepare(job.source, job.settings)
          // Whether ccxt is installed here is no matter of the manual.
          if (job.source === "ccxt") continue
          const span = Option.map(job.span, Duration.toSeconds)
          for (const pair of job.pairs) {
            const request = { type: job.type, pair, span }
            assert.isAbove((yield* plan(request, "s")).window, 0)
            planned++
          }
        }
      }
      assert.isAtLeast(planned, 9)
    })
  )
})
