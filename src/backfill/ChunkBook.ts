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

export interface ChunkBook {
  /** As of the rows that are durable now. */
  readonly coverage: Effect.Effect<Coverage>
  readonly downloaded: Effect.Effect<ReadonlyArray<Downloaded>>
  /** Windows in order of time: those that begin at or behind `from`, at most `limit`, of one status or of any. */
  readonly chunks: (query: {
    readonly from: number
    readonly to: number
    readonly limit: number
    readonly status: string | undefined
  }) => Effect.Effect<ReadonlyArray<Omit<ChunkView, "series">>>
  /** Attempts that are about to begin. This, and each of the notes below, is durable once it returns. */
  readonly claim: (windows: ReadonlyArray<TimeRange>) => Effect.Effect<ReadonlyArray<Attempt>, StorageFailed>
  readonly noteDownloaded: (
    attempt: Attempt,
    result: { readonly records: number; readonly bytes: number; readonly seconds: number; readonly path: string }
  ) => Effect.Effect<void, StorageFailed>
  readonly noteEmpty: (attempt: Attempt, seconds: number) => Effect.Effect<void, StorageFailed>
  readonly noteFailed: (attempt: Attempt, failure: Failure) => Effect.Effect<void, StorageFailed>
  /**
   * A failed attempt and the claim of the next one, in one commit: whatever cuts off the wait between the two, the window is
   * not taken for given up.
   */
  readonly noteRetry: (attempt: Attempt, failure: Failure) => Effect.Effect<Attempt, StorageFailed>
  readonly noteProcessing: (chunks: ReadonlyArray<Downloaded>) => Effect.Effect<void, StorageFailed>
  readonly noteProcessed: (chunks: ReadonlyArray<Processed>, seconds: number) => Effect.Effect<void, StorageFailed>
  /** Windows whose upload has not succeeded yet; those of which it failed only where asked for. */
  readonly toUpload: (options: { readonly retryFailed: boolean }) => Effect.Effect<ReadonlyArray<Processed>>
  readonly noteUploading: (chunks: ReadonlyArray<Processed>) => Effect.Effect<void, StorageFailed>
  readonly noteUploaded: (
    chunks: ReadonlyArray<Processed>,
    result: { readonly seconds: number; readonly bucket: string; readonly key: string }
  ) => Effect.Effect<void, StorageFailed>
  readonly noteUploadFailed: (chunks: ReadonlyArray<Processed>, failure: Failure) => Effect.Effect<void, StorageFailed>
  /** Time that someone else fetched: files from before there was a ledger, a live stream. */
  readonly noteCovered: (ranges: TimeRanges, how: string) => Effect.Effect<void, StorageFailed>
}

/** Attempts that say nothing of the window: it is fetched again without being asked for. */
export const passing = { interrupted: "Interrupted", partLost: "PartLost" } as const

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
