/**
 * What a version has to show before it is started in earnest: its own doctor, run on a site of its own, and where a config
 * comes with it, that it takes the config on this site. Under limits, and ended with all it has started.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import { join } from "node:path"
import { asStorageFailed } from "../domain/Refusal.js"
import { UpdateFailed, type UpdateReason } from "../domain/Update.js"
import * as DurableFile from "../site/DurableFile.js"
import * as BoundedCommand from "./internal/boundedCommand.js"
import { hostEnvironment } from "./internal/hostEnvironment.js"
import type { UpdateSettings } from "./Settings.js"
import * as Versions from "./Versions.js"

export interface Options {
  readonly versions: Versions.Versions
  readonly version: string
  /** The directory of the site. */
  readonly site: string
  readonly settings: UpdateSettings
  /** The config it is to run with, if one comes with it. */
  readonly config: string | undefined
}

/** Fails with what the version said. */
export const run = Effect.fn("SelfTest.run")(function* ({ config, settings, site, version, versions }: Options) {
  const fs = yield* FileSystem.FileSystem
  const entry = yield* Versions.entryOf(versions, version)
  const place = join(versions.downloads, "self-test")
  const little = yield* hostEnvironment

  const passes = (
    reason: UpdateReason,
    what: string,
    env: Readonly<Record<string, string>> | undefined,
    args: ReadonlyArray<string>
  ) =>
    BoundedCommand.run({
      command: [process.execPath, entry, ...args],
      cwd: versions.of(version),
      env,
      within: settings.limits.self_test,
      memoryBytes: settings.limits.memory_bytes
    }).pipe(
      Effect.filterOrFail(
        ({ problem }) => problem === undefined,
        (ending) => new UpdateFailed({ reason, detail: BoundedCommand.told(what, ending) })
      )
    )

  const test = Effect.gen(function* () {
    yield* passes("SelfTestFailed", "its self-test", little, ["doctor", "--json", "--site", place])
    if (config === undefined) return
    const file = join(place, "outpost.yaml")
    yield* DurableFile.replace(file, config).pipe(storage(file))
    // The config may refer to variables and files that only the site has.
    yield* passes("ConfigInvalid", "its check of the config", undefined, ["config", "validate", file, "--site", site])
  })
  const fresh = fs
    .remove(place, { recursive: true, force: true })
    .pipe(Effect.zipRight(fs.makeDirectory(place, { recursive: true })), storage(place))
  yield* Effect.zipRight(fresh, test).pipe(
    Effect.ensuring(Effect.ignore(fs.remove(place, { recursive: true, force: true })))
  )
})

// ---------------------------------------------------------------------------------------------------------------------

const storage = (path: string) =>
  Effect.mapError(
    (cause: unknown) =>
      new UpdateFailed({ reason: "StorageFailed", detail: asStorageFailed("write", path)(cause).message })
  )
