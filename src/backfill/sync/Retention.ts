/**
 * Removal of old files that every remote holds. Off unless the config asks for it.
 *
 * A file is removed only after all of this: every remote was asked for it just now and holds its content; the ledger of its
 * series knows the time that it covers, so that nothing of it is fetched again; the removal is recorded durably, so that a
 * smaller file of the same name is never copied over the one a remote holds. The newest period of a series stays, and so
 * does everything behind the first file that may not go.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { StorageFailed } from "../../domain/Refusal.js"
import type { Series } from "../../domain/Series.js"
import type { RetentionSettings } from "../Settings.js"
import type { Destination } from "./Destination.js"
import { removeExactly, sweep } from "./internal/removal.js"
import * as LocalFiles from "./LocalFiles.js"
import * as RetentionPlan from "./RetentionPlan.js"
import { type PurgedFile, SyncStore } from "./SyncStore.js"

export interface Retention {
  /** What was removed. A remote that can't be asked removes nothing. */
  readonly run: (
    root: string,
    destinations: ReadonlyArray<Destination>
  ) => Effect.Effect<ReadonlyArray<PurgedFile>, StorageFailed>
}

export interface Options {
  readonly settings: Effect.Effect<RetentionSettings>
  /** Absolute paths that are not looked at. */
  readonly never: ReadonlyArray<string>
  /** Brings what the files of a series show into its ledger; false where that can't be done. */
  readonly remember: (series: Series) => Effect.Effect<boolean, StorageFailed>
  /** For the site's own events: `storage.purged`. */
  readonly tell: (type: string, data: unknown) => Effect.Effect<void>
}

export const make = (options: Options): Effect.Effect<Retention, never, SyncStore> =>
  Effect.map(SyncStore, (store) => ({
    run: Effect.fn("Retention.run")(function* (root, destinations) {
      const settings = yield* options.settings
      if (!RetentionPlan.isOn(settings) || destinations.length === 0) return []
      const known = yield* store.purged
      yield* sweep(root, known)
      const purged = new Map(known.map(({ path, size }) => [path, size]))
      const { files } = yield* LocalFiles.list(root, { never: options.never, purged })
      const now = yield* Clock.currentTimeMillis
      const wanted = RetentionPlan.candidates(
        files.flatMap((file) => RetentionPlan.ofFile(file) ?? []),
        settings,
        now
      )
      const gone = yield* removeAll(root, yield* held(root, wanted, destinations), destinations, store, options)
      if (gone.length > 0) {
        yield* options.tell("storage.purged", { files: gone.length, bytes: LocalFiles.totalSize(gone) })
      }
      return gone
    })
  }))

// -----------------------------------------------------------------------------

/** Of each series, the files up to the first that some remote does not hold. */
const held = Effect.fnUntraced(function* (
  root: string,
  wanted: ReadonlyArray<RetentionPlan.PeriodFile>,
  destinations: ReadonlyArray<Destination>
) {
  if (wanted.length === 0) return []
  const answers = yield* Effect.forEach(destinations, ({ holds }) => holds({ root, files: wanted })).pipe(
    Effect.catchTag("CopyFailed", (error) =>
      Effect.as(Effect.logWarning(`retention removes nothing: ${error.message}`), [new Set<string>()])
    )
  )
  const stopped = new Set<string>()
  return wanted.filter(({ path, series }) => {
    if (!answers.every((paths) => paths.has(path))) stopped.add(series.key)
    return !stopped.has(series.key)
  })
})

const removeAll = Effect.fnUntraced(function* (
  root: string,
  files: ReadonlyArray<RetentionPlan.PeriodFile>,
  destinations: ReadonlyArray<Destination>,
  store: SyncStore["Type"],
  { remember }: Options
) {
  const remotes = destinations.map(({ name }) => name)
  const purgedAt = yield* Clock.currentTimeMillis
  const goes = new Map<string, boolean>()
  const gone: Array<PurgedFile> = []
  for (const { modified, path, series, size } of files) {
    const may = goes.get(series.key) ?? (yield* remember(series))
    goes.set(series.key, may)
    if (!may) continue
    const file = { path, size, modified, purgedAt, remotes }
    yield* store.notePurged(file)
    if (yield* removeExactly(root, file)) gone.push(file)
    // It was replaced since it was asked for.
    else goes.set(series.key, false)
  }
  return gone
})
