#!/usr/bin/env node
/**
 * The launcher: `launcher.js [OPTIONS OF serve]`. What a service unit starts. It knows the site and its versions, and hands
 * every option on to the `serve` of the version that is current.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import * as Launch from "./update/Launch.js"
import { start } from "./update/internal/launchedProcess.js"
import * as Versions from "./update/Versions.js"

const args = process.argv.slice(2)
const entry = join(dirname(fileURLToPath(import.meta.url)), "main.js")

/** `--site DIR` or `--site=DIR`; else as the command line has it. */
const site = Effect.gen(function* () {
  const at = args.findIndex((word) => word === "--site" || word.startsWith("--site="))
  const word = args[at]
  if (word !== undefined) return word === "--site" ? (args[at + 1] ?? "") : word.slice("--site=".length)
  return yield* Effect.orElseSucceed(Config.nonEmptyString("OUTPOST_SITE"), () => "./site")
})

const program = Effect.gen(function* () {
  const directory = resolve(yield* site)
  return yield* Launch.run({
    versions: Versions.at(join(directory, ".outpost")),
    base: entry,
    start: (path) => start(path, ["serve", "--launched", ...args])
  })
})

program.pipe(
  Effect.provide(
    Layer.mergeAll(
      NodeFileSystem.layer,
      NodePath.layer,
      Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger))
    )
  ),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    disablePrettyLogger: true,
    teardown: (exit) =>
      process.exit(Exit.match(exit, { onSuccess: Number, onFailure: () => (Exit.isInterrupted(exit) ? 0 : 1) }))
  })
)
