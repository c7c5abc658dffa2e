/**
 * Chunk books kept in ledgers: `.outpost/ledgers/<series>.csv`, or the file that a job names. What is known of the ranges of a
 * series is folded once when its book is opened, and then kept with each row that became durable, so that a look at it costs
 * the same after ten years as on the first day.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RcMap from "effect/RcMap"
import { join } from "node:path"
import type { ChunkView } from "../domain/Backfill.js"
import { StorageFailed } from "../domain/Refusal.js"
import { type Series, spanLabel } from "../domain/Series.js"
import type { TimeRange } from "../domain/TimeRange.js"
import type { ChunkState, PhaseState } from "../ledger/ChunkState.js"
import type { Ledger } from "../ledger/Ledger.js"
import { Ledgers } from "../ledger/Ledgers.js"
import * as LedgerRow from "../ledger/LedgerRow.js"
import * as LedgerText from "../ledger/LedgerText.js"
import {
  type Attempt,
  type ChunkBook,
  ChunkBooks,
  type Downloaded,
  type Failure,
  passing,
  type Processed
} from "./ChunkBook.js"
import { KnownRanges } from "./internal/knownRanges.js"

export interface Options {
  /** Where ledgers stand that no job has named. */
  readonly directory: string
  /** The place of a ledger that a job has named, inside the site. */
  readonly resolve: (path: string) => Effect.Effect<string, StorageFailed>
}

/** A series that is fetched every hour keeps its book open over the pause. */
const keptOpen = Duration.minutes(75)

export const layer = (options: Options): Layer.Layer<ChunkBooks, never, Ledgers> =>
  Layer.scoped(
    ChunkBooks,
    Effect.gen(function* () {
      const ledgers = yield* Ledgers
      const opened = yield* RcMap.make({
        lookup: (key: string) => {
          const [path = "", series = ""] = key.split("\n")
          return ledgers.open(path).pipe(
            Effect.flatMap((ledger) => shared(ledger, series)),
            Effect.mapError((error) =>
              error._tag === "StorageFailed"
                ? error
                : new StorageFailed({ operation: "open", path, reason: error.reason })
            )
          )
        },
        idleTimeToLive: keptOpen
      })
      return ChunkBooks.of({
        open: (series, { ledger, runId }) =>
          Option.match(ledger, {
            onNone: () => Effect.succeed(join(options.directory, `${series.slug}.csv`)),
            onSome: options.resolve
          }).pipe(
            Effect.flatMap((path) => RcMap.get(opened, `${path}\n${series.key}`)),
            Effect.map((book) => bookOf(book, series, runId))
          )
      })
    })
  )

// -----------------------------------------------------------------------------

interface Shared {
  readonly ledger: Ledger
  readonly known: KnownRanges
}

const shared = (ledger: Ledger, series: string): Effect.Effect<Shared> =>
  Effect.map(ledger.chunks(series), (chunks) => {
    const known = new KnownRanges()
    for (const chunk of chunks) {
      const said = meaning(chunk)
      if (said !== "unknown") known.learn(chunk.window, said)
    }
    return { ledger, known }
  })

/** What a window's rows say of its range. */
const meaning = ({ download, process, upload }: ChunkState) => {
  if (download === undefined) return process?.status === "PROCESSED" || upload !== undefined ? "fetched" : "unknown"
  switch (download.status) {
    case "DOWNLOADED":
      return "fetched"
    case "SKIPPED_NO_DATA":
      return "empty"
    case "FAILED":
      return isPassing(download) ? "unknown" : "failed"
    default:
      return "unknown"
  }
}

const isPassing = ({ reason }: PhaseState): boolean =>
  reason?.type === passing.interrupted || reason?.type === passing.partLost

