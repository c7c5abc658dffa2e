/**
 * The collector of a site: datasets, ledgers, histories and live feeds, the engine that fills the holes, and what looks after
 * the data. Opened after the stores and closed before them:
 *
 *   records, books, dataset -> Outgoing, limits, histories, jobs -> room, uploads, health
 *     -> backfills, schedules, streams (branches of the supervision tree) -> sync
 *
 * Nothing in it runs before `begin`.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { join } from "node:path"
import * as NestedSupervisor from "../actor/NestedSupervisor.js"
import type { SupervisionTree } from "../actor/SupervisionTree.js"
import * as Backfills from "../backfill/Backfills.js"
import type { ChunkBooks } from "../backfill/ChunkBook.js"
import type { CollectorHealth } from "../backfill/health/CollectorHealth.js"
import * as LiveHealth from "../backfill/health/LiveHealth.js"
import { JobCatalogue } from "../backfill/JobCatalogue.js"
import * as JobSchedule from "../backfill/JobSchedule.js"
import * as LiveCollectors from "../backfill/live/LiveCollectors.js"
import * as LiveCoverage from "../backfill/LiveCoverage.js"
import { Sync } from "../backfill/sync/Sync.js"
import type { DatabaseUnusable } from "../database/Database.js"
import type { Dataset } from "../dataset/Dataset.js"
import type { StorageFailed } from "../domain/Refusal.js"
import type { Outgoing } from "../outgoing/Outgoing.js"
import { feeds } from "../plugins/source/Feeds.js"
import * as Schedules from "../schedule/Schedules.js"
import type { ScheduleStore } from "../schedule/ScheduleStore.js"
import { Site } from "../site/Site.js"
import type { Secrets } from "../site/Secrets.js"
import type { StateDocument } from "../state/StateDocument.js"
import type { TelemetryStore } from "../telemetry/TelemetryStore.js"
import * as Care from "./CollectorCare.js"
import * as Sources from "./CollectorSources.js"
import * as Stores from "./CollectorStores.js"
import { ConfigFile } from "./ConfigFile.js"
import { Root } from "./Root.js"
import type { SystemLog } from "./SystemLog.js"

export type Services =
  | Backfills.Backfills
  | Schedules.Schedules
  | LiveCollectors.LiveCollectors
  | Sync
  | ChunkBooks
  | JobCatalogue
  | Dataset
  | CollectorHealth
  | ScheduleStore
  | StateDocument
  | Outgoing

export interface Options {
  /** Nothing starts by itself. */
  readonly idle: boolean
}

type Needs =
  Site | ConfigFile | Secrets | SystemLog | TelemetryStore | Root | SupervisionTree | FileSystem.FileSystem | Path.Path

export const layer = (options: Options): Layer.Layer<Services, DatabaseUnusable | StorageFailed, Needs> => {
  const sources = Layer.mergeAll(Sources.limits, Sources.registry).pipe(Layer.provideMerge(Sources.outgoing))
  const ground = Layer.mergeAll(Stores.books, Stores.dataset, Sources.catalogue).pipe(
    Layer.provideMerge(sources),
    Layer.provideMerge(Stores.records)
  )
  const care = Layer.mergeAll(Care.room, Care.uploads, Care.health).pipe(Layer.provideMerge(ground))
  return Layer.mergeAll(backfills, schedules(options), streams, Care.sync).pipe(Layer.provideMerge(care))
}

/** Sections of the config whose change is applied to what runs. */
export const sections: ReadonlySet<string> = new Set(["histo_jobs", "stream_jobs", "jobs", "settings", "storage"])

/** Brings schedules and streams to the config in force. */
export const reconcile = Effect.fnUntraced(function* ({ idle }: Options) {
  const { jobs } = yield* (yield* JobCatalogue).now
  const schedules = yield* Schedules.Schedules
  const copies = Option.toArray(yield* (yield* Sync).entry)
  yield* schedules.reconcile([...(yield* JobSchedule.entries(jobs, yield* Backfills.Backfills)), ...copies])
  const live = yield* LiveCollectors.LiveCollectors
  const settings = yield* Sources.basesOf(
    "socket",
    feeds.map(({ name }) => name)
  )
  yield* live.reconcile({ jobs: yield* (yield* ConfigFile).slice("stream_jobs"), settings }, { idle })
})

/** Schedules and streams run, and what was interrupted goes on, unless nothing starts by itself. */
export const begin = Effect.fnUntraced(function* (options: Options) {
  yield* reconcile(options)
  if (options.idle) return
  const { resumeInterrupted } = yield* Backfills.Backfills
  const resumed = yield* Effect.catchAll(resumeInterrupted, (error) => Effect.as(Effect.logWarning(error.message), []))
  for (const { id } of resumed) yield* Effect.logInfo(`backfill ${id} goes on`)
})

// -----------------------------------------------------------------------------

const branch = (id: string) => Effect.flatMap(Root, (root) => Effect.orDie(NestedSupervisor.nest(root, id, {})))

const backfills = Layer.scoped(
  Backfills.Backfills,
  Effect.flatMap(branch("backfill"), (supervisor) => Backfills.make({ supervisor }))
)

const schedules = ({ idle }: Options) =>
  Layer.scoped(
    Schedules.Schedules,
    Effect.flatMap(branch("schedules"), (supervisor) => Schedules.make({ supervisor, idle }))
  )

const streams = Layer.scoped(
  LiveCollectors.LiveCollectors,
  Effect.gen(function* () {
    const site = yield* Site
    const { ts_unit } = yield* (yield* ConfigFile).slice("storage")
    const directory = join(site.outpostDirectory, "live")
    const supervisor = yield* branch("streams")
    return yield* LiveCollectors.make({ supervisor, feeds, directory, unit: ts_unit })
  })
).pipe(Layer.provide(Layer.mergeAll(Sources.sockets, LiveCoverage.layer, LiveHealth.layer)))
