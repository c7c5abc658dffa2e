/** What looks after the collector's data: copies, uploads, room on the disk, the removal of what is copied, health, alerts. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as os from "node:os"
import * as CollectorHealth from "../backfill/health/CollectorHealth.js"
import { JobCatalogue } from "../backfill/JobCatalogue.js"
import * as SeriesPlan from "../backfill/SeriesPlan.js"
import { RoomToWork } from "../backfill/SeriesWork.js"
import * as FreeSpace from "../backfill/sync/FreeSpace.js"
import * as LedgerMemory from "../backfill/sync/LedgerMemory.js"
import * as Rclone from "../backfill/sync/Rclone.js"
import * as Retention from "../backfill/sync/Retention.js"
import * as Sync from "../backfill/sync/Sync.js"
import * as Uploads from "../backfill/sync/Uploads.js"
import type { ChunkBooks } from "../backfill/ChunkBook.js"
import type { Dataset } from "../dataset/Dataset.js"
import { Site } from "../site/Site.js"
import { ConfigFile } from "./ConfigFile.js"
import { SystemLog } from "./SystemLog.js"

const telling = Effect.map(
  SystemLog,
  (system) => (type: string, data: unknown) => Effect.sync(() => system.record(type, data))
)

/** What is never copied: the site's state and its secrets. */
const never = Effect.map(Site, (site) => [site.outpostDirectory, site.secretsDirectory])

const freeSpace = Effect.gen(function* () {
  const config = yield* ConfigFile
  return yield* FreeSpace.make({
    directory: Effect.map(config.slice("settings"), ({ data_path }) => data_path),
    minFree: Effect.map(config.slice("storage"), ({ min_free }) => min_free),
    tell: yield* telling
  })
})

export const room = Layer.effect(
  RoomToWork,
  Effect.map(freeSpace, ({ check }) => RoomToWork.of({ check }))
)

export const uploads = Layer.effect(
  Uploads.Uploads,
  Effect.gen(function* () {
    const config = yield* ConfigFile
    return yield* Uploads.make({ settings: config.slice("storage"), never: yield* never })
  })
).pipe(Layer.provide(Rclone.layer))

export const health = Layer.scoped(
  CollectorHealth.CollectorHealth,
  Effect.gen(function* () {
    const config = yield* ConfigFile
    return yield* CollectorHealth.make({
      settings: config.slice("alerts"),
      siteName: Effect.map(config.slice("general"), ({ name }) => Option.getOrElse(name, () => os.hostname())),
      tell: yield* telling
    })
  })
)

/** Before a file is removed its ledger knows what it held, in the file that its job names. */
const retention = Effect.gen(function* () {
  const config = yield* ConfigFile
  const catalogue = yield* JobCatalogue
  const context = yield* Effect.context<Dataset | ChunkBooks>()
  return yield* Retention.make({
    settings: Effect.map(config.slice("storage"), ({ retention }) => retention),
    never: yield* never,
    tell: yield* telling,
    remember: (series) =>
      Effect.gen(function* () {
        const now = yield* catalogue.now
        const planned = yield* Effect.option(SeriesPlan.resolve({}, now))
        const job = Option.flatMap(planned, ({ planned }) =>
          Option.fromNullable(planned.find((one) => one.series.key === series.key))
        )
        const ledger = Option.flatMap(job, ({ job }) => job.ledger)
        return yield* LedgerMemory.remember(series, { ledger, unit: now.unit })
      }).pipe(Effect.provide(context))
  })
})

export const sync = Layer.scoped(
  Sync.Sync,
  Effect.gen(function* () {
    const config = yield* ConfigFile
    const { bytes } = yield* freeSpace
    const { run } = yield* retention
    return yield* Sync.make({
      settings: config.slice("storage"),
      never: yield* never,
      freeBytes: bytes,
      tell: yield* telling,
      afterwards: (root, destinations) => Effect.asVoid(run(root, destinations))
    })
  })
).pipe(Layer.provide(Rclone.layer))
