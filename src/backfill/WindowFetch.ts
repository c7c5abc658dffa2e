/**
 * One window of one series: asks the source until it has answered, has failed too often, or can't. Each attempt is in the
 * ledger; what was fetched is durable in a part file before the ledger says so. An interruption aborts the request under way
 * and records the attempt.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import type { Dataset } from "../dataset/Dataset.js"
import type { Row, RowLayout } from "../domain/RowLayout.js"
import { reasonOf, type StorageFailed } from "../domain/Refusal.js"
import type { Series } from "../domain/Series.js"
import type { TimeRange } from "../domain/TimeRange.js"
import type { Outgoing } from "../outgoing/Outgoing.js"
import type { PreparedHistory, SeriesRequest } from "../source/History.js"
import { SourceError } from "../source/SourceError.js"
import { type Attempt, type ChunkBook, type Downloaded, passing } from "./ChunkBook.js"
import type { RetryBudget } from "./RetryBudget.js"

/** What a window needs to know of its series. */
export interface Target {
  readonly series: Series
  readonly request: SeriesRequest
  readonly history: PreparedHistory
  readonly layout: RowLayout
  readonly book: ChunkBook
  readonly dataset: Dataset["Type"]
  readonly attempts: number
  readonly retryDelay: Duration.Duration
  readonly budget: RetryBudget
  readonly say: (line: string) => Effect.Effect<void>
}

/** What became of a window. `failed` is in the ledger with its reason. */
export type Outcome =
  | { readonly _tag: "Fetched"; readonly chunk: Downloaded }
  | { readonly _tag: "Empty" }
  | { readonly _tag: "Failed"; readonly error: SourceError }

/** A window that has been asked for. The run goes on with the next one while `note` brings the outcome into the ledger. */
export interface Asked {
  readonly outcome: Outcome
  readonly note: Effect.Effect<void, StorageFailed>
  /** After a failure, in place of `note`: the claim of one more attempt. */
  readonly again?: Effect.Effect<Attempt, StorageFailed>
}

/** Rows that are held in memory before they go into a part file. */
const rowsPerPart = 50_000

/** A source that says "later" again and again is waited for so often. */
const mostWaits = 50

/** The window is claimed in the ledger already, with its first attempt. */
export const fetch = (target: Target, first: Attempt): Effect.Effect<Asked, StorageFailed, Outgoing> => {
  const attempt = (current: Attempt, tries: number, waits: number): Effect.Effect<Asked, StorageFailed, Outgoing> =>
    Effect.flatMap(once(target, current), (asked) => {
      const { again, outcome } = asked
      if (outcome._tag !== "Failed" || again === undefined) return Effect.succeed(asked)
      const { error } = outcome
      const told = error.reason === "RetryAfter" && waits < mostWaits
      if (!told && (!isPassing(error) || tries >= target.attempts || !target.budget.take()))
        return Effect.succeed(asked)
      const delay = told
        ? Duration.millis(error.retryAfter ?? 1_000)
        : Duration.times(target.retryDelay, 2 ** (tries - 1))
      const line = told
        ? `told to wait ${Duration.format(delay)}: ${error.detail}`
        : `attempt ${tries}/${target.attempts} failed: ${error.detail}, retrying in ${Duration.format(delay)}`
      return Effect.flatMap(again, (next) =>
        Effect.zipRight(target.say(line), Effect.sleep(delay)).pipe(
          Effect.zipRight(attempt(next, told ? tries : tries + 1, told ? waits + 1 : waits))
        )
      )
    })
  return attempt(first, 1, 0)
}

// -----------------------------------------------------------------------------

const isPassing = ({ reason }: SourceError): boolean =>
  reason === "Disconnected" || reason === "Malformed" || reason === "RetryAfter"

