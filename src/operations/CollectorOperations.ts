/** The verbs of the collector beside backfills: schedules, live streams, files on disk, copies of them. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type {
  InventoryEntry,
  NoMatchingStream,
  NoRemotes,
  ScheduleNotFound,
  Scheduler,
  SourceMetrics,
  StorageStatus,
  StreamEntry,
  StreamKey,
  SyncResult,
  UnsupportedStream
} from "../domain/Collector.js"
import type { DataFormat, NoSuchColumn, NoSuchSeries } from "../dataset/Dataset.js"
import type { StorageFailed } from "../domain/Refusal.js"
import type { Remote } from "./Unreachable.js"

export interface DataRequest {
  /** A series' key. */
  readonly series: string
  readonly format: DataFormat
  /** Milliseconds since the epoch, the end not part of it. */
  readonly start?: number | undefined
  readonly end?: number | undefined
  readonly limit?: number | undefined
  readonly columns?: ReadonlyArray<string> | undefined
  readonly order?: "ascending" | "descending" | undefined
}

export type DataError = NoSuchSeries | NoSuchColumn | StorageFailed | Remote

export class CollectorOperations extends Context.Tag("outpost/operations/CollectorOperations")<
  CollectorOperations,
  {
    /** Everything that runs by itself, and when next. */
    readonly scheduler: Effect.Effect<Scheduler, Remote>
    /** Durable once it returns; a run under way is not stopped. */
    readonly setScheduler: (running: boolean) => Effect.Effect<void, StorageFailed | Remote>
    readonly setSchedulePaused: (
      id: string,
      paused: boolean
    ) => Effect.Effect<void, ScheduleNotFound | StorageFailed | Remote>
    /** Those of the config, and those that were started by hand. */
    readonly streams: Effect.Effect<ReadonlyArray<StreamEntry>, Remote>
    /** Answers the key. One that runs already is left alone. */
    readonly startStream: (stream: StreamKey) => Effect.Effect<string, NoMatchingStream | UnsupportedStream | Remote>
    /** Answers the key, and whether it ran. What it holds is written before it ends. */
    readonly stopStream: (
      stream: StreamKey
    ) => Effect.Effect<{ readonly key: string; readonly wasRunning: boolean }, Remote>
    /** Every series on disk. With `holes`, the times are read where they must be to count the holes. */
    readonly inventory: (options?: {
      readonly holes?: boolean
    }) => Effect.Effect<ReadonlyArray<InventoryEntry>, StorageFailed | Remote>
    /** Rows of a series as bytes of the format. Fails before the first byte, or never. */
    readonly data: (request: DataRequest) => Effect.Effect<Stream.Stream<Uint8Array, DataError>, DataError>
    readonly metrics: Effect.Effect<Readonly<Record<string, SourceMetrics>>, Remote>
    readonly storage: Effect.Effect<StorageStatus, Remote>
    /** Copies the datasets to all remotes; the results once it is done. One at a time: a second call joins the first. */
    readonly sync: Effect.Effect<ReadonlyArray<SyncResult>, NoRemotes | StorageFailed | Remote>
  }
>() {}
