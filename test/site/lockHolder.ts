/** Takes the lock of the site given as argument, says so, and holds it until it is killed. Exits 4 if it is held. */
import { NodeContext } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { spawn } from "node:child_process"
import * as ServerFile from "../../src/site/ServerFile.js"
import * as Site from "../../src/site/Site.js"
import * as SiteLock from "../../src/site/SiteLock.js"

const [, , directory = "", mode = ""] = process.argv
const program = Effect.gen(function* () {
  yield* ServerFile.publish({ version: "1.2.3", url: "http://127.0.0.1:1234" })
  const child = mode === "with-child" ? spawn("sleep", ["30"], { detached: true, stdio: "ignore" }).pid : 0
  yield* Console.log(`held ${child}`)
  return yield* Effect.never
}).pipe(
  Effect.scoped,
  Effect.provide(
    SiteLock.layer("1.2.3").pipe(Layer.provideMerge(Site.layer(directory)), Layer.provideMerge(NodeContext.layer))
  ),
  Effect.catchTag("SiteLocked", (error) =>
    Console.log(error.message).pipe(Effect.zipRight(Effect.sync(() => process.exit(4))))
  )
)
Effect.runFork(program)
