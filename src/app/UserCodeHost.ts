/**
 * Keeps the process from what users' code within it may do to it beside its calls. A rejection that nobody awaited would end
 * the process: it is logged and told instead. What the code writes to its console goes to standard error, as all logs do:
 * standard output is for answers. Code that runs in threads of its own needs none of this.
 *
 * In force for as long as the layer lives.
 */
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import { Console } from "node:console"
import { StrayRejections } from "../ingest/StrayRejections.js"
import * as UserModule from "../site/UserModule.js"

/** Those that are not told yet; of a flood the newest are kept. */
const capacity = 256

export const layer: Layer.Layer<StrayRejections> = Layer.scoped(
  StrayRejections,
  Effect.gen(function* () {
    const strays = yield* PubSub.sliding<string>(capacity)
    const run = yield* FiberSet.makeRuntime<never>()
    const hear = (cause: unknown) => {
      const detail = UserModule.describe(cause)
      run(
        Effect.zipRight(Effect.logError(`a rejection that nobody awaited: ${detail}`), PubSub.publish(strays, detail))
      )
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => process.on("unhandledRejection", hear)),
      () => Effect.sync(() => process.off("unhandledRejection", hear))
    )
    yield* Effect.acquireRelease(
      Effect.sync(() => replaceConsole(new Console({ stdout: process.stderr, stderr: process.stderr }))),
      (before) => Effect.sync(() => replaceConsole(before))
    )
    return Stream.fromPubSub(strays)
  })
)

// -----------------------------------------------------------------------------

/** Gives the one there was. */
const replaceConsole = (next: Console): Console => {
  const before = globalThis.console
  globalThis.console = next
  return before
}
