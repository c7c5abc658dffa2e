/**
 * One window of one series: asks the source until it has answered, has failed too often, or can't. Each attempt is in the
 * ledger; what was fetched is durable in a part file before the ledger says so. An interruption aborts the request under way
 * and records the attempt.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Dataset } from "../dataset/Dataset.js"
import type { RowLayout } from "../domain/RowLayout.js"
import { reasonOf, type StorageFailed } from "../domain/Refusal.js"
import type { Series } from "../domain/Series.js"
import type { TimeRange } from "../domain/TimeRange.js"
import type { Outgoing } from "../outgoing/Outgoing.js"
import type { PreparedHistory, SeriesRequest } from "../source/History.js"
import { SourceError } from "../source/SourceError.js"
import { type Attempt, type ChunkBook, type Downloaded, passing, type Result } from "./ChunkBook.js"
import { Gathered } from "./internal/gathered.js"
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

/** What became of a window. */
export type Outcome =
  | { readonly _tag: "Fetched"; readonly chunk: Downloaded; readonly unreadable: number }
  | { readonly _tag: "Empty"; readonly unreadable: number }
  | { readonly _tag: "Failed"; readonly error: SourceError }

/** A window that has been asked for: what became of it, and what its ledger is to say of the last attempt. */
export interface Asked {
  readonly _tag: "Asked"
  readonly window: TimeRange
  readonly outcome: Outcome
  readonly result: Result
}

/** A window of which the source has told everything; its rows are in memory until `write` has made them durable. */
export interface Unwritten {
  readonly _tag: "Unwritten"
  readonly write: Effect.Effect<Asked, StorageFailed>
}

export type Answered = Asked | Unwritten

/** A source that says "later" again and again is waited for so often. */
const mostWaits = 50

/**
 * The window is claimed in the ledger already, with its first attempt. An attempt that is repeated or interrupted is in the
 * ledger once this returns; the last one is left to be noted by the caller. No attempt is repeated for its rows can't be kept.
 */
export const fetch = (target: Target, first: Attempt): Effect.Effect<Answered, StorageFailed, Outgoing> => {
  const attempt = (current: Attempt, tries: number, waits: number): Effect.Effect<Answered, StorageFailed, Outgoing> =>
    Effect.flatMap(once(target, current), (answered) => {
      if (answered._tag === "Unwritten") return Effect.succeed(answered)
      const { outcome, result } = answered
      if (outcome._tag !== "Failed" || result._tag !== "Failed") return Effect.succeed(answered)
      const { error } = outcome
      const told = error.reason === "RetryAfter" && waits < mostWaits
      if (!told && (!isPassing(error) || tries >= target.attempts || !target.budget.take()))
        return Effect.succeed(answered)
      const delay = told
        ? Duration.millis(error.retryAfter ?? 1_000)
        : Duration.times(target.retryDelay, 2 ** (tries - 1))
      const line = told
        ? `told to wait ${Duration.format(delay)}: ${error.detail}`
        : `attempt ${tries}/${target.attempts} failed: ${error.detail}, retrying in ${Duration.format(delay)}`
      return Effect.flatMap(target.book.noteRetry(current, result.failure), (next) =>
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

const once = (target: Target, attempt: Attempt): Effect.Effect<Answered, StorageFailed, Outgoing> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.clock, (clock) => {
      const begin = clock.unsafeCurrentTimeMillis()
      const seconds = () => (clock.unsafeCurrentTimeMillis() - begin) / 1000
      const page = new Gathered(target, attempt.window)
      return Effect.flatMap(Effect.exit(restore(page.gather)), (exit): Effect.Effect<Answered, StorageFailed> => {
        if (Exit.isInterrupted(exit)) {
          const message = "stopped before the source had answered"
          const failure = { type: passing.interrupted, message, seconds: seconds() }
          return Effect.zipRight(target.book.note([{ _tag: "Failed", attempt, failure }]), Effect.interrupt)
        }
        const ended = (exit: Exit.Exit<void, SourceError | StorageFailed>) =>
          endOf(target, attempt, page, exit, seconds())
        if (Exit.isFailure(exit) || page.isWritten) return ended(exit)
        return Effect.succeed({
          _tag: "Unwritten",
          write: Effect.uninterruptible(Effect.flatMap(Effect.exit(page.write), ended))
        })
      })
    })
  )

/** What the end of an attempt says of its window. */
const endOf = (
  target: Target,
  attempt: Attempt,
  { bytes, path, records, unreadable }: Gathered,
  exit: Exit.Exit<void, SourceError | StorageFailed>,
  seconds: number
): Effect.Effect<Asked, StorageFailed> => {
  const asked = (outcome: Outcome, result: Result): Asked => ({
    _tag: "Asked",
    window: attempt.window,
    outcome,
    result
  })
  if (Exit.isFailure(exit)) {
    return Effect.map(failureOf(target, exit), (error) => {
      const failure = { type: error.reason, message: error.detail, seconds }
      return asked({ _tag: "Failed", error }, { _tag: "Failed", attempt, failure })
    })
  }
  if (records === 0) return Effect.succeed(asked({ _tag: "Empty", unreadable }, { _tag: "Empty", attempt, seconds }))
  const chunk = { attempt, records, path, processing: false }
  return Effect.succeed(
    asked({ _tag: "Fetched", chunk, unreadable }, { _tag: "Downloaded", attempt, records, bytes, seconds, path })
  )
}

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

/** For reports: which time a window is about. */
export const label = ({ end, start }: TimeRange): string =>
  `${new Date(start).toISOString()} to ${new Date(end).toISOString()}`
