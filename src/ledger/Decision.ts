/**
 * What is still to be done for a window: pure functions from what its ledger says and what is on the disk. Each phase is
 * decided by rows of its own. `download` and `process` are the two tables of the UDL orchestrators, which run one after the
 * other over the same days; `next` is the one question of a pipeline that takes each window through all its phases.
 */
import type { ChunkState, Phase, PhaseState } from "./ChunkState.js"
import { compareCodePoints } from "./internal/codePoints.js"

/** A file that was found where the ledger says. */
export interface FoundFile {
  readonly bytes: number
  /** How many records are in it, where someone has counted. */
  readonly records?: number
}

/** What is on the disk; undefined where there is no such file. */
export interface OnDisk {
  readonly csv: FoundFile | undefined
  readonly cdf: FoundFile | undefined
}

export interface Options {
  /** Failures are tried again. */
  readonly retryFailed: boolean
  /** Products are to be uploaded. */
  readonly upload: boolean
  /** Windows that were found empty are asked for again. Default false: they are settled. */
  readonly recheckEmpty?: boolean
}

export type DownloadAction = "run_download" | "skip_existing" | "skip_failed" | "skip_terminal"

export type ProcessAction =
  | "run_process"
  | "run_upload_only"
  | "skip_existing"
  | "skip_failed"
  | "skip_terminal"
  /** There is no input, which a row has to say. */
  | "skip_no_input"

export type Action = DownloadAction | ProcessAction

/** Whether the window's input must be fetched. */
export const download = (
  chunk: ChunkState | undefined,
  csv: FoundFile | undefined,
  options: Options
): DownloadAction => {
  switch (chunk?.download?.status) {
    case "DOWNLOADED":
      return csv !== undefined && isWhole(chunk, csv) ? "skip_existing" : "run_download"
    case "SKIPPED_NO_DATA":
      return options.recheckEmpty === true ? "run_download" : "skip_terminal"
    case "FAILED":
      return options.retryFailed ? "run_download" : "skip_failed"
    default:
      return "run_download"
  }
}

/** Whether the window's product must be made or uploaded. */
export const process = (chunk: ChunkState | undefined, disk: OnDisk, options: Options): ProcessAction => {
  const action = processTable(chunk, disk, options)
  return action === "run_process" && disk.csv === undefined ? "skip_no_input" : action
}

/**
 * The next step of a window that goes through all phases. What is done needs no input: the file it was made from may be gone.
 * Without an upload wanted, one that is pending or has failed is nothing to wait for.
 */
export const next = (chunk: ChunkState | undefined, disk: OnDisk, options: Options): Action => {
  const settled = processTable(chunk, disk, options)
  const made = disk.cdf !== undefined && (chunk?.process?.status === "PROCESSED" || settled === "run_upload_only")
  if (made && !options.upload) return "skip_existing"
  if (settled !== "run_process" && settled !== "skip_terminal") return settled
  const fetched = download(chunk, disk.csv, options)
  return fetched === "skip_existing" ? "run_process" : fetched
}

/** Whether a window uses up one of the limited number of a run: all do but those that are done. */
export const usesLimit = (action: Action): boolean => action !== "skip_existing"

/** Whether a file is the one that the DOWNLOADED row speaks of, by size and, where both are known, by records. */
export const isWhole = ({ figures }: Pick<ChunkState, "figures">, { bytes, records }: FoundFile): boolean => {
  const sameSize = figures.csv_size_mb === "" || !(Math.abs(Number(figures.csv_size_mb) - bytes / 1_048_576) > halfUnit)
  const sameCount =
    figures.records_downloaded === "" || records === undefined || Number(figures.records_downloaded) === records
  return sameSize && sameCount
}

// ------------------------------------------------------------------------------------------------------------------

/** The last decimal of `%.4f`, rounded either way. */
const halfUnit = 0.00005 + 1e-9

const processTable = (chunk: ChunkState | undefined, { cdf, csv }: OnDisk, options: Options): ProcessAction => {
  const latest = latestOf(chunk)
  switch (latest?.state.status) {
    case "PROCESSED":
      if (cdf === undefined) return "run_process"
      return options.upload ? "run_upload_only" : "skip_existing"
    case "UPLOAD_PENDING":
      return cdf === undefined ? "run_process" : "run_upload_only"
    case "UPLOADED":
      return "skip_existing"
    case "FAILED":
      if (!options.retryFailed) return "skip_failed"
      return latest.phase === "upload" && cdf !== undefined ? "run_upload_only" : "run_process"
    case "SKIPPED_NO_INPUT":
      return csv === undefined ? "skip_terminal" : "run_process"
    default:
      return "run_process"
  }
}

/** Of process and upload, the phase that was begun last: an upload of what was made anew since is no upload of it. */
const latestOf = (chunk: ChunkState | undefined): { readonly phase: Phase; readonly state: PhaseState } | undefined => {
  const { process, upload } = chunk ?? {}
  if (upload !== undefined && (process === undefined || compareCodePoints(upload.startedAt, process.startedAt) >= 0))
    return { phase: "upload", state: upload }
  return process === undefined ? undefined : { phase: "process", state: process }
}
