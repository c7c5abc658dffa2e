/**
 * A site opened by this process: the lock, the config in force, the logs, the stores and the operations on them. Nothing
 * runs by itself yet; `Daemon` adds what does.
 *
 * Opened in this order and closed in the reverse one:
 *
 *   Site -> SiteLock -> Redaction, Secrets -> ConfigFile -> Logging -> SystemLog -> database -> TelemetryStore -> RunContext, Outbox
 *        -> SupervisionTree, Root -> operations -> uplinks -> Collector, Ensemble
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as os from "node:os"
import * as SupervisionTree from "../actor/SupervisionTree.js"
import { version } from "../domain/Version.js"
import type { DatabaseUnusable } from "../database/Database.js"
import * as DuckDb from "../dataset/DuckDb.js"
import type { StorageFailed } from "../domain/Refusal.js"
import type { BackfillOperations } from "../operations/BackfillOperations.js"
import type { CollectorOperations } from "../operations/CollectorOperations.js"
import * as LocalBackfillOperations from "../operations/LocalBackfillOperations.js"
import * as LocalCollectorOperations from "../operations/LocalCollectorOperations.js"
import * as Alarms from "../health/Alarms.js"
import * as LocalServices from "../ingest/LocalServices.js"
import * as LocalIngestOperations from "../operations/LocalIngestOperations.js"
import * as LocalRunOperations from "../operations/LocalRunOperations.js"
import * as LocalSiteOperations from "../operations/LocalSiteOperations.js"
import * as LocalTelemetryOperations from "../operations/LocalTelemetryOperations.js"
import type { ConfigInvalid, ConfigOperations } from "../operations/ConfigOperations.js"
import type { IngestOperations } from "../operations/IngestOperations.js"
import * as LocalProcedureOperations from "../operations/LocalProcedureOperations.js"
import * as LocalOutboxOperations from "../operations/LocalOutboxOperations.js"
import type { OutboxOperations } from "../operations/OutboxOperations.js"
import type { ProcedureOperations } from "../operations/ProcedureOperations.js"
import type { RunOperations } from "../operations/RunOperations.js"
import { SiteFacts } from "../operations/SiteFacts.js"
import { ShutdownUnavailable, type SiteOperations } from "../operations/SiteOperations.js"
import type { TelemetryOperations } from "../operations/TelemetryOperations.js"
import * as LocalUpdateOperations from "../operations/LocalUpdateOperations.js"
import type { UpdateOperations } from "../operations/UpdateOperations.js"
import type { Outbox } from "../outbox/Outbox.js"
import type { Procedures } from "../procedure/Procedures.js"
import type { RunContext } from "../run/RunContext.js"
import * as LogFile from "../site/LogFile.js"
import * as Logging from "../site/Logging.js"
import * as LogReader from "../site/LogReader.js"
import * as Redaction from "../site/Redaction.js"
import * as Secrets from "../site/Secrets.js"
import * as Site from "../site/Site.js"
import * as SiteLock from "../site/SiteLock.js"
import type { TelemetryStore } from "../telemetry/TelemetryStore.js"
import type { Succession } from "../update/UpdateHost.js"
import type { Updater } from "../update/Updater.js"
import type { Vitals } from "../update/Vitals.js"
import type { Uplinks } from "../uplink/Uplinks.js"
import type { Overrides } from "./ConfigEnvironment.js"
import * as Collector from "./Collector.js"
import * as ConfigFile from "./ConfigFile.js"
import * as ConfigVerbs from "./ConfigVerbs.js"
import * as Ensemble from "./Ensemble.js"
import * as ProcedureHost from "./ProcedureHost.js"
import type * as RemoteConfig from "./RemoteConfig.js"
import * as RemoteGuard from "./RemoteGuard.js"
import * as Root from "./Root.js"
import * as Storage from "./Storage.js"
import * as SystemLog from "./SystemLog.js"
import * as Updates from "./Updates.js"
import * as UserCodeHost from "./UserCodeHost.js"
import * as UplinkHost from "./UplinkHost.js"

export interface SiteOptions {
  readonly site: string
  readonly config: Option.Option<string>
  readonly overrides: Overrides
  /** Nothing starts by itself. */
  readonly idle: boolean
  /** Ends the process in order; none where only a command runs on the site. */
  readonly shutdown: Option.Option<Effect.Effect<void>>
  /** Who starts another version after an update. Default: nobody. */
  readonly succession?: Succession | undefined
}

export type Operations =
  | TelemetryOperations
  | RunOperations
  | SiteOperations
  | ConfigOperations
  | BackfillOperations
  | CollectorOperations
  | IngestOperations
  | OutboxOperations
  | ProcedureOperations
  | UpdateOperations
