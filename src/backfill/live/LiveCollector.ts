/**
 * One live stream as a supervised child: it connects, and connects again with a back-off, for as long as it lives; it captures
 * books and flushes rows every time step, and once more when it is stopped, within the shutdown time.
 *
 * A life begins with what an earlier one left in the journal. Without a journal at most the rows since the last flush are lost
 * by a crash, and the time they were told in is not called covered.
 */
import type { PlatformError } from "@effect/platform/Error"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { join } from "node:path"
import * as Backoff from "../../actor/Backoff.js"
import * as ChildSpec from "../../actor/ChildSpec.js"
import * as Self from "../../actor/Self.js"
import type { Dataset } from "../../dataset/Dataset.js"
import type { Subscribed } from "../../source/Feed.js"
import type { SourceError } from "../../source/SourceError.js"
import type { CoverageSink } from "./CoverageSink.js"
import { Following } from "./Following.js"
import type { Target } from "./internal/outlet.js"
import type { LiveCell } from "./LiveCell.js"
import * as LiveJournal from "./LiveJournal.js"
import { LiveReports } from "./LiveReports.js"
import * as LiveRows from "./LiveRows.js"
import * as LiveSession from "./LiveSession.js"
import type { LiveSockets } from "./LiveSockets.js"
import type { LiveTuning } from "./LiveTuning.js"

export interface Options {
  readonly cell: LiveCell
  readonly subscribed: Subscribed
  readonly targets: ReadonlyArray<Target>
  readonly tuning: LiveTuning
  /** Where journals of durable streams stand, one directory each. */
  readonly directory: string
}

type Needs = LiveSockets | Dataset | CoverageSink | LiveReports | FileSystem.FileSystem

/** The child of one stream; its id is the stream's key. */
export const childSpec = (options: Options): ChildSpec.ChildSpec<Needs> => {
  const { cell, tuning } = options
  return ChildSpec.make({
    id: cell.stream.key,
    run: life(options).pipe(Effect.annotateLogs("stream", cell.stream.key)),
    ready: "signalled",
    onStartFailure: "retry",
    onIntensity: "quarantine",
    shutdown: tuning.shutdown,
    // Between two signs of life lies a heartbeat, and a connection that is being waited for is no silence.
    progress: { within: Duration.sum(Duration.times(tuning.heartbeat, 3), Duration.minutes(2)), restart: false }
  })
}

// ---------------------------------------------------------------------------------------------------------------------

const life = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<never, PlatformError, Needs | Self.Self | Scope.Scope> {
  const { cell, subscribed, targets, tuning } = options
  const reports = yield* LiveReports
  yield* Effect.addFinalizer((exit) => Effect.map(Clock.currentTimeMillis, (now) => ended(cell, exit, now)))
  cell.running = true
  cell.become("connecting", yield* Clock.currentTimeMillis)
  yield* Self.ready

  const margin = Duration.toMillis(tuning.margin)
  const followings = subscribed.channels.map((channel) => new Following(channel, margin))
  const journal = cell.stream.durable
    ? Option.some(yield* LiveJournal.make(join(options.directory, cell.stream.key)))
    : Option.none<LiveJournal.LiveJournal>()
  const complain = (failure: Error) =>
    Effect.suspend(() => {
      cell.error = failure.message
      return Effect.zipRight(Effect.logWarning(failure.message), reports.failed(cell.stream, failure.message))
    })
  const rows = yield* LiveRows.make({
    targets,
    journal,
    coverage: (channel) =>
      followings.find((following) => following.channel.name === channel)?.span.take(collection.settled) ?? [],
    durable: (count) => {
      cell.rows += count
    },
    complain,
    flushRows: tuning.flushRows,
    maxRows: tuning.maxRows
  })
  const collection: LiveSession.Collection = { cell, subscribed, followings, rows, tuning, settled: 0 }
  yield* Effect.addFinalizer(() => Effect.catchAll(rows.flush({ merge: true }), complain))
  yield* Effect.catchAll(rows.flush({ merge: true }), complain)

  yield* Effect.forkScoped(Effect.forever(step(collection, complain)))
  return yield* connecting(collection)
})

/** A time step: books as they stand, everything offered so far to the disk, a word that all is well. */
const step = Effect.fnUntraced(function* (
  { cell, followings, rows }: LiveSession.Collection,
  complain: (failure: Error) => Effect.Effect<void>
) {
  const reports = yield* LiveReports
  const before = cell.rows
  yield* Effect.sleep(Duration.seconds(cell.stream.time_step))
  const now = yield* Clock.currentTimeMillis
  const captures = followings.map((following) => ({
    channel: following.channel.name,
    rows: following.capture(now) ?? []
  }))
  yield* rows.offer(captures.filter((capture) => capture.rows.length > 0))
  yield* rows
    .flush()
    .pipe(
      Effect.zipRight(
        Effect.suspend(() => (cell.is === "live" ? reports.succeeded(cell.stream, cell.rows - before) : Effect.void))
      ),
      Effect.catchAll(complain)
    )
})

/** Connection after connection. What ended one decides how long the next is waited for. */
const connecting = Effect.fnUntraced(function* (collection: LiveSession.Collection) {
  const { cell, tuning } = collection
  const reports = yield* LiveReports
  const backoff = Backoff.make(tuning.backoff)
  for (;;) {
    if (cell.is !== "rejected") cell.become("connecting", yield* Clock.currentTimeMillis)
    const error = yield* LiveSession.run(collection).pipe(Effect.scoped, Effect.flip)
    if (cell.liveFor(yield* Clock.currentTimeMillis) >= Duration.toMillis(tuning.healthyAfter)) yield* backoff.reset
    const wait = yield* waitAfter(error, backoff, tuning)
    const now = yield* Clock.currentTimeMillis
    cell.become(isRefusal(error) ? "rejected" : "backing-off", now, {
      error: error.detail,
      until: now + Duration.toMillis(wait)
    })
    yield* Effect.logWarning(`${error.message}; next try in ${Duration.format(wait)}`)
    yield* reports.failed(cell.stream, error.detail)
    yield* Effect.sleep(wait)
  }
})

const isRefusal = ({ reason }: SourceError): boolean => reason === "Unsupported" || reason === "Misconfigured"

const waitAfter = (error: SourceError, backoff: Backoff.Backoff, tuning: LiveTuning) => {
  if (isRefusal(error)) return Effect.succeed(tuning.rejectedRetry)
  const told = Duration.millis(error.reason === "RetryAfter" ? (error.retryAfter ?? 0) : 0)
  return Effect.map(backoff.next(error), (next) =>
    Duration.max(
      told,
      Option.getOrElse(next, () => tuning.rejectedRetry)
    )
  )
}

const ended = (cell: LiveCell, exit: Exit.Exit<unknown, unknown>, now: number): void => {
  cell.running = false
  const crashed = Exit.isFailure(exit) && !Cause.isInterruptedOnly(exit.cause)
  if (crashed) cell.become("failed", now, { error: Cause.pretty(exit.cause) })
  else cell.become("stopped", now)
}
