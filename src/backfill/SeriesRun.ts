/**
 * Makes one series whole in a range: settles what an earlier life left, plans the windows that are missing, fetches them with
 * bounded concurrency, and brings what was fetched into the dataset every few seconds and at the end.
 *
 * What is tricky:
 * - Windows are claimed in the ledger some at a time, in one commit; those that were claimed and not begun when the run ends
 *   are fetched by the next one, for a claim says nothing of a window.
 * - Merging goes on while windows are fetched, one merge at a time. At a stop with `mergeAtStop` what is fetched is merged
 *   before the run ends; without it the parts wait for the next run, durably.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { basename } from "node:path"
import * as PeriodFile from "../dataset/PeriodFile.js"
import type { SetAside } from "../dataset/Dataset.js"
import type { StorageFailed } from "../domain/Refusal.js"
import * as TimeRange from "../domain/TimeRange.js"
import type { Outgoing } from "../outgoing/Outgoing.js"
import type { SourceError } from "../source/SourceError.js"
import { type ChunkBook, type Coverage, type Downloaded, passing, type Processed } from "./ChunkBook.js"
import * as WindowFlow from "./internal/windowFlow.js"
import * as SeriesFiles from "./SeriesFiles.js"
import type { SyncStore } from "./sync/SyncStore.js"
import type { Uploaded } from "./sync/Uploads.js"
import * as WindowFetch from "./WindowFetch.js"
import * as WindowPlan from "./WindowPlan.js"

export interface SeriesRun extends WindowFetch.Target {
  readonly range: TimeRange.TimeRange
  readonly size: WindowPlan.WindowSize
  readonly grid: number
  readonly concurrency: number
  readonly retryFailed: boolean
  /** Takes up to so many windows from what the backfill may still run. */
  readonly allot: (wanted: number) => number
  readonly fill: "none" | "forward"
  readonly mergeAtStop: Effect.Effect<boolean>
  /** Called once, before the first window: windows to fetch, and those that failed before and are left alone. */
  readonly planned: (total: number, leftAlone: number) => Effect.Effect<void>
  /** Called before windows are fetched again whose rows stood in a file that was set aside. */
  readonly again: (total: number) => Effect.Effect<void>
  /** Called at the end where files were set aside: their new names, and how much of their time is not fetched again. */
  readonly lost: (movedTo: ReadonlyArray<string>, millis: number) => void
  /** Called once for each window, when its outcome is durable. */
  readonly finished: (outcome: WindowFetch.Outcome) => void
  /** Fails while nothing new may be begun. */
  readonly admitted: Effect.Effect<void, StorageFailed>
  /** Copies files; absent where they are not to be copied. */
  readonly upload: ((files: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Uploaded>>) | undefined
}

/** What the plan leaves out. */
export const settled = (coverage: Coverage, retryFailed: boolean): TimeRange.TimeRanges =>
  TimeRange.union(coverage.fetched, coverage.empty, retryFailed ? [] : coverage.failed)

/** Windows of the range that were given up before. */
export const failedBefore = (
  { failed }: Coverage,
  { grid, range, size }: Pick<WindowPlan.PlanOptions, "range" | "size" | "grid">
): number => WindowPlan.count({ range, covered: TimeRange.subtract([range], failed), size, grid })

/** Between two merges while windows are fetched: at least so long, and so many times as long as the last one took. */
const mergeEvery = Duration.seconds(2)
const restAfterMerge = 4

/** Fails where the source can't do it at all, or the disk takes nothing; a window that failed is no failure of the run. */
export const run = (task: SeriesRun): Effect.Effect<void, StorageFailed | SourceError, Outgoing | SyncStore> =>
  Effect.scoped(
    Effect.gen(function* () {
      // Before anything is merged: a merge would make a file anew that is gone.
      yield* SeriesFiles.settle(task, task.say)
      const waiting: Waiting = { chunks: [], movedTo: [], gone: [] }
      const merge = yield* merging(task, waiting)
      yield* settleLeftovers(task, waiting)
      yield* merge
      yield* uploadFinished(task)
      const coverage = yield* task.book.coverage
      const { grid, range, size } = task
      const options = { range, covered: settled(coverage, task.retryFailed), size, grid }
      const total = task.allot(WindowPlan.count(options))
      yield* task.planned(total, task.retryFailed ? 0 : failedBefore(coverage, options))
      if (total > 0) {
        yield* Effect.forkScoped(Effect.ignoreLogged(mergingNowAndThen(merge)))
        yield* fetching(task, waiting, merge, first(WindowPlan.windows(options), total))
        yield* merge
      }
      yield* fetchLost(task, waiting, merge)
      if (total > 0 || waiting.movedTo.length > 0) yield* uploadFinished(task)
    })
  )