const bookOf = ({ known, ledger }: Shared, series: Series, runId: string): ChunkBook => {
  const common = {
    run_id: runId,
    sensor_id: series.key,
    descriptor: series.span === undefined ? series.type : `${series.type} ${spanLabel(series.span)}`,
    output_format: "parquet"
  }
  const row = ({ startedAt, window }: Attempt, fields: Partial<LedgerRow.LedgerRow>) =>
    LedgerRow.make({
      ...common,
      chunk_date_utc: LedgerText.date(window.start),
      window_start_utc: LedgerText.edge(window.start),
      window_end_utc: LedgerText.edge(window.end),
      started_at_utc: startedAt,
      ...fields
    })
  const finished = Effect.map(Clock.currentTimeMillis, (now) => ({ finished_at_utc: LedgerText.instant(now) }))
  const note = (attempt: Attempt, meaning: Parameters<KnownRanges["learn"]>[1], fields: Partial<LedgerRow.LedgerRow>) =>
    finished.pipe(
      Effect.flatMap((at) => ledger.append(row(attempt, { ...at, ...fields }))),
      Effect.tap(() => known.learn(attempt.window, meaning))
    )
  /** One row for each window of a file; together in one commit. */
  const all = (chunks: ReadonlyArray<Processed>, fields: Partial<LedgerRow.LedgerRow>) =>
    Effect.flatMap(finished, (at) =>
      ledger.appendAll(
        chunks.map((chunk) => row(chunk.attempt, { ...at, ...carried(chunk), cdf_path: chunk.file, ...fields }))
      )
    )
  const carried = ({ path, records }: Downloaded) => ({ records_downloaded: String(records), csv_path: path })

  return {
    coverage: Effect.sync(() => known.coverage),
    downloaded: Effect.map(ledger.chunks(series.key), (chunks) => {
      const found: Array<Downloaded> = []
      for (const chunk of chunks) {
        const waiting = downloadedOnly(chunk)
        if (waiting !== undefined) found.push(waiting)
      }
      return found
    }),
    chunks: ({ from, limit, status, to }) =>
      Effect.map(ledger.chunks(series.key), (chunks) => {
        const found: Array<Omit<ChunkView, "series">> = []
        for (const chunk of chunks) {
          if (chunk.window.start < from || chunk.window.start >= to) continue
          const view = viewOf(chunk)
          if (status === undefined || view.status === status) found.push(view)
        }
        return found.sort((a, b) => a.start - b.start || a.end - b.end).slice(0, limit)
      }),
    claim: (windows) =>
      Effect.gen(function* () {
        const attempts = yield* Effect.forEach(windows, (window) =>
          Effect.map(ledger.startedAt(series.key, window), (startedAt): Attempt => ({ window, startedAt }))
        )
        yield* ledger.appendAll(attempts.map((attempt) => row(attempt, { status: "DOWNLOAD_PENDING" })))
        return attempts
      }),
    noteDownloaded: (attempt, { bytes, path, records, seconds }) =>
      note(attempt, "fetched", {
        status: "DOWNLOADED",
        records_downloaded: String(records),
        download_seconds: LedgerText.seconds(seconds),
        csv_size_mb: LedgerText.mebibytes(bytes),
        csv_path: path
      }),
    noteEmpty: (attempt, seconds) =>
      note(attempt, "empty", {
        status: "SKIPPED_NO_DATA",
        records_downloaded: "0",
        download_seconds: LedgerText.seconds(seconds),
        error_message: "the source has no rows in this window"
      }),
    noteFailed: (attempt, failure) => {
      const { type } = failure
      const said = type === passing.interrupted || type === passing.partLost ? "unknown" : "failed"
      return note(attempt, said, failed(failure))
    },
    noteRetry: (attempt, failure) =>
      Effect.gen(function* () {
        const { window } = attempt
        const at = yield* finished
        const next: Attempt = { window, startedAt: yield* ledger.startedAt(series.key, window) }
        yield* ledger.appendAll([
          row(attempt, { ...at, ...failed(failure) }),
          row(next, { status: "DOWNLOAD_PENDING" })
        ])
        return next
      }),
    noteProcessing: (chunks) =>
      ledger.appendAll(chunks.map((chunk) => row(chunk.attempt, { status: "PROCESS_PENDING", ...carried(chunk) }))),
    noteProcessed: (chunks, seconds) =>
      all(chunks, { status: "PROCESSED", process_seconds: LedgerText.seconds(seconds) }),
    toUpload: ({ retryFailed }) =>
      Effect.map(ledger.chunks(series.key), (chunks) => {
        const found: Array<Processed> = []
        for (const chunk of chunks) {
          const waiting = processedOnly(chunk, retryFailed)
          if (waiting !== undefined) found.push(waiting)
        }
        return found
      }),
    noteUploading: (chunks) => all(chunks, { status: "UPLOAD_PENDING" }),
    noteUploaded: (chunks, { bucket, key, seconds }) =>
      all(chunks, {
        status: "UPLOADED",
        upload_seconds: LedgerText.seconds(seconds),
        s3_bucket: bucket,
        s3_key: key
      }),
    noteUploadFailed: (chunks, { message, seconds, type }) =>
      all(chunks, {
        status: "FAILED",
        upload_seconds: LedgerText.seconds(seconds),
        error_type: type,
        error_message: message
      }),
    noteCovered: (ranges, how) =>
      Effect.gen(function* () {
        const at = yield* finished
        const attempts = yield* Effect.forEach(ranges, (window: TimeRange) =>
          Effect.map(ledger.startedAt(series.key, window), (startedAt): Attempt => ({ window, startedAt }))
        )
        yield* ledger.appendAll(
          attempts.map((attempt) =>
            row(attempt, { status: "PROCESSED", ...at, process_seconds: LedgerText.seconds(0), error_message: how })
          )
        )
        for (const { window } of attempts) known.learn(window, "fetched")
      })
  }
}

const failed = ({ message, seconds, type }: Failure): Partial<LedgerRow.LedgerRow> => ({
  status: "FAILED",
  download_seconds: LedgerText.seconds(seconds),
  error_type: type,
  error_message: message
})

/** A window whose part waits to be merged. */
const downloadedOnly = ({ download, figures, process, window }: ChunkState): Downloaded | undefined => {
  if (download?.status !== "DOWNLOADED") return undefined
  const same = process?.startedAt === download.startedAt ? process : undefined
  if (same?.status === "PROCESSED") return undefined
  return {
    attempt: { window, startedAt: download.startedAt },
    records: Number(figures.records_downloaded) || 0,
    path: figures.csv_path,
    processing: same !== undefined
  }
}

/** A window that is in the dataset and whose upload, if it began, did not succeed. */
const processedOnly = (chunk: ChunkState, retryFailed: boolean): Processed | undefined => {
  const { cdfPath, download, figures, process, upload, window } = chunk
  if (process?.status !== "PROCESSED" || upload?.status === "UPLOADED" || cdfPath === "") return undefined
  if (upload?.status === "FAILED" && !retryFailed) return undefined
  return {
    attempt: { window, startedAt: download?.startedAt ?? process.startedAt },
    records: Number(figures.records_downloaded) || 0,
    path: figures.csv_path,
    processing: true,
    file: cdfPath
  }
}

const viewOf = ({ download, figures, process, upload, window }: ChunkState): Omit<ChunkView, "series"> => {
  const latest = upload ?? process ?? download
  return {
    start: window.start,
    end: window.end,
    status: latest?.status ?? "",
    attempts: Math.max(download?.attempts ?? 0, 0),
    records: Number(figures.records_downloaded) || 0,
    started_at: latest?.startedAt ?? "",
    error_type: latest?.reason?.type ?? "",
    error_message: latest?.reason?.message ?? ""
  }
}
