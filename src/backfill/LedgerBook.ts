/**
 * Chunk books kept in ledgers: `.outpost/ledgers/<series>.csv`, or the file that a job names. What is known of the ranges of a
 * series is folded once when its book is opened, and then kept with each row that became durable, so that a look at it costs
 * the same after ten years as on the first day.
 */
import * as Arr from "effect/Array"
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
import * as AttemptRow from "../ledger/AttemptRow.js"
import type { ChunkState, Phase } from "../ledger/ChunkState.js"
import type { Ledger } from "../ledger/Ledger.js"
import type { LedgerRow } from "../ledger/LedgerRow.js"
import { Ledgers } from "../ledger/Ledgers.js"
import { type Attempt, type ChunkBook, ChunkBooks, type Downloaded, passing, type Result } from "./ChunkBook.js"
import { downloadedOnly, fetchedWithin, processedOnly, sumOfRun } from "./internal/chunkReading.js"
import { SeriesIndex } from "./internal/seriesIndex.js"

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
  readonly index: SeriesIndex
}

const shared = (ledger: Ledger, series: string): Effect.Effect<Shared> =>
  Effect.map(ledger.chunks(series), (chunks) => ({ ledger, index: new SeriesIndex(chunks) }))

const bookOf = ({ index, ledger }: Shared, series: Series, runId: string): ChunkBook => {
  const descriptor = series.span === undefined ? series.type : `${series.type} ${spanLabel(series.span)}`
  const chunkOf = (window: TimeRange) => ledger.chunk(series.key, window)
  const begun = (window: TimeRange) =>
    Effect.map(ledger.startedAt(series.key, window), (startedAt): Attempt => ({ window, startedAt }))
  const attemptOf = ({ startedAt, window }: Attempt, carried?: Partial<LedgerRow>): AttemptRow.Attempt => ({
    runId,
    series: series.key,
    descriptor,
    window,
    startedAt,
    outputFormat: "parquet",
    carried
  })
  /** In one commit; then what is known of their windows is as the rows say. */
  const append = (rows: ReadonlyArray<LedgerRow>, attempts: ReadonlyArray<Attempt>) =>
    Effect.zipRight(
      ledger.appendAll(rows),
      Effect.forEach(
        attempts,
        ({ window }) => Effect.map(chunkOf(window), (chunk) => Option.isSome(chunk) && index.learn(chunk.value)),
        { discard: true }
      )
    )
  /** One row for each window, with what its earlier stages came to. */
  const stage = <A extends Downloaded>(
    phase: Phase,
    chunks: ReadonlyArray<A>,
    rowOf: (attempt: AttemptRow.Attempt, finishedAt: number, chunk: A) => LedgerRow
  ) =>
    Effect.gen(function* () {
      const finishedAt = yield* Clock.currentTimeMillis
      const attempts = yield* Effect.forEach(chunks, ({ attempt }) =>
        Effect.map(chunkOf(attempt.window), (known) =>
          attemptOf(attempt, Option.isSome(known) ? AttemptRow.carried(phase, known.value) : {})
        )
      )
      const rows = chunks.map((chunk, k) => rowOf(attempts[k] ?? attemptOf(chunk.attempt), finishedAt, chunk))
      yield* append(
        rows,
        chunks.map(({ attempt }) => attempt)
      )
    })
  /** What waits of these windows. */
  const waiting = <A>(windows: Iterable<TimeRange>, stateOf: (chunk: ChunkState) => A | undefined) =>
    Effect.map(
      Effect.forEach(windows, (window) => Effect.map(chunkOf(window), Option.flatMapNullable(stateOf))),
      Arr.getSomes
    )

  return {
    coverage: Effect.sync(() => index.coverage),
    downloaded: Effect.suspend(() => waiting(index.toMerge, downloadedOnly)),
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
        const attempts = yield* Effect.forEach(windows, begun)
        yield* ledger.appendAll(attempts.map((attempt) => AttemptRow.pending("download", attemptOf(attempt))))
        return attempts
      }),
    note: (results) =>
      Effect.flatMap(Clock.currentTimeMillis, (finishedAt) =>
        append(
          results.map((result) => resultRow(attemptOf(result.attempt), result, finishedAt)),
          results.map(({ attempt }) => attempt)
        )
      ),
    noteRetry: (attempt, failure) =>
      Effect.gen(function* () {
        const finishedAt = yield* Clock.currentTimeMillis
        const next = yield* begun(attempt.window)
        yield* ledger.appendAll([
          AttemptRow.failed("download", attemptOf(attempt), { ...failure, finishedAt }),
          AttemptRow.pending("download", attemptOf(next))
        ])
        return next
      }),
    noteProcessing: (chunks) => stage("process", chunks, (attempt) => AttemptRow.pending("process", attempt)),
    noteProcessed: (chunks, seconds) =>
      stage("process", chunks, (attempt, finishedAt, { file }) =>
        AttemptRow.processed(attempt, { path: file, seconds, finishedAt })
      ),
    toUpload: ({ retryFailed }) =>
      Effect.flatMap(ledger.chunks(series.key), (chunks) =>
        waiting(index.toUpload(chunks), (chunk) =>
          chunk.upload?.status === "FAILED" && !retryFailed ? undefined : processedOnly(chunk)
        )
      ),
    noteUploading: (chunks) => stage("upload", chunks, (attempt) => AttemptRow.pending("upload", attempt)),
    noteUploaded: (chunks, result) =>
      stage("upload", chunks, (attempt, finishedAt) => AttemptRow.uploaded(attempt, { ...result, finishedAt })),
    noteUploadFailed: (chunks, failure) =>
      stage("upload", chunks, (attempt, finishedAt) =>
        AttemptRow.failed("upload", attempt, { ...failure, finishedAt })
      ),
    noteCovered: (ranges, how) =>
      Effect.gen(function* () {
        const finishedAt = yield* Clock.currentTimeMillis
        const attempts = yield* Effect.forEach(ranges, begun)
        const rows = attempts.map((attempt) => ({
          ...AttemptRow.processed(attemptOf(attempt), { path: "", seconds: 0, finishedAt }),
          error_message: how
        }))
        yield* append(rows, attempts)
      }),
    ofRun: Effect.map(ledger.chunks(series.key), (chunks) => sumOfRun(chunks, runId)),
    files: ledger.products(series.key),
    forget: (ranges, message) =>
      Effect.gen(function* () {
        const finishedAt = yield* Clock.currentTimeMillis
        const attempts = yield* Effect.forEach(fetchedWithin(yield* ledger.chunks(series.key), ranges), begun)
        const failure = { type: passing.fileLost, message, seconds: 0, finishedAt }
        yield* append(
          attempts.map((attempt) => AttemptRow.failed("download", attemptOf(attempt), failure)),
          attempts
        )
      })
  }
}

const resultRow = (attempt: AttemptRow.Attempt, result: Result, finishedAt: number): LedgerRow => {
  switch (result._tag) {
    case "Downloaded":
      return AttemptRow.downloaded(attempt, { ...result, finishedAt })
    case "Empty":
      return AttemptRow.noData(attempt, {
        message: "the source has no rows in this window",
        seconds: result.seconds,
        finishedAt
      })
    case "Failed":
      return AttemptRow.failed("download", attempt, { ...result.failure, finishedAt })
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
