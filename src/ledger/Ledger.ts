/**
 * The engine's own ledger: one append-only CSV file in which every attempt at every stage of every window is a row, and what
 * is known of the windows, folded from those rows.
 *
 * A row is acknowledged when it is on the device; rows that wait at the same time share one write and one sync. What `chunk`
 * and `chunks` answer holds durable rows only: it is folded from the very bytes that were synced, so that it is always what
 * the next reading of the file will give. After a failed write or sync nothing of the batch counts, and its bytes are set
 * aside; the next append tries the disk again.
 *
 * A row that was cut by a power failure stays where it is and is ended in place before the next one. A file with other
 * columns is brought to ours when it is opened, its old bytes kept beside; one that is no ledger is refused.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { reasonOf, StorageFailed } from "../domain/Refusal.js"
import type { TimeRange } from "../domain/TimeRange.js"
import { DiskFailure, type Notice } from "../journal/AppendFile.js"
import { type Disk, nodeDisk } from "../journal/Disk.js"
import { GroupCommit } from "../journal/GroupCommit.js"
import { storageFailed, timestampOf } from "../journal/Journal.js"
import * as FileReason from "../site/FileReason.js"
import type { ChunkState } from "./ChunkState.js"
import { type Finding, LedgerContents } from "./internal/contents.js"
import { textOfMicros } from "./internal/instantBytes.js"
import { migrate } from "./internal/migration.js"
import { encode } from "./LedgerCsv.js"
import type { LedgerRow } from "./LedgerRow.js"
import { instant } from "./LedgerText.js"

/** The file is there and is no ledger that this program could go on with. It was not changed. */
export class LedgerUnusable extends Schema.TaggedError<LedgerUnusable>()("LedgerUnusable", {
  path: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `The ledger ${this.path} can't be used: ${this.reason}. Move it away, or name another.`
  }
}

/** What a ledger knows. */
export interface LedgerView {
  readonly path: string
  /** Every `sensor_id` that has a window. */
  readonly series: Effect.Effect<ReadonlyArray<string>>
  /** The windows of a series in the order in which they first appeared, each as it is when it is taken. */
  readonly chunks: (series: string) => Effect.Effect<Iterable<ChunkState>>
  /** What windows of a series have become, in any order. */
  readonly products: (series: string) => Effect.Effect<ReadonlySet<string>>
  /** What is known of a window; none where no row speaks of exactly this one. */
  readonly chunk: (series: string, window: TimeRange) => Effect.Effect<Option.Option<ChunkState>>
}

export interface Ledger extends LedgerView {
  /** Durable once it returns. A caller that is interrupted while it waits does not un-write its row. */
  readonly append: (row: LedgerRow) => Effect.Effect<void, StorageFailed>
  /**
   * The same for several, which stand together and in order; one commit where they fit into `batchBytes`. A failure leaves
   * out the rest: of more rows than that, the first may be durable.
   */
  readonly appendAll: (rows: Iterable<LedgerRow>) => Effect.Effect<void, StorageFailed>
  /**
   * The `started_at_utc` of an attempt that begins now: the time, or just after the latest start of the window where the
   * clock was set back since. So the latest attempt is always the latest row.
   */
  readonly startedAt: (series: string, window: TimeRange) => Effect.Effect<string>
}

/** Bytes of rows in one commit; no row is longer. */
export const batchBytes = 1 << 20

/** Opens a ledger; nothing is written before the first row, unless it has to be brought to our columns. */
export const make: (
  path: string,
  disk?: Disk
) => Effect.Effect<Ledger, LedgerUnusable | StorageFailed, FileSystem.FileSystem | Path.Path | Scope.Scope> = Effect.fn(
  "Ledger.make"
)(function* (path, disk = nodeDisk) {
  const clock = yield* Effect.clock
  const log = yield* FiberSet.makeRuntime<never>()
  const tell = (notice: Notice | Finding) => void log(Effect.logWarning(textOf(notice)))
  const contents = new LedgerContents(path, disk, tell)
  yield* loadOwn(path, contents)
  const timestamp = () => timestampOf(clock.unsafeCurrentTimeMillis())
  const commit = yield* Effect.acquireRelease(
    Effect.sync(
      () =>
        new GroupCommit({
          disk,
          capacity: batchBytes,
          timestamp,
          notify: tell,
          ending: contents.ending,
          onCommit: ({ buffer, segments }) => {
            for (const { end, start, target } of segments)
              contents.committed(buffer.subarray(start, end), target.durable)
          },
          onFailure: () => undefined
        })
    ),
    (commit) => Effect.promise(() => commit.close())
  )

  const put = (bytes: Buffer): Effect.Effect<void, StorageFailed> =>
    Effect.async((resume) => {
      let abandoned = false
      const enter = () => {
        if (abandoned) return
        if (!commit.fits(bytes.length)) return commit.whenRoom(enter)
        commit.put(commit.file(path), bytes)
        commit.wait((failure) => resume(failure === undefined ? Effect.void : Effect.fail(storageFailed(failure))))
      }
      enter()
      return Effect.sync(() => void (abandoned = true))
    })

  const bytesOf = (row: LedgerRow): Effect.Effect<Buffer, StorageFailed> => {
    const bytes = Buffer.from(encode(row))
    return bytes.length <= batchBytes
      ? Effect.succeed(bytes)
      : new StorageFailed({
          operation: "append",
          path,
          reason: `a row of ${bytes.length} bytes, more than ${batchBytes}`
        })
  }

  return {
    ...view(path, contents),
    append: (row) => Effect.flatMap(bytesOf(row), put),
    appendAll: (rows) =>
      Effect.forEach(rows, bytesOf).pipe(
        Effect.flatMap((encoded) => Effect.forEach(joined(encoded), put, { discard: true }))
      ),
    startedAt: (series, { end, start }) =>
      Effect.sync(() => {
        const table = contents.fold.series.get(series)
        const latest = table?.latestStart(table.find(start, end)) ?? 0
        const now = clock.unsafeCurrentTimeMillis()
        return now * 1000 > latest ? instant(now) : textOfMicros(latest + 1)
      })
  }
})

