/**
 * What a ledger knows of one window of one series: for each phase its latest row, by `started_at_utc`, the later line where
 * two are equal. A phase is judged by rows of its own alone, so that nothing a later phase writes hides what an earlier one
 * has done.
 */
import type { TimeRange } from "../domain/TimeRange.js"
import type { LedgerRow, LedgerStatus } from "./LedgerRow.js"

export const phases = ["download", "process", "upload"] as const
export type Phase = (typeof phases)[number]

/** Why an attempt failed, or found nothing. */
export interface Reason {
  /** `error_type` */
  readonly type: string
  /** `error_message`, cut where it is very long. */
  readonly message: string
}

export interface PhaseState {
  readonly status: LedgerStatus
  /** How often it was begun. */
  readonly attempts: number
  /** Text of the file. */
  readonly startedAt: string
  /** Of a failure, or of a window without data. */
  readonly reason: Reason | undefined
}

/** The six columns that rows of later phases carry forward. */
export const downloadColumns = [
  "records_downloaded",
  "expected_records",
  "availability_pct",
  "download_seconds",
  "csv_size_mb",
  "csv_path"
] as const
export type DownloadFigures = Pick<LedgerRow, (typeof downloadColumns)[number]>

export interface ChunkState {
  /** `sensor_id` */
  readonly series: string
  readonly window: TimeRange
  readonly download: PhaseState | undefined
  readonly process: PhaseState | undefined
  readonly upload: PhaseState | undefined
  /** Of the latest DOWNLOADED row; all "" before there is one. */
  readonly figures: DownloadFigures
  /** `run_id` of the latest row of the download phase; "" before there is one. */
  readonly runId: string
  /** What the latest row with a product says of it; "" before there is one. */
  readonly cdfPath: string
}
