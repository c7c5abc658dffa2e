/**
 * A bucket as a destination. What was sent and verified is remembered with the file's size and time, so that a copy sends only
 * what changed since; with `verify: checksum` the bucket is asked for every object at every copy.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { StorageFailed } from "../../domain/Refusal.js"
import { Outgoing, type OutgoingService } from "../../outgoing/Outgoing.js"
import { type Batch, type Copied, CopyFailed, type CopyProgress, type Destination } from "./Destination.js"
import * as LocalFiles from "./LocalFiles.js"
import * as S3Put from "./S3Put.js"
import type { SyncStore } from "./SyncStore.js"

export interface Options {
  readonly bucket: S3Put.Bucket
  /** What keys begin with; no slash at either end. */
  readonly prefix: string
  readonly verify: "size" | "checksum"
  readonly timeLimit: Duration.Duration
  readonly outgoing: OutgoingService
  readonly store: SyncStore["Type"]
}

/** Objects that are sent, or asked for, at the same time. */
const sideBySide = 4

export const make = ({ bucket, outgoing, prefix, store, timeLimit, verify }: Options): Destination => {
  const name = `s3://${bucket.bucket}${prefix === "" ? "" : `/${prefix}`}`
  /** Two buckets of one name on two servers are not the same. */
  const id = `${bucket.endpoint}/${bucket.bucket}/${prefix}`
  const keyOf = (path: string) => (prefix === "" ? path : `${prefix}/${path}`)
  const head = (path: string) => S3Put.head(bucket, keyOf(path)).pipe(Effect.provideService(Outgoing, outgoing))
  const failed = ({ detail, reason, status }: S3Put.S3Failed) =>
    new CopyFailed({
      remote: name,
      reason: reason === "Unreachable" ? "Unreachable" : status === 404 || status === 403 ? "Misconfigured" : "Refused",
      detail
    })
  const limited = Effect.timeoutFail({
    duration: timeLimit,
    onTimeout: () =>
      new CopyFailed({
        remote: name,
        reason: "TimedOut",
        detail: `not done within ${Duration.format(timeLimit)} (storage.sync_time_limit)`
      })
  })

  const send = Effect.fnUntraced(function* (batch: Batch, file: LocalFiles.LocalFile) {
    yield* S3Put.put(bucket, keyOf(file.path), `${batch.root}/${file.path}`).pipe(
      Effect.provideService(Outgoing, outgoing)
    )
    const [settled] = yield* LocalFiles.unchanged(batch.root, [file])
    // Replaced while it was sent: the next copy takes what stands there now.
    if (settled !== undefined) yield* store.noteObject(id, file)
    return settled
  })

  /** The files that have to be sent. */
  const pending = Effect.fnUntraced(function* (batch: Batch) {
    const known = yield* store.objects(id)
    const doubtful = batch.files.filter((file) => !LocalFiles.isSame(file, known.get(file.path)))
    if (verify === "size") return doubtful
    const sure = batch.files.filter((file) => LocalFiles.isSame(file, known.get(file.path)))
    const gone = yield* Effect.filter(
      sure,
      ({ path, size }) => Effect.map(head(path), (found) => Option.isNone(found) || found.value.size !== size),
      { concurrency: sideBySide }
    )
    return [...doubtful, ...gone]
  })

  const copy = Effect.fnUntraced(function* (batch: Batch, tell: (progress: CopyProgress) => Effect.Effect<void>) {
    const files = yield* pending(batch)
    const total = { totalFiles: files.length, totalBytes: LocalFiles.totalSize(files) }
    const done = yield* Ref.make({ files: 0, bytes: 0 })
    const begun = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
    const results = yield* Effect.forEach(
      files,
      (file) =>
        Effect.gen(function* () {
          const settled = yield* passOver(send(batch, file))
          const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
          const sum = yield* Ref.updateAndGet(done, ({ bytes, files }) =>
            Either.isRight(settled) ? { files: files + 1, bytes: bytes + file.size } : { files, bytes }
          )
          yield* tell({ ...sum, ...total, bytesPerSecond: (sum.bytes * 1000) / Math.max(1, now - begun) })
          return { file, settled }
        }),
      { concurrency: sideBySide }
    )
    const sending = new Set(files.map(({ path }) => path))
    const missing = results.flatMap(({ file: { path }, settled }) =>
      Either.isLeft(settled) ? [{ path, reason: settled.left.message }] : []
    )
    const verified = [
      ...batch.files.filter(({ path }) => !sending.has(path)),
      ...results.flatMap(({ settled }) =>
        Either.isRight(settled) && settled.right !== undefined ? [settled.right] : []
      )
    ]
    return { ...(yield* Ref.get(done)), verified, missing } satisfies Copied
  })

  return {
    name,
    provider: "s3",
    place: (path) => ({ bucket: bucket.bucket, key: keyOf(path) }),
    copy: (batch, tell) => limited(mapFailure(copy(batch, tell), failed)),
    holds: (batch) =>
      Effect.filter(
        batch.files,
        ({ path }) =>
          Effect.flatMap(head(path), (found) =>
            Option.isNone(found)
              ? Effect.succeed(false)
              : Effect.map(S3Put.digest(`${batch.root}/${path}`), (digest) => S3Put.isCopy(found.value, digest))
          ),
        { concurrency: sideBySide }
      ).pipe(
        (asked) => mapFailure(asked, failed),
        Effect.map((files) => new Set(files.map(({ path }) => path))),
        limited
      )
  }
}

// -----------------------------------------------------------------------------

/** What is wrong with one file is no reason to leave the others; what is wrong with the server is. */
const passOver = <A>(
  sent: Effect.Effect<A, S3Put.S3Failed | StorageFailed>
): Effect.Effect<Either.Either<A, S3Put.S3Failed | StorageFailed>, S3Put.S3Failed> =>
  Effect.flatMap(Effect.either(sent), (result) => {
    const error = Either.isLeft(result) ? result.left : undefined
    return error?._tag === "S3Failed" && (error.reason === "Refused" || error.reason === "Unreachable")
      ? Effect.fail(error)
      : Effect.succeed(result)
  })

const mapFailure = <A>(
  work: Effect.Effect<A, S3Put.S3Failed | StorageFailed>,
  failed: (error: S3Put.S3Failed) => CopyFailed
): Effect.Effect<A, CopyFailed | StorageFailed> =>
  Effect.catchTag(work, "S3Failed", (error) => Effect.fail(failed(error)))
