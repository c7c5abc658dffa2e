/**
 * An archive on its way here. What has come stays when the connection, the process or the power goes, and the next attempt
 * asks for the rest. The file counts only once its size and its SHA-256 are those of the manifest.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { asStorageFailed, reasonOf } from "../domain/Refusal.js"
import { UpdateFailed } from "../domain/Update.js"
import { Outgoing } from "../outgoing/Outgoing.js"
import { syncDirectory } from "../site/DurableFile.js"
import { createReadStream } from "node:fs"
import { dirname } from "node:path"
import { type PartFile, TooMuch, withPartFile } from "./internal/partFile.js"
import type { Manifest } from "./Manifest.js"
import { type ArchivePlace, type PreparedRelease, unreachable } from "./ReleaseSource.js"

export interface Options {
  readonly release: PreparedRelease
  readonly manifest: Manifest
  readonly path: string
  /** Larger archives are not even begun. */
  readonly maxBytes: number
  /** For all attempts together. */
  readonly within: Duration.Duration
  /** Told how many bytes are here. */
  readonly onProgress: (bytes: number) => void
}

/** Durable and verified once it returns. Lost connections are tried again for as long as `within` lasts. */
export const download = Effect.fn("Download.download")(function* (options: Options) {
  const { manifest, maxBytes, path, within } = options
  if (manifest.size > maxBytes) {
    return yield* failed(
      "TooLarge",
      `its archive has ${manifest.size} bytes; update.limits.archive_bytes is ${maxBytes}`
    )
  }
  const fs = yield* FileSystem.FileSystem
  yield* fs.makeDirectory(dirname(path), { recursive: true }).pipe(Effect.mapError(storage(path)))
  yield* attempt(options).pipe(
    Effect.retry({ while: ({ reason }) => reason === "Unreachable", schedule: again }),
    Effect.timeoutFail({
      duration: within,
      onTimeout: () =>
        new UpdateFailed({ reason: "Unreachable", detail: `it did not come within ${Duration.format(within)}` })
    })
  )
  yield* syncDirectory(dirname(path)).pipe(Effect.mapError(storage(path)))
})

// ---------------------------------------------------------------------------------------------------------------------

const again = Schedule.exponential("500 millis").pipe(Schedule.union(Schedule.spaced("1 minute")), Schedule.jittered)

const failed = (reason: UpdateFailed["reason"], detail: string) => Effect.fail(new UpdateFailed({ reason, detail }))

const storage = (path: string) => (cause: unknown) =>
  new UpdateFailed({ reason: "StorageFailed", detail: asStorageFailed("write", path)(cause).message })

/** One attempt. What a broken file was continued into is thrown away and asked for once more, from its beginning. */
const attempt = (options: Options): Effect.Effect<void, UpdateFailed, Outgoing> =>
  Effect.gen(function* () {
    const place = yield* options.release.archive(options.manifest)
    const resumed = yield* fetch(options, place)
    if (resumed) yield* fetch(options, place)
  })

/** Answers whether it came to nothing because of what was there before. */
const fetch = ({ manifest, onProgress, path }: Options, place: ArchivePlace) =>
  withPartFile(path, manifest.size, (part) =>
    Effect.gen(function* () {
      const before = part.bytes
      onProgress(before)
      part.onProgress = onProgress
      if (before < manifest.size) {
        yield* Effect.catchAll(
          place._tag === "File" ? copy(place.path, part) : request(place, part, manifest),
          (error) => Effect.fail(part.refused === undefined ? error : storage(path)(part.refused))
        )
      }
      const problem =
        part.bytes !== manifest.size
          ? `the archive has ${part.bytes} bytes; its manifest says ${manifest.size}`
          : part.sha256() !== manifest.sha256
            ? "the archive's SHA-256 is not that of its manifest"
            : undefined
      if (problem === undefined) {
        yield* part.sync
        return false
      }
      yield* part.discard
      return before > 0 ? true : yield* failed("Mismatch", problem)
    })
  ).pipe(Effect.catchTag("PartFailed", ({ cause }) => Effect.fail(storage(path)(cause))))

const copy = (from: string, part: PartFile) =>
  Effect.tryPromise({
    try: async (signal) => {
      for await (const piece of createReadStream(from, { start: part.bytes, signal })) await part.write(piece)
    },
    catch: (cause) =>
      cause instanceof TooMuch
        ? new UpdateFailed({ reason: "Mismatch", detail: "the archive is longer than its manifest says" })
        : new UpdateFailed({ reason: "NotFound", detail: `${from}: ${reasonOf(cause)}` })
  })

const request = (
  { headers, trusted, url }: Extract<ArchivePlace, { readonly _tag: "Address" }>,
  part: PartFile,
  { size }: Manifest
) =>
  Effect.gen(function* () {
    const { send } = yield* Outgoing
    const from = part.bytes
    const range: Record<string, string | Redacted.Redacted<string>> = from === 0 ? {} : { range: `bytes=${from}-` }
    const { status } = yield* send({
      url,
      trusted,
      headers: { ...headers, ...range },
      // Its own limit is that of all attempts; a connection that is silent ends by itself.
      timeout: Duration.infinity,
      maxBytes: size,
      receive: (head) => {
        const continues = head.status === 206 && head.headers["content-range"]?.startsWith(`bytes ${from}-`) === true
        if (head.status !== 200 && !continues) return undefined
        return head.status === 200 ? part.writeAnew() : part.write
      }
    }).pipe(
      Effect.mapError((error) =>
        error.reason === "TooLarge"
          ? new UpdateFailed({ reason: "Mismatch", detail: "the archive is longer than its manifest says" })
          : unreachable(error)
      )
    )
    if (status === 200 || status === 206) return
    // Nothing behind what is there: it is judged as it is.
    if (status === 416) return
    return yield* failed(status === 404 ? "NotFound" : "Unreachable", `the archive: answered ${status}`)
  })
