/**
 * Keeps the process from what users' code within it may do to it beside its calls. For a process that is ours alone: a program
 * that embeds a site has its own ways. Code that runs in threads of its own needs none of this.
 *
 * In force for as long as a layer lives.
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

/** A rejection that nobody awaited would end the process: it is logged and told instead. */
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
    return Stream.fromPubSub(strays)
  })
)

/** The same where standard output is for a command's answer: what the code writes to its console goes to standard error. */
export const layerQuiet: Layer.Layer<StrayRejections> = Layer.merge(
  layer,
  Layer.scopedDiscard(
    Effect.acquireRelease(
      Effect.sync(() => replaceConsole(new Console({ stdout: process.stderr, stderr: process.stderr }))),
      (before) => Effect.sync(() => replaceConsole(before))
    )
  )
)

// -----------------------------------------------------------------------------

/** Gives the one there was. */
const replaceConsole = (next: Console): Console => {
  const before = globalThis.console
  globalThis.console = next
  return before
}
