/**
 * What is remembered of configs that came from afar: which revisions were tried, and how far the one is that is being tried.
 * One small file, replaced as a whole and synced before anything is done on the strength of it. It holds configs as they came,
 * so nobody else may read it.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { join } from "node:path"
import { asStorageFailed, type StorageFailed } from "../domain/Refusal.js"
import * as DurableFile from "../site/DurableFile.js"
import { isNotFound } from "../site/FileReason.js"
import { Site } from "../site/Site.js"

/**
 * - `applying`: about to be written over the config file
 * - `trial`: in force, and watched
 * - `accepting`: it turned out well; to be told
 * - `reverting`: it did not; the one before is to be put back, then to be told
 */
export const Step = Schema.Literal("applying", "trial", "accepting", "reverting")
export type Step = typeof Step.Type

export const Trying = Schema.Struct({
  step: Step,
  revision: Schema.Int,
  /** Over which it came. */
  uplink: Schema.String,
  /** The config as it came. */
  document: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  /** The config file, and its text before. */
  path: Schema.String,
  previous: Schema.String,
  /** The text that was written; empty before that. */
  applied: Schema.String,
  /** How long the trial takes, and when it ends, in milliseconds. */
  trial: Schema.Number,
  until: Schema.Number,
  /** Starts of the site since it is in force. */
  starts: Schema.NonNegativeInt,
  /** What was not well before it was put in force: it is not to blame for that. */
  ailing: Schema.Array(Schema.String),
  /** With `reverting`: why. */
  reason: Schema.String
})
export type Trying = typeof Trying.Type

export const RemoteRecord = Schema.Struct({
  /** Revisions that came to their end, well or not; the newest last. */
  tried: Schema.Array(Schema.Int),
  /** Digests of what was answered as no config. */
  unreadable: Schema.Array(Schema.String),
  trying: Schema.NullOr(Trying)
})
export type RemoteRecord = typeof RemoteRecord.Type

export const empty: RemoteRecord = { tried: [], unreadable: [], trying: null }

/** How many of each are remembered. */
const most = 200

export const withTried = (record: RemoteRecord, revision: number): RemoteRecord => ({
  ...record,
  trying: null,
  tried: [...record.tried.filter((one) => one !== revision), revision].slice(-most)
})

export const withUnreadable = (record: RemoteRecord, digest: string): RemoteRecord => ({
  ...record,
  unreadable: [...record.unreadable, digest].slice(-most)
})

type Needs = FileSystem.FileSystem | Path.Path | Site

/** An unreadable record is moved aside with a warning: the station goes on, and may try a revision a second time. */
export const load: Effect.Effect<RemoteRecord, StorageFailed, Needs> = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const path = pathIn(yield* Site)
  const text = yield* fs.readFileString(path).pipe(
    Effect.catchIf(isNotFound, () => Effect.succeed("")),
    Effect.mapError(asStorageFailed("read", path))
  )
  if (text === "") return empty
  return yield* decode(text).pipe(
    Effect.catchAll((error) =>
      Effect.logWarning(`${path} can't be read and is moved to ${path}.damaged: ${error.message}`).pipe(
        Effect.zipRight(Effect.mapError(fs.rename(path, `${path}.damaged`), asStorageFailed("rename", path))),
        Effect.as(empty)
      )
    )
  )
})

/** Durable once it returns. */
export const save = (record: RemoteRecord): Effect.Effect<void, StorageFailed, Needs> =>
  Effect.flatMap(Site, (site) =>
    Effect.mapError(
      DurableFile.replace(pathIn(site), JSON.stringify(record), { mode: 0o600 }),
      asStorageFailed("write", pathIn(site))
    )
  )

// -----------------------------------------------------------------------------

const decode = Schema.decode(Schema.parseJson(RemoteRecord))

const pathIn = (site: Site["Type"]): string => join(site.outpostDirectory, "remote-config.json")
