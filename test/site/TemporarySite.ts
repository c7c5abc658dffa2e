/** A site in a directory of its own that is gone after the test. */
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import * as Redaction from "../../src/site/Redaction.js"
import * as Secrets from "../../src/site/Secrets.js"
import * as Site from "../../src/site/Site.js"

export const layer = Layer.unwrapScoped(
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return Site.layer(`${yield* fs.makeTempDirectoryScoped({ prefix: "outpost-site-" })}/site`)
  })
).pipe(Layer.provideMerge(NodeContext.layer))

/** With the registry of secrets and what reads them. */
export const withSecrets = Secrets.layer.pipe(Layer.provideMerge(Redaction.layer), Layer.provideMerge(layer))
