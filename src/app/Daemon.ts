/**
 * What runs by itself on a site, as one tree of supervised children. They start left to right and stop right to left:
 *
 *   start   system-log -> clock-watch -> alarms -> procedures -> config-watch -> schedules, interrupted backfills -> http
 *           then: ready, `listening on ...`
 *   stop    http (no new work, requests under way get a second) -> config-watch -> procedures -> clock-watch -> system-log
 *           -> schedules and backfills (requests under way are aborted and recorded)
 *           then what `SiteProcess` opened: the stores commit and save, the logs are written, the lock is given back
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import { randomBytes } from "node:crypto"
import * as ChildSpec from "../actor/ChildSpec.js"
import * as Self from "../actor/Self.js"
import type { RestartIntensityExceeded, StartFailed } from "../actor/SupervisorError.js"
import { SupervisionTree } from "../actor/SupervisionTree.js"
import { version } from "../domain/Version.js"
import * as Handlers from "../http/Handlers.js"
import * as HdfRoutes from "../http/HdfRoutes.js"
import { HttpAddress } from "../http/HttpAddress.js"
import * as Server from "../http/Server.js"
import * as ClockWatch from "../health/ClockWatch.js"
import type { Step } from "../health/Conditions.js"
import { Procedures } from "../procedure/Procedures.js"
import { Logging } from "../site/Logging.js"
import * as ServerFile from "../site/ServerFile.js"
import * as AlarmWatch from "./AlarmWatch.js"
import * as Collector from "./Collector.js"
import { ConfigFile } from "./ConfigFile.js"
import * as Ensemble from "./Ensemble.js"
import * as Root from "./Root.js"
import * as RouteHost from "./RouteHost.js"
import * as ServiceManager from "./ServiceManager.js"
import * as StartMemory from "./StartMemory.js"
import type { Operations, Parts } from "./SiteProcess.js"
import { SystemLog } from "./SystemLog.js"
import { uiDirectory } from "./UiDirectory.js"
import * as Updates from "./Updates.js"
import * as UplinkHost from "./UplinkHost.js"

export interface DaemonOptions {
  /** Nothing starts by itself, while every explicit start works. */
  readonly idle: boolean
  readonly onListening: (url: string) => Effect.Effect<void>
  /** Returns when the site is asked to stop from within. */
  readonly until: Effect.Effect<void>
}

/** Why the site did not come up, or ended by itself. */
export type DaemonError = StartFailed | RestartIntensityExceeded | Server.ServerError

/** Runs until it is interrupted or asked to stop. What it started is stopped, in order, when the site is closed. */
export const run = (
  options: DaemonOptions
): Effect.Effect<void, DaemonError, Operations | Parts | FileSystem.FileSystem | Path.Path> =>
  Effect.scoped(
    Effect.gen(function* () {
      const root = yield* base({ idle: options.idle })
      // Procedures are begun by the watch: what a device needs to come up keeps nobody from the server.
      yield* Root.add(configWatch(options))
      yield* Collector.begin(options)
      yield* (yield* Ensemble.Ensemble).reconcile(options)
      if (!options.idle) {
        yield* Root.add(UplinkHost.remoteConfig)
        yield* Root.add(RouteHost.child)
      }
      const url = yield* listen
      yield* Root.add(Updates.child)
      // Last: what is told to be ready is.
      yield* Effect.flatMap(ServiceManager.child, Option.match({ onNone: () => Effect.void, onSome: Root.add }))
      yield* options.onListening(url)
      yield* StartMemory.release
      yield* Effect.raceFirst(root.join, options.until)
    })
  )

/** The root of the tree with what every site has: its own events and its clock. */
export const base = (facts: Readonly<Record<string, unknown>>) =>
  Effect.gen(function* () {
    const system = yield* SystemLog
    system.record("site.started", { version, pid: process.pid, ...facts })
    yield* Effect.addFinalizer(() => Effect.sync(() => system.record("site.stopping", {})))
    yield* Root.add(systemLog)
    const clock = clockWatch()
    yield* Root.add(clock.child)
    yield* Root.add(AlarmWatch.child(clock.lastStep))
    return yield* Root.Root
  })

