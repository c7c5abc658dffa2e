/** Which drivers keep the site's data: the index database with its migrations, the event store, the record of runs, the outbox. */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type DatabaseUnusable, IndexDatabase, make as makeDatabase } from "../database/Database.js"
import type { StorageFailed } from "../domain/Refusal.js"
import { timestampOf } from "../journal/Journal.js"
import * as Outbox from "../outbox/Outbox.js"
import * as SqlOutbox from "../outbox/SqlOutbox.js"
import * as RunContext from "../run/RunContext.js"
import { Site } from "../site/Site.js"
import { zoneOf } from "../site/Setting.js"
import type { SiteLock } from "../site/SiteLock.js"
import * as SqlIndex from "../telemetry/SqlIndex.js"
import * as TelemetryStore from "../telemetry/TelemetryStore.js"
import { ConfigFile } from "./ConfigFile.js"
import * as Failpoint from "./Failpoint.js"
import { ofNotice, SystemLog } from "./SystemLog.js"

const database = Layer.scoped(
  IndexDatabase,
  Effect.gen(function* () {
    const site = yield* Site
    const clock = yield* Effect.clock
    return yield* makeDatabase(site.paths.index, SqlIndex.migrations, timestampOf(clock.unsafeCurrentTimeMillis()))
  })
)

const store = Layer.scoped(
  TelemetryStore.TelemetryStore,
  Effect.gen(function* () {
    const site = yield* Site
    const config = yield* ConfigFile
    const system = yield* SystemLog
    const { limits } = yield* config.slice("http")
    const settings = yield* config.slice("telemetry")
    const general = yield* config.slice("general")
    const step = yield* Failpoint.step
    return yield* TelemetryStore.make(
      {
        siteDirectory: site.directory,
        systemDirectory: site.paths.system,
        stateDirectory: site.outpostDirectory,
        eventBytes: limits.event_bytes,
        batchBytes: limits.batch_bytes,
        blockBytes: settings.block_bytes,
        currentLimit: settings.current_limit,
        checkpointInterval: settings.checkpoint_interval,
        zone: zoneOf(general.timezone),
        step,
        notify: (notice) => {
          const { data, type } = ofNotice(notice)
          system.record(type, data)
        }
      },
      yield* IndexDatabase
    )
  })
)

const runs = Layer.scoped(
  RunContext.RunContext,
  Effect.gen(function* () {
    const site = yield* Site
    const settings = yield* (yield* ConfigFile).slice("runs")
    return yield* RunContext.make({
      siteDirectory: site.directory,
      recordPath: site.paths.runs,
      allowAbsolute: Option.getOrElse(settings.allow_absolute, () => true)
    })
  })
)

const outbox = Layer.scoped(
  Outbox.Outbox,
  Effect.gen(function* () {
    const site = yield* Site
    const config = yield* ConfigFile
    const system = yield* SystemLog
    return yield* SqlOutbox.make({
      path: site.paths.outbox,
      archive: site.paths.messages,
      settings: yield* config.slice("outbox"),
      revision: Effect.map(config.slice("general"), ({ config_revision }) =>
        Option.getOrElse(config_revision, () => unnumbered)
      ),
      step: yield* Failpoint.step,
      notify: (notice) => {
        const { data, type } = notice.kind === "dropped" ? ofOutbox(notice) : ofNotice(notice)
        system.record(type, data)
      }
    })
  })
)

/** The revision of a config that bears none: any that comes from elsewhere is greater. */
const unnumbered = -1

const ofOutbox = ({ kind, ...data }: Extract<SqlOutbox.OutboxNotice, { readonly kind: "dropped" }>) => ({
  type: `outbox.${kind}`,
  data
})

/** Opens everything; the lock keeps others away meanwhile. */
export const layer: Layer.Layer<
  TelemetryStore.TelemetryStore | RunContext.RunContext | Outbox.Outbox,
  DatabaseUnusable | StorageFailed,
  Site | SiteLock | ConfigFile | SystemLog | FileSystem.FileSystem
> = Layer.merge(runs, outbox).pipe(Layer.provideMerge(store), Layer.provide(database))
