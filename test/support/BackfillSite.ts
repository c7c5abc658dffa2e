/** The engine of backfills on a directory, with histories and jobs that a test gives; it can be left as a crash leaves it. */
import { NodeContext } from "@effect/platform-node"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as fs from "node:fs"
import { join } from "node:path"
import * as NestedSupervisor from "../../src/actor/NestedSupervisor.js"
import * as SupervisionTree from "../../src/actor/SupervisionTree.js"
import * as Supervisor from "../../src/actor/Supervisor.js"
import * as Backfills from "../../src/backfill/Backfills.js"
import * as BackfillStore from "../../src/backfill/BackfillStore.js"
import { ChunkBooks } from "../../src/backfill/ChunkBook.js"
import type { Job } from "../../src/backfill/Job.js"
import { JobCatalogue } from "../../src/backfill/JobCatalogue.js"
import * as LedgerBook from "../../src/backfill/LedgerBook.js"
import { CollectorHealth } from "../../src/backfill/health/CollectorHealth.js"
import { RoomToWork } from "../../src/backfill/SeriesWork.js"
import * as SyncStore from "../../src/backfill/sync/SyncStore.js"
import { Uploads } from "../../src/backfill/sync/Uploads.js"
import * as Database from "../../src/database/Database.js"
import { Dataset } from "../../src/dataset/Dataset.js"
import * as DuckDb from "../../src/dataset/DuckDb.js"
import * as ParquetDataset from "../../src/dataset/ParquetDataset.js"
import * as Ledgers from "../../src/ledger/Ledgers.js"
import { Outgoing } from "../../src/outgoing/Outgoing.js"
import * as RateLimits from "../../src/outgoing/RateLimits.js"
import type { History } from "../../src/source/History.js"
import * as HistoryRegistry from "../../src/source/HistoryRegistry.js"
import * as DateTime from "effect/DateTime"

export const job = (more: Partial<Job> = {}): Job => ({
  name: "job",
  isHisto: false,
  source: "scripted",
  settings: {},
  as: Option.none(),
  type: "ohlc",
  pairs: ["BTC/USDT"],
  span: Option.some(60),
  start: "2026-01-01",
  end: Option.some("2026-01-01 10:00"),
  zone: "utc",
  window: Option.none(),
  concurrency: 4,
  attempts: 3,
  retryDelay: Duration.millis(10),
  fill: "none",
  upload: false,
  ledger: Option.none(),
  every: Option.none(),
  cron: Option.none(),
  autoHeal: false,
  ...more
})

const noOutgoing = Layer.succeed(
  Outgoing,
  Outgoing.of({ send: () => Effect.dieMessage("no test of the engine asks another machine") })
)

/** One life of it. */
export const open = (
  directory: string,
  histories: ReadonlyArray<History>,
  jobs: ReadonlyArray<Job>,
  outgoing: Layer.Layer<Outgoing> = noOutgoing
) =>
  Effect.gen(function* () {
    fs.mkdirSync(directory, { recursive: true })
    const database = yield* Database.make(
      join(directory, "outpost.sqlite"),
      { ...BackfillStore.migrations, ...SyncStore.migrations },
      "test"
    )
    const registry = yield* HistoryRegistry.make(histories)
    const catalogue = Effect.clockWith((clock) =>
      Effect.map(clock.currentTimeMillis, (now) => ({
        jobs,
        histories: registry,
        unit: "s" as const,
        zone: DateTime.zoneUnsafeMakeNamed("UTC"),
        environment: () => ({}),
        now
      }))
    )
    const services = yield* Layer.build(
      Layer.mergeAll(
        Layer.succeed(BackfillStore.BackfillStore, BackfillStore.make(database)),
        Layer.succeed(SyncStore.SyncStore, SyncStore.make(database)),
        Layer.succeed(JobCatalogue, JobCatalogue.of({ now: catalogue })),
        LedgerBook.layer({ directory: join(directory, "ledgers"), resolve: Effect.succeed }).pipe(
          Layer.provide(Ledgers.layer),
          Layer.provide(NodeContext.layer)
        ),
        ParquetDataset.layerWith({
          root: join(directory, "data"),
          parts: join(directory, "parts"),
          inventory: join(directory, "inventory.json")
        }).pipe(Layer.provide(DuckDb.layer)),
        RateLimits.layer.pipe(Layer.provide(outgoing)),
        Layer.succeed(RoomToWork, RoomToWork.of({ check: Effect.void })),
        Layer.succeed(Uploads, Uploads.of({ remotes: Effect.succeed([]), upload: () => Effect.succeed([]) })),
        Layer.succeed(
          CollectorHealth,
          CollectorHealth.of({
            succeeded: () => Effect.void,
            failed: () => Effect.void,
            metrics: Effect.succeed({}),
            records: Effect.succeed([])
          })
        )
      )
    )
    const root = yield* Supervisor.make({})
    const supervisor = yield* NestedSupervisor.nest(root, "backfill", {})
    const backfills = yield* Effect.provide(Backfills.make({ supervisor }), services)
    return {
      backfills,
      books: Context.get(services, ChunkBooks),
      dataset: Context.get(services, Dataset),
      copies: Context.get(services, SyncStore.SyncStore),
      catalogue
    }
  }).pipe(Effect.provide(SupervisionTree.layer))
