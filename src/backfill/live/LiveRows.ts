/**
 * Rows on their way from a live stream to the dataset, each channel to its own series. They wait in memory (and, with a journal,
 * on the disk) until a flush makes a part file of them; parts are merged into the period files as often as that costs little.
 *
 * Order of a flush: rows durable in a part, coverage told, journal file removed. What fails is kept, in order, and tried again
 * with the next flush; while too much waits, `offer` waits too. Offering and flushing may go on at the same time.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { Dataset } from "../../dataset/Dataset.js"
import type { StorageFailed } from "../../domain/Refusal.js"
import type { TimeRanges } from "../../domain/TimeRange.js"
import { CoverageSink } from "./CoverageSink.js"
import { Batch } from "./internal/batch.js"
import { Outlet, type Target } from "./internal/outlet.js"
import type { LiveJournal } from "./LiveJournal.js"
import type { ChannelRows } from "./Reading.js"

export interface Options {
  readonly targets: ReadonlyArray<Target>
  readonly journal: Option.Option<LiveJournal>
  /** Takes what each channel covers with the rows that were offered so far. */
  readonly coverage: (channel: string) => TimeRanges
  /** Told how many rows became durable. */
  readonly durable: (rows: number) => void
  /** Told of a disk that does not take the rows; they are kept. */
  readonly complain: (failure: StorageFailed) => Effect.Effect<void>
  /** So many rows are flushed at once, whatever the time. */
  readonly flushRows: number
  /** No more than so many wait in memory. */
  readonly maxRows: number
}

export interface LiveRows {
  /** Returns once the rows are kept: with a journal, durably. While the disk does not take them, it waits. */
  readonly offer: (rows: ReadonlyArray<ChannelRows>) => Effect.Effect<void>
  /** Brings what was offered to the dataset; with `merge`, into the period files at once. */
  readonly flush: (options?: { readonly merge: boolean }) => Effect.Effect<void, StorageFailed>
}

export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<LiveRows, never, Dataset | CoverageSink | FileSystem.FileSystem> {
  const dataset = yield* Dataset
  const sink = yield* CoverageSink
  const files = yield* FileSystem.FileSystem
  const { complain, flushRows, journal, maxRows } = options
  const outlets = options.targets.map((target) => new Outlet(target, dataset))

  /** Nothing is offered while a batch is closed: a row is in the batch whose journal file holds it. */
  const intake = yield* Effect.makeSemaphore(1)
  const flushing = yield* Effect.makeSemaphore(1)
  let filling = new Batch()
  /** Closed and not yet durable, oldest first. */
  const owed: Array<Batch> = []
  for (const { path, rows } of Option.match(journal, { onNone: () => [], onSome: ({ leftovers }) => leftovers })) {
    const batch = new Batch()
    batch.add(rows)
    batch.file = Option.some(path)
    owed.push(batch)
  }
  const waiting = () => owed.reduce((sum, { count }) => sum + count, filling.count)

  const close = Effect.gen(function* () {
    const batch = filling
    for (const { channel } of options.targets) batch.ranges.set(channel, options.coverage(channel))
    if (batch.isEmpty) return
    filling = new Batch()
    owed.push(batch)
    batch.file = yield* Option.match(journal, { onNone: () => Effect.succeedNone, onSome: ({ turn }) => turn })
  }).pipe(intake.withPermits(1), Effect.uninterruptible)

  const commit = Effect.fnUntraced(function* (batch: Batch) {
    for (const outlet of outlets) {
      const { channel, series } = outlet.target
      options.durable(yield* outlet.write(batch.rowsOf(channel)))
      batch.done(channel)
      yield* Effect.forEach(batch.takeRanges(channel), (range) => sink.covered(series, range), { discard: true })
    }
    if (Option.isSome(batch.file)) {
      const kept = (error: Error) => Effect.logWarning(`a live journal stays and is read again: ${error.message}`)
      yield* files.remove(batch.file.value).pipe(Effect.catchAll(kept))
    }
  })

  const flush: LiveRows["flush"] = (request) =>
    Effect.gen(function* () {
      yield* close
      for (let batch = owed[0]; batch !== undefined; batch = owed[0]) {
        yield* commit(batch)
        owed.shift()
      }
      for (const outlet of outlets) yield* Effect.catchAll(outlet.merge(request?.merge === true), complain)
    }).pipe(flushing.withPermits(1))

  const append = (rows: ReadonlyArray<ChannelRows>) =>
    Effect.suspend(() => {
      const add = Effect.sync(() => filling.add(rows))
      return Option.match(journal, { onNone: () => add, onSome: (opened) => Effect.zipRight(opened.append(rows), add) })
    }).pipe(intake.withPermits(1), Effect.uninterruptible)

  /** As long as it takes: meanwhile the venue waits, or hangs up, and that is told as such. */
  const untilTaken = (attempt: Effect.Effect<unknown, StorageFailed>) =>
    attempt.pipe(Effect.tapError(complain), Effect.retry(Schedule.spaced("1 second")), Effect.orDie, Effect.asVoid)

  return {
    offer: Effect.fnUntraced(function* (rows) {
      if (waiting() >= maxRows) yield* untilTaken(flush())
      yield* untilTaken(append(rows))
      if (filling.count >= flushRows) yield* Effect.catchAll(flush(), complain)
    }),
    flush
  }
})
