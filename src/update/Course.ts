/**
 * The course of one update from its manifest to the switch. Each step is in the journal when it is done. A later life goes
 * over it from the beginning and finds done what is done: what has come of the archive, a version that is installed whole.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { join } from "node:path"
import { UpdateFailed } from "../domain/Update.js"
import * as Candidate from "./Candidate.js"
import { download } from "./Download.js"
import * as Install from "./Install.js"
import type { Manifest } from "./Manifest.js"
import * as SelfTest from "./SelfTest.js"
import type { UpdateSettings } from "./Settings.js"
import { UpdateHost } from "./UpdateHost.js"
import type { UpdateJournal } from "./UpdateJournal.js"
import type { Attempt } from "./UpdateState.js"
import * as Versions from "./Versions.js"

export interface Options {
  readonly versions: Versions.Versions
  readonly journal: UpdateJournal
  /** Told how many bytes of the archive are here, and how many it has. */
  readonly onProgress: (bytes: number, size: number) => void
}

/** Ends with `switching` in the journal: from there `Settle` goes on. Fails where the station stays as it is. */
export const follow = Effect.fn("Course.follow")(function* (options: Options, attempt: Attempt) {
  const host = yield* UpdateHost
  const settings = yield* host.settings
  const { journal, versions } = options
  const { manifest, text } = yield* Candidate.trusted(attempt.manifest, {
    settings,
    running: host.running,
    latest: attempt.begun
  })
  yield* unlessWhole(versions, manifest, text, prepared(options, settings, manifest, text))
  yield* SelfTest.run({ versions, version: manifest.version, site: host.site, settings, config: attempt.config })
  yield* journal.append({ step: "tested" })
  const config = yield* host.config
  yield* journal.append({
    step: "switching",
    path: config.path,
    before: config.text,
    trial: Duration.toMillis(settings.trial),
    starts: settings.starts
  })
})

/** Takes away what an update left that came to nothing. What has come of an archive stays where the rest may come yet. */
export const clear = (
  versions: Versions.Versions,
  keep: ReadonlyArray<string | null | undefined>,
  failure: UpdateFailed
): Effect.Effect<void, never, FileSystem.FileSystem> => {
  const names = keep.filter((version) => version !== null && version !== undefined)
  const rest = failure.reason === "Unreachable" || failure.reason === "StorageFailed" ? ["downloads"] : []
  return Effect.ignore(Versions.prune(versions, new Set([...names, ...rest])))
}

// ---------------------------------------------------------------------------------------------------------------------

const prepared = (options: Options, settings: UpdateSettings, manifest: Manifest, signed: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { journal, onProgress, versions } = options
    const archive = join(versions.downloads, `${manifest.version}-${manifest.sha256.slice(0, 16)}.tgz`)
    const place = { versions, manifest, settings }
    yield* download({
      release: yield* Candidate.source(settings),
      manifest,
      path: archive,
      maxBytes: settings.limits.archive_bytes,
      within: settings.limits.download,
      onProgress: (bytes) => onProgress(bytes, manifest.size)
    })
    yield* journal.append({ step: "fetched" })
    yield* Install.unpacked(place, archive)
    yield* journal.append({ step: "unpacked" })
    yield* Install.supplied(place)
    yield* Install.named(place, signed)
    yield* journal.append({ step: "installed" })
    yield* Effect.ignore(fs.remove(archive, { force: true }))
  })

/** An earlier life may have come so far; a version of that number with another manifest is another one. */
const unlessWhole = <E, R>(
  versions: Versions.Versions,
  manifest: Manifest,
  signed: string,
  work: Effect.Effect<void, E, R>
) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    fs.readFileString(join(versions.of(manifest.version), Versions.mark))
  ).pipe(
    Effect.map((text) => text === signed),
    Effect.orElseSucceed(() => false),
    Effect.flatMap((whole) => (whole ? Effect.void : work))
  )
