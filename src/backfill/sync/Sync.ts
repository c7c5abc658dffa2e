/**
 * Copies of the datasets, to every remote of the config, one remote after the other.
 *
 * How each copy went is recorded before the next begins, and told as it was: a remote that could not be reached, files that
 * compare different afterwards, files that were held back make the result a failure with its reason. Only when every remote
 * holds everything is that a sync. Files that are replaced while they are copied are whole in either version (they appear by
 * rename), and the next copy takes the newer one.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as SynchronizedRef from "effect/SynchronizedRef"
import { NoRemotes, type StorageStatus, type SyncResult } from "../../domain/Collector.js"
import type { StorageFailed } from "../../domain/Refusal.js"
import { Outgoing } from "../../outgoing/Outgoing.js"
import type * as Schedules from "../../schedule/Schedules.js"
import * as Trigger from "../../schedule/Trigger.js"
import type { StorageSettings } from "../Settings.js"
import type { CopyProgress, Destination } from "./Destination.js"
import * as Destinations from "./Destinations.js"
import * as LocalFiles from "./LocalFiles.js"
import { Rclone } from "./Rclone.js"
import { SyncStore } from "./SyncStore.js"

/** The copy that is under way. */
export interface SyncProgress extends CopyProgress {
  readonly remote: string
  /** Seconds since the epoch. */
  readonly started_at: number
}

export class Sync extends Context.Tag("outpost/backfill/Sync")<
  Sync,
  {
    /**
     * Copies everything everywhere; a call while that goes on joins it. Answers one result for each remote, recorded durably.
     * It is not stopped by a caller who goes away, but by the end of the site.
     */
    readonly sync: Effect.Effect<ReadonlyArray<SyncResult>, NoRemotes | StorageFailed>
    readonly status: Effect.Effect<StorageStatus>
    readonly progress: Effect.Effect<Option.Option<SyncProgress>>
    /** The copy as it comes due by itself; none without remotes or without an interval. */
    readonly entry: Effect.Effect<Option.Option<Schedules.Entry>>
  }
>() {}

export interface Options {
  /** In force now; `local_path` is absolute. */
  readonly settings: Effect.Effect<StorageSettings>
  /** Absolute paths that are never copied: the site's state, its secrets. */
  readonly never: ReadonlyArray<string>
  readonly freeBytes: Effect.Effect<number | null>
  /** For the site's own events: `sync.failed`. */
  readonly tell: (type: string, data: unknown) => Effect.Effect<void>
  /** After all remotes were found to hold everything; retention. */
  readonly afterwards: (root: string, destinations: ReadonlyArray<Destination>) => Effect.Effect<void, StorageFailed>
}

