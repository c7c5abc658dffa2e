/**
 * Series of rows as Parquet files, `<root>/<source>/<type>/<pair>/[<span>/]<period>.parquet`, one writer each.
 *
 * What is fetched is first made durable as small part files, cheaply, and then merged into the period files, many parts at
 * once. A file appears by an atomic rename after its content was synced, so readers and power cuts meet the old file or the
 * new one, never a mix. Parts are removed only after that, and merging is idempotent: whatever was cut off is merged again
 * with the same result. Rows are told apart by the natural key of their layout; of equal ones the latest stays. No row is
 * invented unless `fill` asks for it, no column is lost, and a file that can't be read is set aside, never overwritten.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { StorageFailed } from "../domain/Refusal.js"
import type { Row, RowLayout } from "../domain/RowLayout.js"
import type { Series } from "../domain/Series.js"
import type { TimeRange, TimeRanges } from "../domain/TimeRange.js"
import type { PeriodFile } from "./PeriodFile.js"

/** Rows of one page, durable in a file of their own until they are merged. */
export interface Part {
  readonly path: string
  /** What was asked for, in ms. */
  readonly window: TimeRange
  /** Later parts have higher numbers; where two hold the same row, the higher one counts. */
  readonly sequence: number
  readonly rows: number
}

/** A file that could not be read was renamed; nothing in it is lost. */
export interface SetAside {
  readonly path: string
  readonly movedTo: string
  readonly reason: string
}

export interface MergeResult {
  /** Files that were written, and how many were right as they were. */
  readonly written: ReadonlyArray<string>
  readonly unchanged: number
  /** Rows that the series has more than before. */
  readonly added: number
  /** Rows without a time, or with one that is not after the epoch: not stored. */
  readonly dropped: number
  /** Period files and parts that could not be read; windows of such parts have to be fetched again. */
  readonly setAside: ReadonlyArray<SetAside>
}

export interface MergeOptions {
  /**
   * `forward` (for `ohlc` with a span only): candles missing inside a file are invented with the price of the last close and
   * volume 0, marked by a column `filled`. They count neither as rows nor as covered, and give way to real ones.
   */
  readonly fill?: "forward"
}

/** One series as its files show it. */
export interface InventoryRow {
  readonly series: Series
  /** Time of the first and last row in ms; null where no row is readable. */
  readonly first: number | null
  readonly last: number | null
  readonly rows: number
  readonly bytes: number
  readonly files: number
  /** Periods (years, months, days) without a file between the first and the last one. */
  readonly gaps: number
  /** Interior holes of a series with a span; null where that is not known without reading the times. */
  readonly holes: number | null
  /** Rows that a series with a span lacks between its first and its last; null for other series. */
  readonly missingRows: number | null
  /** Files that can't be read, with the reason; they count in `files` and `bytes` alone. */
  readonly unreadable: ReadonlyArray<{ readonly path: string; readonly reason: string }>
}

export interface ReadRequest {
  readonly series: Series
  /** Of the names and the unit the answer should have; without it, those of the newest file. */
  readonly layout?: RowLayout
  /** In ms; without it, everything. */
  readonly range?: TimeRange
  readonly limit?: number
  /** Names of columns as in the answer, in this order; without it, all. */
  readonly columns?: ReadonlyArray<string>
  /** Of time; default `ascending`. Rows of equal time keep the order of the file. */
  readonly order?: "ascending" | "descending"
}

export const DataFormat = Schema.Literal("json", "ndjson", "csv", "arrow", "parquet")
export type DataFormat = typeof DataFormat.Type

/** There is no file of this series. */
export class NoSuchSeries extends Schema.TaggedError<NoSuchSeries>()("NoSuchSeries", { series: Schema.String }) {
  override get message() {
    return `There is no data of ${this.series}`
  }
}

/** A column was asked for that no file has. */
export class NoSuchColumn extends Schema.TaggedError<NoSuchColumn>()("NoSuchColumn", {
  series: Schema.String,
  column: Schema.String,
  columns: Schema.Array(Schema.String)
}) {
  override get message() {
    return `${this.series} has no column '${this.column}'; it has ${this.columns.join(", ")}`
  }
}

/** A cell that its column can't hold: nothing of the page was written. */
export class UnfitRow extends Schema.TaggedError<UnfitRow>()("UnfitRow", {
  series: Schema.String,
  /** Position in the page. */
  row: Schema.Int,
  field: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `${this.series}: row ${this.row}, ${this.field}: ${this.detail}`
  }
}

export type ReadFailure = StorageFailed | NoSuchSeries | NoSuchColumn

export class Dataset extends Context.Tag("outpost/dataset/Dataset")<
  Dataset,
  {
    /**
     * Makes the rows of a page durable; fields that the layout does not name are not kept. Once it returns, the part is found
     * by `pendingParts` until it was merged, also after a crash. Parts of one series are numbered in the order of the calls.
     */
    readonly writePart: (
      series: Series,
      layout: RowLayout,
      window: TimeRange,
      rows: ReadonlyArray<Row>
    ) => Effect.Effect<Part, StorageFailed | UnfitRow>
    /** Parts that wait, in the order of their numbers: those of this life and those that an earlier one left. */
    readonly pendingParts: (series: Series) => Effect.Effect<ReadonlyArray<Part>, StorageFailed>
    /**
     * Brings parts into the period files; these are durable, and the parts gone, once it returns. Merges of one series happen
     * one after the other. After a failure, whatever was not reached is still pending: merge again. Files whose content would
     * stay the same are not touched.
     */
    readonly merge: (
      series: Series,
      layout: RowLayout,
      parts: ReadonlyArray<Part>,
      options?: MergeOptions
    ) => Effect.Effect<MergeResult, StorageFailed>
    /** The period files of a series by their names, oldest first. Lists one directory and opens nothing. */
    readonly files: (series: Series) => Effect.Effect<ReadonlyArray<PeriodFile>, StorageFailed>
    /**
     * The time that the files themselves show to be fetched: for a series with a span the exact runs of its rows, each lasting
     * one span; for others first to last of each file. Unreadable files show nothing. With `files`, only these are read.
     */
    readonly covered: (
      series: Series,
      layout: RowLayout,
      files?: ReadonlyArray<PeriodFile>
    ) => Effect.Effect<TimeRanges, StorageFailed>
    /** What is missing between the first and the last row of a series with a span; empty for others. */
    readonly holes: (series: Series, layout: RowLayout) => Effect.Effect<TimeRanges, StorageFailed>
    /**
     * All series, by key, from the footers of their files; footers of files that did not change are not read again. With
     * `holes`, times are read where they must be to count the holes. A file that can't be read is named in its row.
     */
    readonly inventory: (options?: {
      readonly holes?: boolean
    }) => Effect.Effect<ReadonlyArray<InventoryRow>, StorageFailed>
    /** Rows by field, with the time in ns, in order of time. Files are read one after the other, as far as asked for. */
    readonly read: (request: ReadRequest) => Stream.Stream<Row, ReadFailure>
    /** The same as bytes, with the names and the unit of the layout. */
    readonly encode: (format: DataFormat, request: ReadRequest) => Stream.Stream<Uint8Array, ReadFailure>
  }
>() {}
