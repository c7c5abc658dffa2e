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
import { fileURLToPath } from "node:url"
import { rejection, StrayFailures } from "../ingest/StrayFailures.js"
import * as UserModule from "../site/UserModule.js"

/** Those that are not told yet; of a flood the newest are kept. */
const capacity = 256

/**
 * A rejection that nobody awaited, or an exception that a timer or a listener of users' code throws where nobody can catch it,
 * would end the process: it is logged and told instead. An exception on whose way our own code stands does end it: what it was
 * about to do is half done.
 */
export const layer: Layer.Layer<StrayFailures> = Layer.scoped(
  StrayFailures,
  Effect.gen(function* () {
    const strays = yield* PubSub.sliding<string>(capacity)
    const run = yield* FiberSet.makeRuntime<never>()
    const told = (what: string, place: string) =>
      void run(Effect.zipRight(Effect.logError(`${what}${place}`), PubSub.publish(strays, what)))
    yield* listening("unhandledRejection", (cause) => told(rejection(UserModule.describe(cause)), ""))
    yield* listening("uncaughtException", (cause) => {
      const stack = cause instanceof Error ? String(cause.stack) : ""
      if (ours.some((directory) => stack.includes(directory))) return endBy(cause)
      told(`an exception that nobody caught: ${UserModule.describe(cause)}`, placeIn(stack))
    })
    return Stream.fromPubSub(strays)
  })
)

/** The same where standard output is for a command's answer: what the code writes to its console goes to standard error. */
export const layerQuiet: Layer.Layer<StrayFailures> = Layer.merge(
  layer,
  Layer.scopedDiscard(
    Effect.acquireRelease(
      Effect.sync(() => replaceConsole(new Console({ stdout: process.stderr, stderr: process.stderr }))),
      (before) => Effect.sync(() => replaceConsole(before))
    )
  )
)

// -----------------------------------------------------------------------------

type Stray = "unhandledRejection" | "uncaughtException"

const listening = (event: Stray, hear: (cause: unknown) => void) =>
  Effect.acquireRelease(
    Effect.sync(() => process.on(event, hear)),
    () => Effect.sync(() => process.off(event, hear))
  )

/** Where this program and the libraries it came with stand. */
const ours = ["../", "../../node_modules/"].map((place) => fileURLToPath(new URL(place, import.meta.url)))

/** Where it was thrown, with line and column; a module that was loaded anew bears a number of its own. */
const placeIn = (stack: string): string => {
  const [, file, place] = /\(?((?:file:\/\/)?\/[^\s)?]+?)(?:\?[\d.]+)?(:\d+:\d+)\)?/.exec(stack) ?? []
  return file === undefined ? "" : `, at ${file}${place}`
}

/** As if nobody had listened: with the stack, and 1. */
const endBy = (cause: unknown): void => {
  process.removeAllListeners("uncaughtException")
  process.nextTick(() => {
    throw cause
  })
}

/** Gives the one there was. */
const replaceConsole = (next: Console): Console => {
  const before = globalThis.console
  globalThis.console = next
  return before
}
