/**
 * What the rows of windows say to the engine.
 *
 * @internal
 */
import { intersect, type TimeRange, type TimeRanges } from "../../domain/TimeRange.js"
import type { ChunkState, PhaseState } from "../../ledger/ChunkState.js"
import { type Downloaded, passing, type Processed, type RunSum } from "../ChunkBook.js"

const passingTypes: ReadonlySet<string> = new Set(Object.values(passing))

/** Whether a failure of this type says nothing of its window. */
export const isPassing = (type: string): boolean => passingTypes.has(type)

/** What a window's rows say of its range. What someone else brought in since counts before a download that came to nothing. */
export const meaning = ({ download, process, upload }: ChunkState): "fetched" | "empty" | "failed" | "unknown" => {
  const isMade = process?.status === "PROCESSED"
  if (download === undefined) return isMade || upload !== undefined ? "fetched" : "unknown"
  if (isMade && process.startedAt > download.startedAt) return "fetched"
  switch (download.status) {
    case "DOWNLOADED":
      return "fetched"
    case "SKIPPED_NO_DATA":
      return "empty"
    case "FAILED":
      return saysNothing(download) ? "unknown" : "failed"
    default:
      return "unknown"
  }
}

/** A window whose part waits to be merged. */
export const downloadedOnly = ({ download, figures, process, window }: ChunkState): Downloaded | undefined => {
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
export const processedOnly = (chunk: ChunkState): Processed | undefined => {
  const { cdfPath, download, figures, process, upload, window } = chunk
  if (process?.status !== "PROCESSED" || upload?.status === "UPLOADED" || cdfPath === "") return undefined
  // It is being fetched once more: what there is of it is about to change, or is gone.
  if (download !== undefined && download.status !== "DOWNLOADED") return undefined
  return {
    attempt: { window, startedAt: download?.startedAt ?? process.startedAt },
    records: Number(figures.records_downloaded) || 0,
    path: figures.csv_path,
    processing: true,
    file: cdfPath
  }
}

/** What a run has done; a window that it asked for twice counts as it came out last. */
export const sumOfRun = (chunks: Iterable<ChunkState>, run: string): RunSum => {
  const sum = { fetched: 0, empty: 0, rows: 0 }
  for (const { download, figures, runId } of chunks) {
    if (runId !== run) continue
    if (download?.status === "SKIPPED_NO_DATA") sum.empty++
    if (download?.status !== "DOWNLOADED") continue
    sum.fetched++
    sum.rows += Number(figures.records_downloaded) || 0
  }
  return sum
}

/** Windows that were fetched and have a part in one of the ranges. */
export const fetchedWithin = (chunks: Iterable<ChunkState>, ranges: TimeRanges): ReadonlyArray<TimeRange> => {
  const found: Array<TimeRange> = []
  for (const chunk of chunks) {
    if (meaning(chunk) === "fetched" && intersect([chunk.window], ranges).length > 0) found.push(chunk.window)
  }
  return found
}

const saysNothing = ({ reason }: PhaseState): boolean => reason !== undefined && isPassing(reason.type)