const once = (target: Target, attempt: Attempt): Effect.Effect<Asked, StorageFailed, Outgoing> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* (): Effect.fn.Return<Asked, StorageFailed, Outgoing> {
      const { book } = target
      const begin = yield* Clock.currentTimeMillis
      const exit = yield* Effect.exit(restore(download(target, attempt.window)))
      const seconds = ((yield* Clock.currentTimeMillis) - begin) / 1000
      if (Exit.isSuccess(exit)) {
        const { bytes, path, records } = exit.value
        if (records === 0) return { outcome: { _tag: "Empty" }, note: book.noteEmpty(attempt, seconds) }
        return {
          outcome: { _tag: "Fetched", chunk: { attempt, records, path, processing: false } },
          note: book.noteDownloaded(attempt, { records, bytes, seconds, path })
        }
      }
      if (Exit.isInterrupted(exit)) {
        const message = "stopped before the source had answered"
        yield* book.noteFailed(attempt, { type: passing.interrupted, message, seconds })
        return yield* Effect.interrupt
      }
      const error = yield* failureOf(target, exit)
      const failure = { type: error.reason, message: error.detail, seconds }
      return {
        outcome: { _tag: "Failed", error },
        note: book.noteFailed(attempt, failure),
        again: book.noteRetry(attempt, failure)
      }
    })
  )

/** A typed failure of the source; anything else goes on as it is. */
const failureOf = (
  target: Target,
  exit: Exit.Failure<unknown, SourceError | StorageFailed>
): Effect.Effect<SourceError, StorageFailed> => {
  const failure = Cause.failureOption(exit.cause)
  if (Option.isSome(failure)) {
    const error = failure.value
    return error._tag === "StorageFailed" ? Effect.fail(error) : Effect.succeed(error)
  }
  const error = Cause.squash(exit.cause)
  const detail = `defect: ${reasonOf(error)}`
  return Effect.succeed(new SourceError({ source: target.history.name, reason: "Malformed", detail }))
}

/** All pages of the window, in part files. Rows outside of the window are left out: another window has them. */
const download = Effect.fnUntraced(function* (target: Target, window: TimeRange) {
  const { dataset, history, layout, request, series } = target
  const held: { rows: Array<Row>; earlier: number } = { rows: [], earlier: 0 }
  const written = yield* Ref.make({ records: 0, bytes: 0, path: "" })
  const from = BigInt(window.start) * 1_000_000n
  const to = BigInt(window.end) * 1_000_000n
  const field = layout.time.field

  const write = Effect.suspend(() => {
    const { rows } = held
    if (rows.length === 0) return Effect.void
    held.rows = []
    return dataset.writePart(series, layout, window, rows).pipe(
      Effect.catchTag("UnfitRow", (error) =>
        Effect.fail(new SourceError({ source: history.name, reason: "Malformed", detail: error.message }))
      ),
      Effect.flatMap((part) =>
        Ref.update(written, (sum) => ({ ...sum, records: sum.records + part.rows, path: sum.path || part.path }))
      )
    )
  })
  yield* history.pages(request, window).pipe(
    Stream.runForEach((page) => {
      for (const row of page.rows) {
        const at = row[field]
        if (typeof at !== "bigint") continue
        if (at >= from && at < to) held.rows.push(row)
        else if (at < from) held.earlier++
      }
      const counted = Ref.update(written, (sum) => ({ ...sum, bytes: sum.bytes + page.bytes }))
      const lost = page.malformed ?? 0
      const told = lost > 0 ? target.say(`${lost} rows of an answer could not be read`) : Effect.void
      return Effect.zipRight(Effect.zipRight(counted, told), held.rows.length >= rowsPerPart ? write : Effect.void)
    })
  )
  yield* write
  const result = yield* Ref.get(written)
  if (result.records === 0 && held.earlier > 0) {
    // An answer to another question, such as the page before once more, does not say that this window is empty.
    const detail = `${held.earlier} rows from before the window, and none of it`
    return yield* new SourceError({ source: history.name, reason: "Malformed", detail })
  }
  return result
})

/** For reports: which time a window is about. */
export const label = ({ end, start }: TimeRange): string =>
  `${new Date(start).toISOString()} to ${new Date(end).toISOString()}`