/** Adds the server to the tree; answers its address once it listens. */
export const listen = Effect.gen(function* () {
  const failure = yield* Ref.make(Option.none<Server.ServerError>())
  const url = yield* Deferred.make<string>()
  yield* Root.add(http(failure, url)).pipe(
    Effect.catchTag("StartFailed", (failed) =>
      Effect.flatMap(Ref.get(failure), (cause) =>
        Effect.fail<StartFailed | Server.ServerError>(Option.getOrElse(cause, () => failed))
      )
    )
  )
  return yield* Deferred.await(url)
})

// -----------------------------------------------------------------------------

const systemLog = ChildSpec.make({ id: "system-log", run: Effect.flatMap(SystemLog, (system) => system.drain) })

const clockWatch = () => {
  let last: Step | undefined
  const child = ChildSpec.make({
    id: "clock-watch",
    run: Effect.gen(function* () {
      const clock = yield* Effect.clock
      const system = yield* SystemLog
      return yield* ClockWatch.watch(({ by }) => {
        last = { by, at: clock.unsafeCurrentTimeMillis() }
        system.record("clock.stepped", { by_milliseconds: by })
        return Effect.logWarning(`the clock was set by ${by} ms`)
      })
    })
  })
  return { child, lastStep: () => last }
}

/** How soon a change of the file is noticed. */
const lookAtConfig = Duration.seconds(1)

/** Applies a changed config to what is running. Stores keep what they were opened with until the next start. */
const configWatch = (options: DaemonOptions) =>
  ChildSpec.make({
    id: "config-watch",
    run: Effect.gen(function* () {
      const config = yield* ConfigFile
      const logging = yield* Logging
      const system = yield* SystemLog
      const tree = yield* SupervisionTree
      const ensemble = yield* Ensemble.Ensemble
      const apply = (section: string) =>
        Effect.gen(function* () {
          system.record("config.changed", { section })
          yield* Effect.logInfo(`the config section '${section}' has changed`)
          if (section === "logs") yield* logging.setLevel((yield* config.slice("logs")).level)
          if (section === "http") yield* Effect.ignoreLogged(tree.restart("http"))
          if (section === "telemetry" || section === "runs" || section === "outbox")
            yield* Effect.logInfo(`'${section}' takes effect at the next start`)
          if (section === "procedures") yield* reconcile
          if (section === "ingest") yield* ensemble.reconcile(options)
          // One that goes may have much to send before.
          if (section === "routes") yield* Effect.ignoreLogged(tree.restart("routes"))
          if (UplinkHost.sections.has(section)) yield* Effect.forkScoped(UplinkHost.reconcile(options))
          if (Collector.sections.has(section)) yield* Collector.reconcile(options)
        })
      const procedures = yield* Procedures
      const reconcile = Effect.flatMap(config.slice("procedures"), (now) => procedures.reconcile(now, options))
      // All of them in its first life, then what changed between two.
      yield* Effect.forkScoped(UplinkHost.reconcile(options))
      yield* reconcile
      const look = Effect.zipRight(config.refresh, Self.mark)
      yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Effect.sleep(lookAtConfig), look)))
      return yield* Stream.runForEach(config.changes, apply)
    })
  })

/** Listens with the settings in force at the start of each of its lives. */
const http = (failure: Ref.Ref<Option.Option<Server.ServerError>>, url: Deferred.Deferred<string>) =>
  ChildSpec.make({
    id: "http",
    ready: "signalled",
    // An address that a changed config names may not be free: the site lives on, and the next change is a new chance.
    onIntensity: "quarantine",
    shutdown: "5 seconds",
    run: Effect.gen(function* () {
      const settings = yield* (yield* ConfigFile).slice("http")
      const ownToken = Redacted.make(yield* randomToken)
      const context = yield* Layer.build(
        Server.layer({ settings, ownToken, ui: yield* uiDirectory }, HdfRoutes.routes("/reducer")).pipe(
          Layer.provide(Handlers.layer({ liveClients: settings.limits.live_clients }))
        )
      ).pipe(Effect.tapError((error) => Ref.set(failure, Option.some(error))))
      const address = yield* HttpAddress.pipe(Effect.provide(context))
      yield* ServerFile.publish({ url: address.url, token: ownToken, version })
      yield* Effect.logInfo(`serving at ${address.url}`)
      yield* Self.ready
      yield* Deferred.succeed(url, address.url)
      return yield* Effect.never
    })
  })

const randomToken = Effect.sync(() => randomBytes(32).toString("hex"))