export type Parts =
  | Site.Site
  | ConfigFile.ConfigFile
  | Logging.Logging
  | SystemLog.SystemLog
  | TelemetryStore
  | RunContext
  | SupervisionTree.SupervisionTree
  | Root.Root
  | SiteFacts
  | Alarms.Alarms
  | Collector.Services
  | Ensemble.Ensemble
  | Outbox
  | Procedures
  | Updater
  | Vitals
  | LogReader.LogReader
  | RemoteConfig.RemoteConfig
  | Uplinks
  | LocalServices.LocalServices

export type OpenError = Site.SiteUnusable | SiteLock.SiteLocked | ConfigInvalid | DatabaseUnusable | StorageFailed

export const layer = (
  options: SiteOptions
): Layer.Layer<Operations | Parts, OpenError, FileSystem.FileSystem | Path.Path> => {
  const held = SiteLock.layer(version).pipe(Layer.provideMerge(Site.layer(options.site)))
  const secrets = Secrets.layer.pipe(Layer.provideMerge(Redaction.layer))
  // Looked at by `Daemon`'s config-watch, whose lines go to the site's own log.
  const file = ConfigFile.layer({ path: options.config, overrides: options.overrides, poll: Option.none() })
  const config = Option.isNone(options.shutdown) ? file : Layer.unwrapEffect(Effect.as(RemoteGuard.atStart, file))
  const foundation = Layer.mergeAll(logging, SystemLog.layer).pipe(
    Layer.provideMerge(config),
    Layer.provideMerge(secrets),
    Layer.provideMerge(held)
  )
  const stores = Storage.layer.pipe(Layer.provideMerge(foundation), Layer.provideMerge(DuckDb.layer))
  const operations = LocalSiteOperations.layer.pipe(
    Layer.provideMerge(LocalTelemetryOperations.layer),
    Layer.provideMerge(
      Layer.mergeAll(LocalRunOperations.layer, ConfigVerbs.layer, LogReader.layer, facts(options), ingest, alarms)
    ),
    Layer.provideMerge(Root.layer.pipe(Layer.provideMerge(tree)))
  )
  const collector = Layer.mergeAll(
    LocalBackfillOperations.layer,
    LocalCollectorOperations.layer,
    LocalOutboxOperations.layer
  ).pipe(
    Layer.provideMerge(Layer.merge(Collector.layer({ idle: options.idle }), ensembleOf(options))),
    Layer.provideMerge(UplinkHost.layer),
    Layer.provideMerge(Updates.layer(options.succession ?? { _tag: "Nobody" })),
    Layer.provideMerge(operations)
  )
  return Layer.merge(LocalProcedureOperations.layer, LocalUpdateOperations.layer).pipe(
    Layer.provideMerge(Updates.vitals),
    Layer.provideMerge(ProcedureHost.layer),
    Layer.provideMerge(collector),
    Layer.provideMerge(stores)
  )
}

/** For a command alone: what the config has run by itself is known, and at rest. */
export const atRest = Collector.reconcile({ idle: true })

// -----------------------------------------------------------------------------

/** What users' code does to the process is ours to mend only where the process is ours: not in a program that embeds a site. */
const ensembleOf = (options: SiteOptions) =>
  Option.isNone(options.shutdown) ? Ensemble.layer : Ensemble.layer.pipe(Layer.provide(UserCodeHost.layer))

const ingest = LocalIngestOperations.layer.pipe(Layer.provideMerge(LocalServices.layer))

const logging = Layer.unwrapEffect(
  Effect.gen(function* () {
    const settings = yield* (yield* ConfigFile.ConfigFile).slice("logs")
    return Logging.layer(settings).pipe(Layer.provide(LogFile.layer({ retentionDays: settings.retention_days })))
  })
)

const alarms = Layer.effect(
  Alarms.Alarms,
  Effect.flatMap(Site.Site, ({ paths }) => Alarms.make(paths.alarms))
)

const tree = Layer.unwrapEffect(
  Effect.gen(function* () {
    const { redact } = yield* Redaction.Redaction
    const system = yield* SystemLog.SystemLog
    return SupervisionTree.layerWith({
      redact,
      onEvent: (event) => {
        const entry = SystemLog.ofLifecycle(event)
        if (entry !== undefined) system.record(entry.type, entry.data)
      }
    })
  })
)

const facts = (options: SiteOptions) =>
  Layer.effect(
    SiteFacts,
    Effect.gen(function* () {
      const clock = yield* Effect.clock
      const config = yield* ConfigFile.ConfigFile
      return SiteFacts.of({
        version,
        startedAt: clock.unsafeCurrentTimeMillis(),
        siteName: Effect.map(config.slice("general"), ({ name }) => Option.getOrElse(name, () => os.hostname())),
        configPath: Effect.map(config.raw, (text) => (text === "" ? Option.none() : Option.some(config.path))),
        configError: Effect.map(
          config.lastError,
          Option.map((error) => error.message)
        ),
        requestShutdown: Option.getOrElse(options.shutdown, () => new ShutdownUnavailable())
      })
    })
  )
