/** The verbs of the site in this process. What operators order is recorded in the system stream before it is done. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as os from "node:os"
import { SupervisionTree } from "../actor/SupervisionTree.js"
import { Alarms } from "../health/Alarms.js"
import * as DiskSpace from "../health/DiskSpace.js"
import { RunContext } from "../run/RunContext.js"
import { LogReader } from "../site/LogReader.js"
import { Site } from "../site/Site.js"
import { TelemetryStore } from "../telemetry/TelemetryStore.js"
import * as Metrics from "./Metrics.js"
import { SiteFacts } from "./SiteFacts.js"
import { ActorFailed, NoSuchActor, SiteOperations, SiteStatus } from "./SiteOperations.js"
import { TelemetryOperations } from "./TelemetryOperations.js"

/** What orders come in by: the server, and the whole of which it is a part. */
const lifelines = new Set(["", "http"])

const troubled = new Set(["degraded", "backing-off", "quarantined", "failed"])

const make = Effect.gen(function* () {
  const alarms = yield* Alarms
  const clock = yield* Effect.clock
  const facts = yield* SiteFacts
  const logs = yield* LogReader
  const runs = yield* RunContext
  const site = yield* Site
  const store = yield* TelemetryStore
  const telemetry = yield* TelemetryOperations
  const tree = yield* SupervisionTree

  const nodes = Effect.map(tree.get, (status) => status.nodes)

  const ready = Effect.gen(function* () {
    const { failure } = yield* store.figures
    return {
      ready: failure === undefined,
      runActive: Option.isSome(yield* runs.active),
      version: facts.version,
      reasons: failure === undefined ? [] : [failure]
    }
  })

  const status = Effect.gen(function* () {
    const readiness = yield* ready
    const actors = yield* nodes
    const configError = yield* facts.configError
    const reasons = [
      ...readiness.reasons,
      ...Option.match(configError, {
        onNone: () => [],
        onSome: (error) => [`the config file is not in force: ${error}`]
      }),
      ...actors
        .filter((node) => troubled.has(node.status))
        .map((node) => `${node.path} is ${node.status}${node.reason === undefined ? "" : ` (${node.reason})`}`)
    ]
    return new SiteStatus({
      version: facts.version,
      site: site.directory,
      siteName: yield* facts.siteName,
      host: os.hostname(),
      pid: process.pid,
      startedAt: facts.startedAt,
      now: clock.unsafeCurrentTimeMillis(),
      ready: readiness.ready,
      reasons,
      run: Option.getOrNull(Option.map(yield* runs.active, (run) => run.run_id)),
      telemetry: yield* telemetry.stats,
      alarms: yield* alarms.active,
      disk: yield* DiskSpace.of(site.directory),
      memory: { rss: process.memoryUsage.rss() },
      config: { path: Option.getOrNull(yield* facts.configPath), error: Option.getOrNull(configError) },
      tree: actors
    })
  })

  /** A refusal by the disk must not keep an operator from acting. */
  const audited = (action: string, path: string) => Effect.ignore(store.postSystem("operator", { action, path }))

  const order = <E extends { readonly _tag: string; readonly message: string }>(
    action: string,
    path: string,
    run: Effect.Effect<void, E>
  ) =>
    audited(action, path).pipe(
      Effect.zipRight(run),
      Effect.mapError((error) =>
        error._tag === "NodeNotFound" ? new NoSuchActor({ path }) : new ActorFailed({ path, reason: error.message })
      )
    )

  return SiteOperations.of({
    status,
    ready,
    tree: nodes,
    treeChanges: Stream.map(tree.changes, (changed) => changed.nodes),
    stopActor: (path) =>
      lifelines.has(path)
        ? Effect.fail(
            new ActorFailed({ path, reason: "without it nobody could start it again: restart it, or stop the site" })
          )
        : order("stop", path, tree.stop(path)),
    startActor: (path) => order("start", path, tree.start(path)),
    restartActor: (path) => order("restart", path, tree.restart(path)),
    logs: (filter) => Effect.catchAll(logs.last(filter), (error) => Effect.succeed([unreadable(error.message)])),
    followLogs: (filter) => Stream.catchAll(logs.follow(filter), (error) => Stream.make(unreadable(error.message))),
    metrics: Effect.zipWith(status, nodes, Metrics.render),
    shutdown: Effect.zipRight(audited("shutdown", ""), facts.requestShutdown)
  })
})

export const layer: Layer.Layer<
  SiteOperations,
  never,
  Alarms | SiteFacts | LogReader | RunContext | Site | TelemetryStore | TelemetryOperations | SupervisionTree
> = Layer.effect(SiteOperations, make)

// -----------------------------------------------------------------------------

/** Logs that can't be read are told of where logs are read. */
const unreadable = (message: string): string => JSON.stringify({ ts: "", level: "ERROR", message })
