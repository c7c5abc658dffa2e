/**
 * The rows of one attempt at one phase of a window: one before the work, one after it, with the same run, window and start.
 * Rows of the later phases carry the figures of the download forward.
 */
import type { TimeRange } from "../domain/TimeRange.js"
import type { ChunkState, Phase } from "./ChunkState.js"
import { type LedgerRow, type LedgerStatus, make } from "./LedgerRow.js"
import { date, edge, instant, mebibytes, percent, seconds } from "./LedgerText.js"

export interface Attempt {
  /** The request it is part of. */
  readonly runId: string
  readonly series: string
  /** What kind of rows, how far apart. */
  readonly descriptor: string
  readonly window: TimeRange
  /** From `Ledger.startedAt`. */
  readonly startedAt: string
  readonly outputFormat?: string | undefined
  /** How many records would be all of them. */
  readonly expected?: number | undefined
  /** From `carried`, for a phase after the download. */
  readonly carried?: Partial<LedgerRow> | undefined
}

/** What every outcome has: how long the phase took, and when it ended (Unix milliseconds). */
export interface Took {
  readonly seconds: number
  readonly finishedAt: number
}

/** What a phase takes over from what was there before: the figures of the download; for an upload the product too. */
export const carried = (phase: Phase, { cdfPath, figures }: ChunkState): Partial<LedgerRow> =>
  phase === "download" ? {} : phase === "process" ? figures : { ...figures, cdf_path: cdfPath }

/** Before the work. */
export const pending = (phase: Phase, attempt: Attempt): LedgerRow => rowOf(attempt, pendingStatus[phase], {})

/** The bytes are in `path`, durable. */
export const downloaded = (
  attempt: Attempt,
  result: Took & { readonly records: number; readonly bytes: number; readonly path: string }
): LedgerRow =>
  rowOf(attempt, "DOWNLOADED", {
    records_downloaded: String(result.records),
    availability_pct: percent(result.records, attempt.expected ?? 0),
    download_seconds: seconds(result.seconds),
    csv_size_mb: mebibytes(result.bytes),
    csv_path: result.path,
    finished_at_utc: instant(result.finishedAt)
  })

/** The source has answered that it has nothing for this window. An answer that can't be read is a failure, never this. */
export const noData = (attempt: Attempt, result: Took & { readonly message: string }): LedgerRow =>
  rowOf(attempt, "SKIPPED_NO_DATA", {
    download_seconds: seconds(result.seconds),
    error_message: cut(result.message),
    finished_at_utc: instant(result.finishedAt)
  })

/** The rows are in the product. Its size is left out where it holds many windows and says nothing of this one. */
export const processed = (
  attempt: Attempt,
  result: Took & { readonly bytes?: number; readonly path: string }
): LedgerRow =>
  rowOf(attempt, "PROCESSED", {
    process_seconds: seconds(result.seconds),
    cdf_size_mb: result.bytes === undefined ? "" : mebibytes(result.bytes),
    cdf_path: result.path,
    finished_at_utc: instant(result.finishedAt)
  })

/** There is no file to process. */
export const noInput = (attempt: Attempt, result: Took & { readonly message: string }): LedgerRow =>
  rowOf(attempt, "SKIPPED_NO_INPUT", {
    error_message: cut(result.message),
    finished_at_utc: instant(result.finishedAt)
  })

export const uploaded = (
  attempt: Attempt,
  result: Took & { readonly bucket: string; readonly key: string }
): LedgerRow =>
  rowOf(attempt, "UPLOADED", {
    upload_seconds: seconds(result.seconds),
    s3_bucket: result.bucket,
    s3_key: result.key,
    finished_at_utc: instant(result.finishedAt)
  })

/** The seconds stand in the column of the phase, which is how a failure says what failed. */
export const failed = (
  phase: Phase,
  attempt: Attempt,
  result: Took & { readonly type: string; readonly message: string }
): LedgerRow =>
  rowOf(attempt, "FAILED", {
    error_type: result.type,
    error_message: cut(result.message),
    [secondsColumn[phase]]: seconds(result.seconds),
    finished_at_utc: instant(result.finishedAt)
  })

// ------------------------------------------------------------------------------------------------------------------

const pendingStatus = { download: "DOWNLOAD_PENDING", process: "PROCESS_PENDING", upload: "UPLOAD_PENDING" } as const

const secondsColumn = { download: "download_seconds", process: "process_seconds", upload: "upload_seconds" } as const

/** Whatever a server answered: a row stays a line that people can look at. */
const messageLimit = 4000

const cut = (message: string): string =>
  message.length <= messageLimit ? message : `${message.slice(0, messageLimit)}...`

const rowOf = (attempt: Attempt, status: LedgerStatus, fields: Partial<LedgerRow>): LedgerRow =>
  make({
    ...attempt.carried,
    run_id: attempt.runId,
    chunk_date_utc: date(attempt.window.start),
    window_start_utc: edge(attempt.window.start),
    window_end_utc: edge(attempt.window.end),
    status,
    ...(attempt.expected === undefined ? {} : { expected_records: String(attempt.expected) }),
    sensor_id: attempt.series,
    descriptor: attempt.descriptor,
    output_format: attempt.outputFormat ?? "",
    started_at_utc: attempt.startedAt,
    ...fields
  })
