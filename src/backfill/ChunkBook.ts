/**
 * What the engine writes into the ledger of a series and reads from it: one row for each attempt at each stage, before the
 * work and after it. The rows are the truth; what is known of a series is a fold over them.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { ChunkView } from "../domain/Backfill.js"
import type { StorageFailed } from "../domain/Refusal.js"
import type { Series } from "../domain/Series.js"
import type { TimeRange, TimeRanges } from "../domain/TimeRange.js"

/** One attempt at a window, claimed in the ledger. Its rows share window and start. */
export interface Attempt {
  readonly window: TimeRange
  /** As it stands in the ledger; later than that of every earlier attempt at the window. */
  readonly startedAt: string
}

/** A window that is downloaded and not yet in the dataset. */
export interface Downloaded {
  readonly attempt: Attempt
  readonly records: number
  /** The part file; empty where there is none. */
  readonly path: string
  /** Whether the merge of it had begun: then a part that is gone is in the dataset. */
  readonly processing: boolean
}

/** A window that is in the dataset and not yet where its file is to be copied. */
export interface Processed extends Downloaded {
  /** The file of the dataset that holds it. */
  readonly file: string
}

/** What is known of a series. The sets do not overlap. */
export interface Coverage {
  readonly fetched: TimeRanges
  readonly empty: TimeRanges
  /** Given up, until asked to try again. */
  readonly failed: TimeRanges
}

export interface Failure {
  readonly type: string
  readonly message: string
  readonly seconds: number
}

/** What an attempt at the download of a window came to. */
export type Result = { readonly attempt: Attempt } & (
  | {
      readonly _tag: "Downloaded"
      readonly records: number
      readonly bytes: number
      readonly seconds: number
      readonly path: string
    }
  | { readonly _tag: "Empty"; readonly seconds: number }
  | { readonly _tag: "Failed"; readonly failure: Failure }
)

export interface ChunkBook {
  /** As of the rows that are durable now. */
  readonly coverage: Effect.Effect<Coverage>
  /** Windows that wait to be merged; costs as much as there are of these. */
  readonly downloaded: Effect.Effect<ReadonlyArray<Downloaded>>
  /** Windows in order of time: those that begin at or behind `from`, at most `limit`, of one status or of any. */
  readonly chunks: (query: {
    readonly from: number
    readonly to: number
    readonly limit: number
    readonly status: string | undefined
  }) => Effect.Effect<ReadonlyArray<Omit<ChunkView, "series">>>
  /** Attempts that are about to begin. They are durable once it returns, and so is each of the notes below. */
  readonly claim: (windows: ReadonlyArray<TimeRange>) => Effect.Effect<ReadonlyArray<Attempt>, StorageFailed>
  /** What attempts came to; together in one commit. */
  readonly note: (results: ReadonlyArray<Result>) => Effect.Effect<void, StorageFailed>
  /**
   * A failed attempt and the claim of the next one, in one commit: whatever cuts off the wait between the two, the window is
   * not taken for given up.
   */
  readonly noteRetry: (attempt: Attempt, failure: Failure) => Effect.Effect<Attempt, StorageFailed>
  readonly noteProcessing: (chunks: ReadonlyArray<Downloaded>) => Effect.Effect<void, StorageFailed>
  readonly noteProcessed: (chunks: ReadonlyArray<Processed>, seconds: number) => Effect.Effect<void, StorageFailed>
  /** Windows whose upload has not succeeded yet; those of which it failed only where asked for. As cheap as `downloaded`. */
  readonly toUpload: (options: { readonly retryFailed: boolean }) => Effect.Effect<ReadonlyArray<Processed>>
  readonly noteUploading: (chunks: ReadonlyArray<Processed>) => Effect.Effect<void, StorageFailed>
  readonly noteUploaded: (
    chunks: ReadonlyArray<Processed>,
    result: { readonly seconds: number; readonly bucket: string; readonly key: string }
  ) => Effect.Effect<void, StorageFailed>
  readonly noteUploadFailed: (chunks: ReadonlyArray<Processed>, failure: Failure) => Effect.Effect<void, StorageFailed>
  /** Time that someone else fetched: files from before there was a ledger, a live stream. */
  readonly noteCovered: (ranges: TimeRanges, how: string) => Effect.Effect<void, StorageFailed>
  /** What the run that the book was opened for has done, in whatever life, as the ledger has it now. */
  readonly ofRun: Effect.Effect<RunSum>
  /** Every file that a window is said to be in. */
  readonly files: Effect.Effect<ReadonlySet<string>>
  /** Whatever was fetched of these ranges is gone: windows that reach into them are fetched again. */
  readonly forget: (ranges: TimeRanges, why: string) => Effect.Effect<void, StorageFailed>
}

/** Windows of a run, each counted once, and the rows of those that were fetched. */
export interface RunSum {
  readonly fetched: number
  readonly empty: number
  readonly rows: number
}

/** Attempts that say nothing of the window: it is fetched again without being asked for. */
export const passing = { interrupted: "Interrupted", partLost: "PartLost", fileLost: "FileLost" } as const

/** The books of a site: one for each series, shared by everyone who has it open. */
export class ChunkBooks extends Context.Tag("outpost/backfill/ChunkBooks")<
  ChunkBooks,
  {
    /** The book of a series, in the ledger of its own or in the named file of the site. */
    readonly open: (
      series: Series,
      options: { readonly ledger: Option.Option<string>; readonly runId: string }
    ) => Effect.Effect<ChunkBook, StorageFailed, Scope.Scope>
  }
>() {}
