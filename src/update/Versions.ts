/**
 * The versions of a station on its disk, below `.outpost/versions`: one directory each, named by its number, and `current`, a
 * link to the one that is started. Without the link it is the version that was installed by hand. The link is replaced as a
 * whole: whenever the power goes it names the old version or the new one.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { join } from "node:path"
import { order, ReleaseVersion } from "../domain/ReleaseVersion.js"
import { asStorageFailed, type StorageFailed } from "../domain/Refusal.js"
import { syncDirectory } from "../site/DurableFile.js"
import { Manifest } from "./Manifest.js"

/** Where the parts of an update stand. */
export interface Versions {
  readonly directory: string
  readonly current: string
  /** Archives on their way, whole or not. */
  readonly downloads: string
  readonly journal: string
  /** The directory of a version. */
  readonly of: (version: string) => string
  /** Where a version is put together before it gets its name. */
  readonly unfinished: (version: string) => string
}

export const at = (outpostDirectory: string): Versions => {
  const directory = join(outpostDirectory, "versions")
  return {
    directory,
    current: join(directory, "current"),
    downloads: join(directory, "downloads"),
    journal: join(outpostDirectory, "update.jsonl"),
    of: (version) => join(directory, version),
    unfinished: (version) => join(directory, `${version}.part`)
  }
}

/** The signed manifest of an installed version stands in its directory: what has none was never installed whole. */
export const mark = ".release.json"

/** What `current` names; `null` is the version installed by hand. A link to what is not there counts as none. */
export const current = (versions: Versions): Effect.Effect<string | null, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const version = yield* fs.readLink(versions.current)
    return (yield* isInstalled(versions, version)) ? version : null
  }).pipe(Effect.orElseSucceed(() => null))

/** Durable once it returns. `null` takes the link away. */
export const point = (
  versions: Versions,
  version: string | null
): Effect.Effect<void, StorageFailed, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    yield* fs.makeDirectory(versions.directory, { recursive: true })
    if (version === null) {
      yield* fs.remove(versions.current, { force: true })
    } else {
      const beside = `${versions.current}.new`
      yield* fs.remove(beside, { force: true })
      yield* fs.symlink(version, beside)
      yield* fs.rename(beside, versions.current)
    }
    yield* syncDirectory(versions.directory)
  }).pipe(Effect.mapError(asStorageFailed("link", versions.current)), Effect.uninterruptible)

/** Whether the version's directory is there, whole. */
export const isInstalled = (versions: Versions, version: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.exists(join(versions.of(version), mark))).pipe(
    Effect.map((there) => there && isVersion(version)),
    Effect.orElseSucceed(() => false)
  )

/** All that are there whole, oldest first. */
export const installed = (versions: Versions): Effect.Effect<ReadonlyArray<string>, never, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readDirectory(versions.directory)).pipe(
    Effect.flatMap((names) => Effect.filter(names, (name) => isInstalled(versions, name))),
    Effect.map((names) => names.sort(order)),
    Effect.orElseSucceed(() => [])
  )

/** What is started of an installed version: an absolute path. */
export const entryOf = (versions: Versions, version: string): Effect.Effect<string, never, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(join(versions.of(version), mark))).pipe(
    Effect.flatMap(Schema.decode(Schema.parseJson(Schema.Struct({ manifest: Schema.Struct({ entry: entry }) })))),
    Effect.map(({ manifest }) => manifest.entry),
    Effect.orElseSucceed(() => "dist/main.js"),
    Effect.map((path) => join(versions.of(version), path))
  )

/** Takes away everything but the versions that are named: others, half ones, archives. Answers the versions that went. */
export const prune = (
  versions: Versions,
  keep: ReadonlySet<string>
): Effect.Effect<ReadonlyArray<string>, PlatformError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const names = yield* fs.readDirectory(versions.directory)
    const gone = names.filter((name) => name !== "current" && !keep.has(name))
    yield* Effect.forEach(
      gone,
      (name) =>
        // Without its mark it counts no more, however far its removal comes.
        fs
          .remove(join(versions.directory, name, mark), { force: true })
          .pipe(
            Effect.ignore,
            Effect.zipRight(fs.remove(join(versions.directory, name), { recursive: true, force: true }))
          ),
      { discard: true }
    )
    return gone.filter(isVersion)
  })

// ---------------------------------------------------------------------------------------------------------------------

const { entry } = Manifest.fields

const isVersion = (name: string): boolean => Either.isRight(Schema.decodeEither(ReleaseVersion)(name))