// -----------------------------------------------------------------------------

/** What is downloaded and was not merged yet. */
interface Waiting {
  chunks: Array<Downloaded>
  /** New names of files that were set aside. */
  movedTo: ReadonlyArray<string>
  /** What they held. */
  gone: TimeRange.TimeRanges
}

const fetching = (
  task: SeriesRun,
  waiting: Waiting,
  merge: Effect.Effect<void, StorageFailed>,
  windows: Iterable<TimeRange.TimeRange>
) =>
  WindowFlow.run(windows, {
    concurrency: task.concurrency,
    claim: (group) => Effect.zipRight(task.admitted, task.book.claim(group)),
    ask: (attempt) => WindowFetch.fetch(task, attempt),
    note: (asked) => note(task, waiting, asked),
    ending: ({ outcome }) => (outcome._tag === "Failed" && isHopeless(outcome.error) ? outcome.error : undefined)
  }).pipe(Effect.onInterrupt(() => Effect.whenEffect(Effect.ignoreLogged(merge), task.mergeAtStop)))

/** Once more what stood in files that were set aside meanwhile, as far as it is in the range; the rest is told. */
const fetchLost = (task: SeriesRun, waiting: Waiting, merge: Effect.Effect<void, StorageFailed>) =>
  Effect.gen(function* () {
    if (waiting.movedTo.length === 0) return
    const { grid, range, size } = task
    const wanted = TimeRange.intersect(waiting.gone, [range])
    const notWanted = TimeRange.subtract([range], wanted)
    const known = yield* task.book.coverage
    const options = { range, covered: TimeRange.union(notWanted, settled(known, false)), size, grid }
    const total = wanted.length === 0 ? 0 : task.allot(WindowPlan.count(options))
    if (total > 0) {
      yield* task.again(total)
      yield* fetching(task, waiting, merge, first(WindowPlan.windows(options), total))
      yield* merge
    }
    const left = TimeRange.subtract(waiting.gone, settled(yield* task.book.coverage, false))
    task.lost(waiting.movedTo, TimeRange.total(left))
    if (left.length > 0) yield* task.say("not all that the files held that were set aside is fetched again")
  })

function* first<A>(items: Iterable<A>, count: number): Generator<A> {
  let left = count
  for (const item of items) {
    if (left-- <= 0) return
    yield item
  }
}

/** The source will not answer anything else to any other window. */
const isHopeless = ({ reason }: SourceError): boolean => reason === "Misconfigured" || reason === "Unsupported"

/** A window counts once its row is durable. */
const note = (task: SeriesRun, waiting: Waiting, asked: ReadonlyArray<WindowFetch.Asked>) =>
  Effect.flatMap(task.book.note(asked.map(({ result }) => result)), () => {
    const told: Array<Effect.Effect<void>> = []
    for (const { outcome, window } of asked) {
      if (outcome._tag === "Failed") {
        told.push(task.say(`${WindowFetch.label(window)} failed: ${outcome.error.detail}`))
      } else {
        task.budget.earn()
        if (outcome._tag === "Fetched") waiting.chunks.push(outcome.chunk)
      }
      task.finished(outcome)
    }
    return Effect.all(told, { discard: true })
  })

/** Windows that an earlier life downloaded: their parts are merged, or known to be, or lost. */
const settleLeftovers = Effect.fnUntraced(function* ({ book, dataset, series }: SeriesRun, waiting: Waiting) {
  const chunks = yield* book.downloaded
  if (chunks.length === 0) return
  const there = new Set((yield* dataset.pendingParts(series)).map(({ path }) => path))
  const merged = chunks.filter(({ path, processing }) => !there.has(path) && processing)
  if (merged.length > 0) {
    yield* book.noteProcessed(
      merged.map((chunk) => ({ ...chunk, file: "" })),
      0
    )
  }
  yield* noteLost(
    book,
    chunks.filter(({ path, processing }) => !there.has(path) && !processing),
    "the part file is gone"
  )
  waiting.chunks = chunks.filter(({ path }) => there.has(path))
})

/** Their windows are to be fetched again. */
const noteLost = (book: ChunkBook, chunks: ReadonlyArray<Downloaded>, message: string) =>
  chunks.length === 0
    ? Effect.void
    : book.note(
        chunks.map(({ attempt }) => ({
          _tag: "Failed",
          attempt,
          failure: { type: passing.partLost, message, seconds: 0 }
        }))
      )

