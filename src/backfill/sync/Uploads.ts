/**
 * The upload stage of a backfill: files that were just finished, brought to every remote and compared there. A file that is
 * replaced meanwhile is sent again, as it is then. Nothing here fails: what could not be uploaded is an answer with a reason,
 * which belongs in the ledger; the next sync, or the next attempt, takes it.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { Outgoing } from "../../outgoing/Outgoing.js"
import type { StorageSettings } from "../Settings.js"
import type { Destination } from "./Destination.js"
import * as Destinations from "./Destinations.js"
import * as LocalFiles from "./LocalFiles.js"
import { Rclone } from "./Rclone.js"
import { SyncStore } from "./SyncStore.js"

export interface Placed {
  readonly remote: string
  /** As they stand in a ledger: the bucket and the key, or the rclone remote and the path below it. */
  readonly bucket: string
  readonly key: string
}

export interface Uploaded {
  /** As it was given. */
  readonly file: string
  /** Where it is and was compared. */
  readonly placed: ReadonlyArray<Placed>
  /** Why it is not everywhere; undefined where it is. */
  readonly error: string | undefined
  /** Its share of the time. */
  readonly seconds: number
}

export class Uploads extends Context.Tag("outpost/backfill/Uploads")<
  Uploads,
  {
    /** Names of the remotes that files would go to now; with none of them an upload answers an error for each file. */
    readonly remotes: Effect.Effect<ReadonlyArray<string>>
    /** One answer for each file (absolute paths below `storage.local_path`), in their order. */
    readonly upload: (files: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Uploaded>>
  }
>() {}

export interface Options {
  readonly settings: Effect.Effect<StorageSettings>
  readonly never: ReadonlyArray<string>
}

/** A file that is replaced while it is sent, again and again, is left to the sync. */
const attempts = 3
/** Merges that end together wait for each other. */
const sideBySide = 2

export const make = ({
  never,
  settings
}: Options): Effect.Effect<Context.Tag.Service<Uploads>, never, SyncStore | Rclone | Outgoing> =>
  Effect.gen(function* () {
    const store = yield* SyncStore
    const tools: Destinations.Tools = { rclone: yield* Rclone, outgoing: yield* Outgoing, store }
    const turns = yield* Effect.makeSemaphore(sideBySide)

    const upload = Effect.fn("Uploads.upload")(function* (files: ReadonlyArray<string>) {
      const begun = yield* Clock.currentTimeMillis
      const now = yield* settings
      const root = now.local_path
      const destinations = Destinations.of(now, tools)
      const relative = files.map((file) => (file.startsWith(`${root}/`) ? file.slice(root.length + 1) : undefined))
      const outcomes = yield* Effect.forEach(destinations, (destination) =>
        sendTo(
          destination,
          root,
          relative.flatMap((path) => path ?? []),
          store,
          never
        )
      )
      const seconds = ((yield* Clock.currentTimeMillis) - begun) / 1000 / Math.max(1, files.length)
      return files.map((file, k): Uploaded => {
        const path = relative[k]
        if (path === undefined)
          return { file, placed: [], seconds, error: `it is not below storage.local_path (${root})` }
        if (destinations.length === 0) return { file, placed: [], seconds, error: "no remotes are configured" }
        const there = outcomes.filter(({ verified }) => verified.has(path))
        const errors = outcomes
          .filter(({ verified }) => !verified.has(path))
          .map(
            ({ destination, reasons, failed }) => `${destination.name}: ${reasons.get(path) ?? failed ?? "not there"}`
          )
        return {
          file,
          placed: there.map(({ destination }) => ({ remote: destination.name, ...destination.place(path) })),
          seconds,
          error: errors.length === 0 ? undefined : errors.join("; ")
        }
      })
    }, turns.withPermits(1))

    return Uploads.of({
      remotes: Effect.map(settings, (now) => Destinations.of(now, tools).map(({ name }) => name)),
      upload
    })
  })

// -----------------------------------------------------------------------------

interface Outcome {
  readonly destination: Destination
  /** Paths that are there as they are here. */
  readonly verified: ReadonlySet<string>
  /** Why a path is not. */
  readonly reasons: ReadonlyMap<string, string>
  /** Why nothing more could be done. */
  readonly failed: string | undefined
}

const sendTo = (
  destination: Destination,
  root: string,
  paths: ReadonlyArray<string>,
  store: SyncStore["Type"],
  never: ReadonlyArray<string>
): Effect.Effect<Outcome> =>
  Effect.suspend(() => {
    const verified = new Set<string>()
    const reasons = new Map<string, string>()
    const outcome = (failed: string | undefined): Outcome => ({ destination, verified, reasons, failed })
    return Effect.gen(function* () {
      const purged = new Map((yield* store.purged).map(({ path, size }) => [path, size]))
      let left = paths
      for (let attempt = 0; attempt < attempts && left.length > 0; attempt++) {
        const { files, heldBack } = yield* LocalFiles.pick(root, left, { never, purged })
        for (const [path, reason] of heldBack) reasons.set(path, `held back: ${reason}`)
        const found = new Set(files.map(({ path }) => path))
        for (const path of left) if (!found.has(path) && !heldBack.has(path)) reasons.set(path, "there is no such file")
        const sent = yield* destination.copy({ root, files }, () => Effect.void)
        for (const { path } of sent.verified) verified.add(path)
        for (const { path, reason } of sent.missing) reasons.set(path, reason)
        left = left.filter((path) => !verified.has(path) && !reasons.has(path))
      }
      for (const path of left) reasons.set(path, "it was replaced while it was sent")
      return outcome(undefined)
    }).pipe(Effect.catchAll((error) => Effect.succeed(outcome("detail" in error ? error.detail : error.message))))
  })
