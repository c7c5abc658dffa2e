/** The verbs of backfills: start, look, pause, resume, cancel, try again; and what is known of each series. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type {
  BackfillBusy,
  BackfillEvent,
  BackfillNotFound,
  BackfillRecord,
  BackfillRefused,
  ChunkPage,
  NoMatchingJob,
  PlannedSeries,
  SeriesCoverage,
  StartBackfill
} from "../domain/Backfill.js"
import type { StorageFailed } from "../domain/Refusal.js"
import type { Remote } from "./Unreachable.js"

export type StartBackfillError = NoMatchingJob | BackfillRefused | StorageFailed | Remote

export interface ChunkQuery {
  readonly id: string
  /** One of the nine statuses of a ledger. */
  readonly status?: string | undefined
  /** `next` of the page before. */
  readonly after?: string | undefined
  /** Default 500. */
  readonly limit?: number | undefined
}

export interface CoverageQuery {
  /** A series' key; all series of the config's jobs without it. */
  readonly series?: string | undefined
  /** Milliseconds since the epoch. Default: the job's own range. */
  readonly start?: number | undefined
  readonly end?: number | undefined
}

export class BackfillOperations extends Context.Tag("outpost/operations/BackfillOperations")<
  BackfillOperations,
  {
    /** Recorded durably before it returns. Where one backfill already fetches all of these series, it is answered. */
    readonly start: (request: StartBackfill) => Effect.Effect<BackfillRecord, StartBackfillError>
    /** What a start would do; asks no source. */
    readonly plan: (request: StartBackfill) => Effect.Effect<ReadonlyArray<PlannedSeries>, StartBackfillError>
    /** Goes on with everything that is unfinished: what was interrupted or paused, and the jobs of the config. */
    readonly resumeAll: (request: StartBackfill) => Effect.Effect<ReadonlyArray<BackfillRecord>, StartBackfillError>
    /** Oldest first; ticks of schedules (`collect`) are left out unless asked for. */
    readonly list: (options?: { readonly collect?: boolean }) => Effect.Effect<ReadonlyArray<BackfillRecord>, Remote>
    readonly get: (id: string) => Effect.Effect<BackfillRecord, BackfillNotFound | Remote>
    /** True where it ran and is being cancelled: requests under way are aborted, what is fetched is kept. */
    readonly cancel: (id: string) => Effect.Effect<boolean, BackfillNotFound | StorageFailed | Remote>
    /** Returns once it is down; it goes on with `resume`, also in another life of the site. */
    readonly pause: (
      id: string
    ) => Effect.Effect<BackfillRecord, BackfillNotFound | BackfillBusy | StorageFailed | Remote>
    /** Goes on with one that is not running. */
    readonly resume: (id: string) => Effect.Effect<BackfillRecord, BackfillNotFound | StartBackfillError>
    /** A new backfill of the same request, for the windows that failed too. */
    readonly retryFailed: (id: string) => Effect.Effect<BackfillRecord, BackfillNotFound | StartBackfillError>
    /** Windows of a backfill's series in its range, by series and time, page by page. */
    readonly chunks: (query: ChunkQuery) => Effect.Effect<ChunkPage, BackfillNotFound | StorageFailed | Remote>
    readonly coverage: (query: CoverageQuery) => Effect.Effect<ReadonlyArray<SeriesCoverage>, StartBackfillError>
    /** Its record now, then what happens to it, until it is not running any more. */
    readonly follow: (id: string) => Stream.Stream<BackfillEvent, BackfillNotFound | Remote>
    /** What happens to all of them from now on. */
    readonly events: Stream.Stream<BackfillEvent, Remote>
  }
>() {}
