#!/usr/bin/env node
/** The bin. The half that serves and stores is loaded when a command needs it, so that help comes at once. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeTerminal from "@effect/platform-node/NodeTerminal"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as StartMemory from "./app/StartMemory.js"
import * as EnsembleRoles from "./cli/EnsembleRoles.js"
import * as ExitCode from "./cli/ExitCode.js"
import * as Launcher from "./cli/Launcher.js"
import * as Outpost from "./cli/Outpost.js"
import * as StandardIo from "./cli/StandardIo.js"

const LauncherLive = Launcher.layerLazy(
  Effect.promise(() => import("./app/Launcher.js")).pipe(Effect.map((app) => app.layer))
)

const RolesLive = EnsembleRoles.layerLazy(
  Effect.promise(() => import("./app/EnsembleRoles.js")).pipe(Effect.map((app) => app.layer))
)

const line = Outpost.read(process.argv.slice(2))
if (Outpost.isServing(line)) StartMemory.hold()

/** To find out this machine's zone takes longer than to show a page of help, which needs none. */
const ZoneLive = Outpost.isActing(line)
  ? DateTime.layerCurrentZoneLocal
  : DateTime.layerCurrentZone(DateTime.zoneMakeOffset(0))

const HostLive = Layer.mergeAll(NodeFileSystem.layer, NodePath.layer, NodeTerminal.layer)

Outpost.execute(line).pipe(
  Effect.scoped,
  Effect.provide(
    Layer.mergeAll(LauncherLive, RolesLive, StandardIo.layer, ZoneLive).pipe(Layer.provideMerge(HostLive))
  ),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    disablePrettyLogger: true,
    // At once, whatever connections linger: everything that was printed has been taken by the system.
    teardown: (exit) => process.exit(ExitCode.of(exit, Outpost.isServing(line)))
  })
)
