#!/usr/bin/env node
/** The bin. The half that serves and stores is loaded when a command needs it, so that help comes at once. */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ExitCode from "./cli/ExitCode.js"
import * as Launcher from "./cli/Launcher.js"
import * as Outpost from "./cli/Outpost.js"
import * as StandardIo from "./cli/StandardIo.js"

const LauncherLive = Launcher.layerLazy(
  Effect.promise(() => import("./app/Launcher.js")).pipe(Effect.map((app) => app.layer))
)

const line = Outpost.read(process.argv.slice(2))

Outpost.execute(line).pipe(
  Effect.scoped,
  Effect.provide(
    Layer.mergeAll(LauncherLive, StandardIo.layer, DateTime.layerCurrentZoneLocal).pipe(
      Layer.provideMerge(NodeContext.layer)
    )
  ),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    disablePrettyLogger: true,
    // At once, whatever connections linger: everything that was printed has been taken by the system.
    teardown: (exit) => process.exit(ExitCode.of(exit, Outpost.isServing(line)))
  })
)