/** What a ledger knows as of now; nothing is made, written or brought to our columns. */
export const read = (path: string, disk: Disk = nodeDisk): Effect.Effect<LedgerView, LedgerUnusable | StorageFailed> =>
  Effect.gen(function* () {
    const contents = new LedgerContents(path, disk, () => undefined)
    yield* load(path, contents)
    return view(path, contents)
  })

// ------------------------------------------------------------------------------------------------------------------

const view = (path: string, contents: LedgerContents): LedgerView => ({
  path,
  series: Effect.sync(() => [...contents.fold.series.keys()]),
  chunks: (series) => Effect.sync(() => contents.fold.series.get(series) ?? []),
  products: (series) => Effect.sync(() => contents.fold.series.get(series)?.allProducts ?? new Set()),
  chunk: (series, { end, start }) =>
    Effect.sync(() => {
      const table = contents.fold.series.get(series)
      const at = table?.find(start, end) ?? -1
      return table === undefined || at < 0 ? Option.none() : Option.some(table.state(at))
    })
})

/** Folds the file; fails where it is none of ours. */
const load = (path: string, contents: LedgerContents) =>
  Effect.tryPromise({
    try: () => contents.load(),
    catch: (cause) =>
      storageFailed(cause instanceof DiskFailure ? cause : new DiskFailure("read", path, reasonOf(cause)))
  }).pipe(
    Effect.filterOrFail(
      (kind) => kind !== "foreign" && kind !== "utf-16",
      (kind) =>
        new LedgerUnusable({ path, reason: kind === "utf-16" ? "it is UTF-16" : "its first line names other columns" })
    )
  )

/** The same, with a header that is not ours replaced. */
const loadOwn = (path: string, contents: LedgerContents) =>
  Effect.gen(function* () {
    if ((yield* load(path, contents)) === "own") return
    const timestamp = timestampOf(yield* Clock.currentTimeMillis)
    const kept = yield* migrate(path, timestamp).pipe(
      Effect.mapError(
        (error) => new LedgerUnusable({ path, reason: `it has an older header, and ${FileReason.reasonOf(error)}` })
      )
    )
    yield* Effect.logWarning(
      `${path} had other columns: it was rewritten with the 24 of today, the old file is ${kept}`
    )
    yield* load(path, contents)
  })

/** Rows one after the other, in pieces that each fit into a commit. */
const joined = (rows: ReadonlyArray<Buffer>): ReadonlyArray<Buffer> => {
  const pieces: Array<Buffer> = []
  let from = 0
  let size = 0
  rows.forEach(({ length }, place) => {
    if (size + length > batchBytes) {
      pieces.push(Buffer.concat(rows.slice(from, place)))
      from = place
      size = 0
    }
    size += length
  })
  if (from < rows.length) pieces.push(Buffer.concat(rows.slice(from)))
  return pieces
}

const textOf = (notice: Notice | Finding): string => {
  switch (notice.kind) {
    case "ended":
      return `${notice.path}: the row at byte ${notice.offset} was cut after ${notice.length} bytes; it was ended in place`
    case "swallowed":
      return `${notice.path}: a quote at byte ${notice.offset} is never closed; the ${notice.length} bytes behind it are one row`
    case "passedOver":
      return `${notice.path}: rows without window, status or start were passed over: ${notice.rows}`
    case "torn":
      return `${notice.path}: ${notice.length} bytes that were never confirmed were set aside (${notice.aside ?? "lost"})`
    case "replaced":
      return `${notice.path} was replaced; what it says now counts`
    case "damaged":
      return `${notice.path}: ${notice.lines} lines from byte ${notice.offset} on are no rows`
    case "failed":
      return `${notice.operation} ${notice.path}: ${notice.reason}`
    case "resumed":
      return "the ledger takes rows again"
  }
}
