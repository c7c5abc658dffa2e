/**
 * The collector of a site: datasets, ledgers, histories, and the engine that fills the holes. Opened after the stores and
 * closed before them:
 *
 *   StateDatabase -> DuckDb, Dataset, Ledgers -> Outgoing, RateLimits -> histories -> JobCatalogue -> Schedules, Backfills
 *
 * Backfills and schedules are branches of the supervision tree; nothing in them runs before it is started.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { join } from "node:path"
import * as NestedSupervisor from "../actor/NestedSupervisor.js"
import type { SupervisionTree } from "../actor/SupervisionTree.js"
import * as Backfills from "../backfill/Backfills.js"
import * as BackfillStore from "../backfill/BackfillStore.js"
import type { ChunkBooks } from "../backfill/ChunkBook.js"
import * as Instant from "../backfill/Instant.js"
import * as Job from "../backfill/Job.js"
import { JobCatalogue } from "../backfill/JobCatalogue.js"
import * as JobSchedule from "../backfill/JobSchedule.js"
import * as LedgerBook from "../backfill/LedgerBook.js"
import { type DatabaseUnusable, make as makeDatabase } from "../database/Database.js"
import { StateDatabase } from "../database/StateDatabase.js"
import type { Dataset } from "../dataset/Dataset.js"
import * as DuckDb from "../dataset/DuckDb.js"
import * as ParquetDataset from "../dataset/ParquetDataset.js"
import { StorageFailed } from "../domain/Refusal.js"
import { timestampOf } from "../journal/Journal.js"
import * as Ledgers from "../ledger/Ledgers.js"
import * as Outgoing from "../outgoing/Outgoing.js"
import * as RateLimits from "../outgoing/RateLimits.js"
import { histories } from "../plugins/HistoryRegistry.js"
import * as Schedules from "../schedule/Schedules.js"
import * as ScheduleStore from "../schedule/ScheduleStore.js"
import { Site } from "../site/Site.js"
import * as HistoryRegistry from "../source/HistoryRegistry.js"
import * as ConfigEnvironment from "./ConfigEnvironment.js"
import { ConfigFile } from "./ConfigFile.js"
import { Root } from "./Root.js"

export type Services =
  | Backfills.Backfills
  | Schedules.Schedules
  | ChunkBooks
  | JobCatalogue
  | Dataset
  | RateLimits.RateLimits
  | HistoryRegistry.HistoryRegistry

export const layer = (options: {
  /** Nothing starts by itself. */
  readonly idle: boolean
}): Layer.Layer<
  Services,
  DatabaseUnusable | StorageFailed,
  Site | ConfigFile | Root | SupervisionTree | FileSystem.FileSystem | Path.Path
> => {
  const books = Layer.unwrapEffect(
    Effect.map(Site, (site) =>
      LedgerBook.layer({
        directory: site.paths.ledgers,
        resolve: (path) =>
          Effect.mapError(
            site.resolve(path),
            ({ message }) => new StorageFailed({ operation: "open", path, reason: message })
          )
      })
    )
  ).pipe(Layer.provide(Ledgers.layer))
  const sources = Layer.mergeAll(RateLimits.layer.pipe(Layer.provide(outgoing)), registry)
  const stores = Layer.mergeAll(backfillStore, scheduleStore).pipe(Layer.provide(database))
  return Layer.mergeAll(backfills, schedules(options)).pipe(
    Layer.provideMerge(Layer.mergeAll(books, dataset, sources)),
    Layer.provideMerge(catalogue.pipe(Layer.provide(registry))),
    Layer.provide(stores)
  )
}

/** Sections of the config whose change is applied to what is scheduled. */
export const sections: ReadonlySet<string> = new Set(["histo_jobs", "jobs", "settings", "storage"])

/** Brings the schedules to the jobs of the config in force. */
export const reconcile = Effect.gen(function* () {
  const { jobs } = yield* (yield* JobCatalogue).now
  const schedules = yield* Schedules.Schedules
  yield* schedules.reconcile(yield* JobSchedule.entries(jobs, yield* Backfills.Backfills))
})

/** Schedules run, and what was interrupted goes on, unless nothing starts by itself. */
export const begin = Effect.fnUntraced(function* (options: { readonly idle: boolean }) {
  yield* reconcile
  if (options.idle) return
  const { resumeInterrupted } = yield* Backfills.Backfills
  const resumed = yield* Effect.catchAll(resumeInterrupted, (error) => Effect.as(Effect.logWarning(error.message), []))
  for (const { id } of resumed) yield* Effect.logInfo(`backfill ${id} goes on`)
})

// -----------------------------------------------------------------------------

const database = Layer.scoped(
  StateDatabase,
  Effect.gen(function* () {
    const site = yield* Site
    const now = yield* Clock.currentTimeMillis
    const migrations = { ...BackfillStore.migrations, ...ScheduleStore.migrations }
    return yield* makeDatabase(site.paths.state, migrations, timestampOf(now))
  })
)

const backfillStore = Layer.effect(BackfillStore.BackfillStore, Effect.map(StateDatabase, BackfillStore.make))
const scheduleStore = Layer.effect(ScheduleStore.ScheduleStore, Effect.map(StateDatabase, ScheduleStore.make))

const dataset = Layer.unwrapEffect(
  Effect.gen(function* () {
    const site = yield* Site
    const { data_path } = yield* (yield* ConfigFile).slice("settings")
    return ParquetDataset.layerWith({
      root: data_path,
      parts: site.paths.parts,
      inventory: join(site.outpostDirectory, "inventory.json")
    })
  })
).pipe(Layer.provide(DuckDb.layer))

const outgoing = Layer.unwrapEffect(
  Effect.gen(function* () {
    const settings = yield* (yield* ConfigFile).slice("outgoing")
    return Outgoing.layer({ settings })
  })
)

const registry = Layer.orDie(HistoryRegistry.layer(histories))

/** The config is looked at anew each time: an edit counts for the next backfill. */
const catalogue = Layer.effect(
  JobCatalogue,
  Effect.gen(function* () {
    const config = yield* ConfigFile
    const registry = yield* HistoryRegistry.HistoryRegistry
    const bases = new Map<string, Readonly<Record<string, unknown>>>()
    yield* Effect.forEach(
      registry.list,
      ({ name }) =>
        Effect.map(ConfigEnvironment.exchangeBases(name), ({ rest }) => {
          if (Option.isSome(rest)) bases.set(name, { base_url: rest.value })
        }),
      { discard: true }
    )
    return JobCatalogue.of({
      now: Effect.gen(function* () {
        const { timezone } = yield* config.slice("settings")
        const { ts_unit } = yield* config.slice("storage")
        const [histo, entries] = yield* Effect.all([config.slice("histo_jobs"), config.slice("jobs")])
        return {
          jobs: Job.ofConfig(histo, entries, timezone, (source) => bases.get(source) ?? {}),
          histories: registry,
          unit: ts_unit,
          zone: Instant.zoneOf(timezone),
          now: yield* Clock.currentTimeMillis
        }
      })
    })
  })
)

const branch = (id: string) => Effect.flatMap(Root, (root) => Effect.orDie(NestedSupervisor.nest(root, id, {})))

const backfills = Layer.scoped(
  Backfills.Backfills,
  Effect.flatMap(branch("backfill"), (supervisor) => Backfills.make({ supervisor }))
)

const schedules = (options: { readonly idle: boolean }) =>
  Layer.scoped(
    Schedules.Schedules,
    Effect.flatMap(branch("schedules"), (supervisor) => Schedules.make({ supervisor, idle: options.idle }))
  )
