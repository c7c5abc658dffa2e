/** Where the collector keeps what it knows: the state database with its migrations, ledgers and their books, datasets. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { join } from "node:path"
import * as BackfillStore from "../backfill/BackfillStore.js"
import * as HealthStore from "../backfill/health/HealthStore.js"
import * as LedgerBook from "../backfill/LedgerBook.js"
import * as SyncStore from "../backfill/sync/SyncStore.js"
import { make as makeDatabase } from "../database/Database.js"
import { StateDatabase } from "../database/StateDatabase.js"
import * as DuckDb from "../dataset/DuckDb.js"
import * as ParquetDataset from "../dataset/ParquetDataset.js"
import { StorageFailed } from "../domain/Refusal.js"
import { timestampOf } from "../journal/Journal.js"
import * as Ledgers from "../ledger/Ledgers.js"
import * as ScheduleStore from "../schedule/ScheduleStore.js"
import { Site } from "../site/Site.js"
import * as StateDocument from "../state/StateDocument.js"
import * as StateExport from "../state/StateExport.js"
import * as StateStore from "../state/StateStore.js"
import { ConfigFile } from "./ConfigFile.js"

const database = Layer.scoped(
  StateDatabase,
  Effect.gen(function* () {
    const site = yield* Site
    const now = yield* Clock.currentTimeMillis
    const migrations = {
      ...BackfillStore.migrations,
      ...ScheduleStore.migrations,
      ...SyncStore.migrations,
      ...HealthStore.migrations,
      ...StateStore.migrations
    }
    return yield* makeDatabase(site.paths.state, migrations, timestampOf(now))
  })
)

const state = Layer.scoped(
  StateDocument.StateDocument,
  Effect.gen(function* () {
    const path = join((yield* Site).outpostDirectory, "state.json")
    const store = StateStore.make(yield* StateDatabase)
    yield* StateExport.restore(store, path)
    const document = yield* StateDocument.make(store)
    yield* StateExport.follow(document, path)
    return document
  })
)

/** Records of backfills, schedules, copies and health, and the state that procedures share. */
export const records = Layer.mergeAll(
  Layer.effect(BackfillStore.BackfillStore, Effect.map(StateDatabase, BackfillStore.make)),
  Layer.effect(ScheduleStore.ScheduleStore, Effect.map(StateDatabase, ScheduleStore.make)),
  Layer.effect(SyncStore.SyncStore, Effect.map(StateDatabase, SyncStore.make)),
  Layer.effect(HealthStore.HealthStore, Effect.map(StateDatabase, HealthStore.make)),
  state
).pipe(Layer.provide(database))

export const books = Layer.unwrapEffect(
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

/** The root is that of the start: a config that names another one counts from the next. */
export const dataset = Layer.unwrapEffect(
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
