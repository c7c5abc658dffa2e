/** Telemetry and runs as a site has them, on a directory that is removed with the scope. */
import * as DuckDb from "../../src/dataset/DuckDb.js"
import * as LocalRunOperations from "../../src/operations/LocalRunOperations.js"
import * as LocalTelemetryOperations from "../../src/operations/LocalTelemetryOperations.js"
import * as RunContext from "../../src/run/RunContext.js"
import { TelemetryStore } from "../../src/telemetry/TelemetryStore.js"
import { Effect, Layer } from "effect"
import { join } from "node:path"
import { open, temporaryDirectory } from "./Store.js"

/** A new site wherever it is built. */
export const layer = Layer.unwrapScoped(
  Effect.map(temporaryDirectory, (site) => {
    const store = Layer.scoped(TelemetryStore, open(site))
    const runs = RunContext.layerWith({
      siteDirectory: site,
      recordPath: join(site, ".outpost", "runs.jsonl"),
      allowAbsolute: true
    })
    return Layer.mergeAll(LocalTelemetryOperations.layer, LocalRunOperations.layer).pipe(
      Layer.provide(Layer.provideMerge(runs, store)),
      Layer.provide(DuckDb.layer)
    )
  })
)
