/**
 * A version in its own directory, beside the one that runs and never over it: unpacked, with what it needs, and whole on the
 * disk before it gets its name. What an earlier life left half done is removed first.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { join } from "node:path"
import { asStorageFailed } from "../domain/Refusal.js"
import { UpdateFailed } from "../domain/Update.js"
import * as DurableFile from "../site/DurableFile.js"
import * as BoundedCommand from "./internal/boundedCommand.js"
import { hostEnvironment } from "./internal/hostEnvironment.js"
import { settleTree } from "./internal/settleTree.js"
import type { Manifest } from "./Manifest.js"
import type { UpdateSettings } from "./Settings.js"
import { unpack } from "./Unpack.js"
import * as Versions from "./Versions.js"

export interface Options {
  readonly versions: Versions.Versions
  readonly manifest: Manifest
  readonly settings: UpdateSettings
}

/** The archive, unpacked into a directory that is not named yet. */
export const unpacked = Effect.fn("Install.unpacked")(function* (
  { manifest, settings, versions }: Options,
  archive: string
) {
  const fs = yield* FileSystem.FileSystem
  const directory = versions.unfinished(manifest.version)
  const { files, ratio, unpacked_bytes } = settings.limits
  yield* fs
    .remove(directory, { recursive: true, force: true })
    .pipe(
      Effect.zipRight(fs.makeDirectory(directory, { recursive: true })),
      Effect.mapError(storage("unpack", directory))
    )
  yield* unpack(archive, directory, { bytes: unpacked_bytes, files, ratio })
  if (!(yield* isThere(join(directory, manifest.entry)))) return yield* failed(`the archive has no ${manifest.entry}`)
})

/** Gives it what it needs: node_modules that it carries, or by its lockfile. */
export const supplied = Effect.fn("Install.supplied")(function* ({ manifest, settings, versions }: Options) {
  const directory = versions.unfinished(manifest.version)
  if (yield* isThere(join(directory, "node_modules"))) return
  if (!(yield* needsPackages(directory))) return
  const locked =
    (yield* isThere(join(directory, "package-lock.json"))) || (yield* isThere(join(directory, "npm-shrinkwrap.json")))
  if (!locked) return yield* failed("it needs packages, and carries neither node_modules nor a lockfile")
  const [program, ...args] = Option.getOrElse(settings.install, () => npm)
  const ending = yield* BoundedCommand.run({
    command: [program, ...args],
    cwd: directory,
    env: yield* hostEnvironment,
    within: settings.limits.install,
    memoryBytes: settings.limits.memory_bytes
  })
  if (ending.problem !== undefined) return yield* failed(BoundedCommand.told(program, ending))
})

/** Everything is on the device and the version has its name once it returns. A version that had it goes. */
export const named = Effect.fn("Install.named")(function* ({ manifest, versions }: Options, signed: string) {
  const fs = yield* FileSystem.FileSystem
  const directory = versions.unfinished(manifest.version)
  const final = versions.of(manifest.version)
  yield* settleTree(directory).pipe(
    Effect.zipRight(DurableFile.replace(join(directory, Versions.mark), signed)),
    Effect.zipRight(fs.remove(final, { recursive: true, force: true })),
    Effect.zipRight(fs.rename(directory, final)),
    Effect.zipRight(DurableFile.syncDirectory(versions.directory)),
    Effect.mapError(storage("install", directory))
  )
})

// ---------------------------------------------------------------------------------------------------------------------

const npm = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"] as const

const failed = (detail: string) => Effect.fail(new UpdateFailed({ reason: "InstallFailed", detail }))

const storage = (operation: string, path: string) => (cause: unknown) =>
  new UpdateFailed({ reason: "StorageFailed", detail: asStorageFailed(operation, path)(cause).message })

const isThere = (path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.orElseSucceed(fs.exists(path), () => false))

const Package = Schema.parseJson(
  Schema.Struct({ dependencies: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String })) })
)

const needsPackages = (directory: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(join(directory, "package.json"))).pipe(
    Effect.flatMap(Schema.decode(Package)),
    Effect.map(({ dependencies = {} }) => Object.keys(dependencies).length > 0),
    Effect.orElseSucceed(() => false)
  )