export const make = (
  options: Options
): Effect.Effect<Context.Tag.Service<Sync>, StorageFailed, SyncStore | Rclone | Outgoing | Scope.Scope> =>
  Effect.gen(function* () {
    const store = yield* SyncStore
    const tools: Destinations.Tools = { rclone: yield* Rclone, outgoing: yield* Outgoing, store }
    const scope = yield* Effect.scope
    const history = yield* Ref.make(yield* store.history)
    const lastSync = yield* Ref.make(yield* store.lastSync)
    const progress = yield* Ref.make(Option.none<SyncProgress>())
    const current = yield* SynchronizedRef.make(
      Option.none<Fiber.RuntimeFiber<ReadonlyArray<SyncResult>, StorageFailed>>()
    )
    // A person who has just installed it is not told for long that it is not there.
    const available = yield* Effect.cachedWithTTL(
      Effect.map(Effect.either(tools.rclone.version), Either.isRight),
      "10 seconds"
    )

    const record = (result: SyncResult) =>
      Effect.gen(function* () {
        yield* Ref.update(history, (known) => [result, ...known].slice(0, kept))
        yield* store.append(result)
        if (result.ok) return
        yield* Effect.logWarning(`sync to ${result.remote} failed: ${result.error}`)
        yield* options.tell("sync.failed", { remote: result.remote, error: result.error })
      })

    const copyTo = (root: string, destination: Destination) =>
      Effect.gen(function* () {
        const { name: remote } = destination
        const started_at = yield* seconds
        const tell = (now: CopyProgress) => Ref.set(progress, Option.some({ ...now, remote, started_at }))
        yield* tell({ files: 0, totalFiles: 0, bytes: 0, totalBytes: 0, bytesPerSecond: 0 })
        const finish = (outcome: Pick<SyncResult, "files" | "bytes" | "error">) =>
          Effect.flatMap(seconds, (finished_at) => {
            const result = { remote, ok: outcome.error === null, started_at, finished_at, ...outcome }
            return Effect.as(record(result), result)
          })
        return yield* copyAll(root, destination, store, options.never, tell).pipe(
          Effect.catchAll((error) => Effect.succeed({ files: null, bytes: null, error: reasonOf(error) })),
          Effect.onInterrupt(() =>
            Effect.ignoreLogged(finish({ files: null, bytes: null, error: "it was interrupted" }))
          ),
          Effect.flatMap(finish),
          Effect.ensuring(Ref.set(progress, Option.none()))
        )
      })

    const copyEverywhere = (settings: StorageSettings, destinations: ReadonlyArray<Destination>) =>
      Effect.gen(function* () {
        const root = settings.local_path
        const results = yield* Effect.forEach(destinations, (destination) => copyTo(root, destination))
        if (results.some(({ ok }) => !ok)) return results
        const last = { at: yield* seconds, remotes: destinations.map(({ name }) => name) }
        yield* store.setLastSync(last)
        yield* Ref.set(lastSync, Option.some(last))
        yield* options.afterwards(root, destinations)
        return results
      }).pipe(Effect.withSpan("Sync.sync"))

    const begin = (work: Effect.Effect<ReadonlyArray<SyncResult>, StorageFailed>) =>
      SynchronizedRef.modifyEffect(current, (running) =>
        Option.isSome(running)
          ? Effect.succeed([running.value, running] as const)
          : work.pipe(
              Effect.ensuring(SynchronizedRef.set(current, Option.none())),
              Effect.interruptible,
              Effect.forkIn(scope),
              Effect.map((fiber) => [fiber, Option.some(fiber)] as const)
            )
      )

    const sync = Effect.gen(function* () {
      const settings = yield* options.settings
      const destinations = Destinations.of(settings, tools)
      if (destinations.length === 0) return yield* new NoRemotes()
      return yield* Fiber.join(yield* begin(copyEverywhere(settings, destinations)))
    })

    return Sync.of({
      sync,
      status: Effect.gen(function* () {
        const settings = yield* options.settings
        return {
          remotes: Destinations.of(settings, tools).map(({ name, provider }) => ({ provider, remote: name })),
          sync_interval: settings.sync_interval,
          rclone_available: settings.remotes.length > 0 && (yield* available),
          last_sync: Option.getOrNull(
            Option.map(yield* Ref.get(lastSync), ({ at, remotes }) => ({ last_sync_at: at, remotes }))
          ),
          running: Option.isSome(yield* SynchronizedRef.get(current)),
          history: yield* Ref.get(history),
          free_bytes: yield* options.freeBytes
        }
      }),
      progress: Ref.get(progress),
      entry: Effect.gen(function* () {
        const settings = yield* options.settings
        const { sync_interval } = settings
        if (sync_interval <= 0 || Destinations.of(settings, tools).length === 0) return Option.none()
        return Option.some<Schedules.Entry>({
          id: "sync",
          name: "sync",
          section: "storage",
          trigger: Trigger.every(Duration.seconds(sync_interval)),
          // The first of all comes after one interval; later ones that were missed are made up for.
          missed: (yield* Ref.get(history)).length > 0 ? "once" : "skip",
          fingerprint: `sync ${sync_interval}`,
          work: Effect.catchAll(sync, (error) => Effect.logWarning(`sync: ${error.message}`))
        })
      })
    })
  })

// -----------------------------------------------------------------------------

const kept = 100

const seconds = Effect.map(Clock.currentTimeMillis, (now) => now / 1000)

const reasonOf = (error: { readonly detail: string } | StorageFailed): string =>
  "detail" in error ? error.detail : error.message

/** One remote. What is not there as it is stands in `error`. */
const copyAll = Effect.fnUntraced(function* (
  root: string,
  destination: Destination,
  store: SyncStore["Type"],
  never: ReadonlyArray<string>,
  tell: (progress: CopyProgress) => Effect.Effect<void>
) {
  const purged = new Map((yield* store.purged).map(({ path, size }) => [path, size]))
  const { files, heldBack } = yield* LocalFiles.list(root, { never, purged })
  const sent = yield* destination.copy({ root, files }, tell)
  const problems = [
    ...sent.missing.map(({ path, reason }) => `${path} (${reason})`),
    ...Array.from(heldBack, ([path, reason]) => `${path} (held back: ${reason})`)
  ]
  return { files: sent.files, bytes: sent.bytes, error: problems.length === 0 ? null : summary(problems) }
})

const summary = (problems: ReadonlyArray<string>): string => {
  const shown = problems.slice(0, 3).join(", ")
  const more = problems.length > 3 ? ` and ${problems.length - 3} more` : ""
  return `${problems.length} ${problems.length === 1 ? "file is" : "files are"} not there as on this machine: ${shown}${more}`
}