/** What stood in period files that were set aside is in no file any more; what has just been merged is in the new one. */
const forgetFiles = Effect.fnUntraced(function* (
  { book }: SeriesRun,
  waiting: Waiting,
  aside: ReadonlyArray<SetAside>,
  merged: ReadonlyArray<Downloaded>
) {
  const files = aside.filter(({ path }) => PeriodFile.rangeOf(basename(path)) !== undefined)
  if (files.length === 0) return
  waiting.movedTo = [...waiting.movedTo, ...files.map(({ movedTo }) => movedTo)]
  const periods = files.flatMap(({ path }) => PeriodFile.rangeOf(basename(path)) ?? [])
  const fresh = TimeRange.union(merged.map(({ attempt }) => attempt.window))
  const gone = TimeRange.intersect(TimeRange.subtract(TimeRange.union(periods), fresh), (yield* book.coverage).fetched)
  if (gone.length === 0) return
  const before = (yield* book.coverage).fetched
  yield* book.forget(gone, "the file that held it could not be read and was set aside")
  // Whole windows, though they may reach into other files.
  waiting.gone = TimeRange.union(waiting.gone, TimeRange.subtract(before, (yield* book.coverage).fetched))
})

/** Brings everything that waits into the dataset; parts of windows that never ended too, for their rows are real. */
const merging = (task: SeriesRun, waiting: Waiting) =>
  Effect.map(Effect.makeSemaphore(1), (mutex) => {
    const { book, dataset, fill, layout, say, series } = task
    const once = Effect.gen(function* () {
      const { chunks } = waiting
      waiting.chunks = []
      const parts = yield* dataset.pendingParts(series)
      if (chunks.length === 0 && parts.length === 0) return
      const begin = yield* Clock.currentTimeMillis
      if (chunks.length > 0) yield* book.noteProcessing(chunks)
      const result = yield* dataset.merge(series, layout, parts, fill === "forward" ? { fill } : {})
      for (const { movedTo, path, reason } of result.setAside) yield* say(`${path} set aside as ${movedTo}: ${reason}`)
      if (result.dropped > 0) yield* say(`${result.dropped} rows without a time were left out`)
      const lost = new Set(result.setAside.map(({ path }) => path))
      yield* noteLost(
        book,
        chunks.filter(({ path }) => lost.has(path)),
        "the part file could not be read"
      )
      const kept = chunks.filter(({ path }) => !lost.has(path))
      yield* forgetFiles(task, waiting, result.setAside, kept)
      const seconds = ((yield* Clock.currentTimeMillis) - begin) / 1000
      const placed = kept.map((chunk) => ({ ...chunk, file: fileOf(chunk, result.written) }))
      if (kept.length > 0) yield* book.noteProcessed(placed, seconds / kept.length)
    })
    // Cut off in the middle, what was taken from the list would be merged only by the next run.
    return mutex.withPermits(1)(Effect.uninterruptible(once))
  })

/** A large file takes long to write anew: what merging costs stays a small part of the whole. */
const mergingNowAndThen = <E>(merge: Effect.Effect<void, E>): Effect.Effect<never, E> =>
  Effect.sleep(mergeEvery).pipe(
    Effect.zipRight(Effect.timed(merge)),
    Effect.flatMap(([took]) => Effect.sleep(Duration.times(took, restAfterMerge))),
    Effect.forever
  )

/** Of files named by year, month or day, the one that a window begins in. */
const fileOf = ({ attempt }: Downloaded, files: ReadonlyArray<string>): string => {
  const begin = new Date(attempt.window.start).toISOString()
  return files.find((file) => begin.startsWith(basename(file, ".parquet"))) ?? files[0] ?? ""
}

/** Copies the files of windows that are in the dataset and nowhere else yet. What fails is in the ledger with its reason. */
const uploadFinished = Effect.fnUntraced(function* ({ book, retryFailed, say, upload }: SeriesRun) {
  if (upload === undefined) return
  const chunks = yield* book.toUpload({ retryFailed })
  if (chunks.length === 0) return
  const byFile = groupOf(chunks)
  yield* book.noteUploading(chunks)
  const results = yield* upload([...byFile.keys()])
  for (const { error, file, placed, seconds } of results) {
    const held = byFile.get(file) ?? []
    const [first] = placed
    if (error === undefined && first !== undefined) {
      yield* book.noteUploaded(held, { seconds, bucket: first.bucket, key: first.key })
    } else {
      const message = error ?? "there is no remote"
      yield* book.noteUploadFailed(held, { type: "UploadFailed", message, seconds })
      yield* say(`upload of ${file} failed: ${message}`)
    }
  }
})

const groupOf = (chunks: ReadonlyArray<Processed>): ReadonlyMap<string, ReadonlyArray<Processed>> => {
  const groups = new Map<string, Array<Processed>>()
  for (const chunk of chunks) {
    const group = groups.get(chunk.file)
    if (group === undefined) groups.set(chunk.file, [chunk])
    else group.push(chunk)
  }
  return groups
}
