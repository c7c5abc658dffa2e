/**
 * One backfill from its begin to its end: its series one after the other or side by side, its record told and saved on the
 * way, and its last state written by itself, however it ends.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Context from "effect/Context"
import { type BackfillEvent, BackfillRecord, type StartBackfill } from "../../domain/Backfill.js"
import type { StorageFailed } from "../../domain/Refusal.js"
import { spanLabel } from "../../domain/Series.js"
import type { BackfillStore } from "../BackfillStore.js"
import { CollectorHealth } from "../health/CollectorHealth.js"
import { ofSeries } from "../health/HealthRecord.js"
import * as RetryBudget from "../RetryBudget.js"
import type { PlannedSeries, Resolved } from "../SeriesPlan.js"
import * as SeriesWork from "../SeriesWork.js"
import { LiveRecord } from "./liveRecord.js"

/** A backfill as the engine holds it. */
export interface Entry {
  readonly live: LiveRecord
  /** What an interruption that is about to come was meant as. */
  intent: "cancel" | "pause" | undefined
  /** Set while it runs. */
  over: Deferred.Deferred<void> | undefined
  /** Keys of the series it fetches. */
  holds: ReadonlySet<string>
  /** Those of them that an earlier life of it began. */
  resumed: ReadonlySet<string>
}

/** A life of a backfill that is over, or is to be. */
export interface Ended {
  readonly id: string
  readonly over: Deferred.Deferred<void> | undefined
}

export interface Tools {
  readonly store: Context.Tag.Service<BackfillStore>
  readonly publish: (event: BackfillEvent) => Effect.Effect<void>
  readonly lockOf: (key: string) => Effect.Semaphore
  /** The child is to be removed from its supervisor, which interrupts it where it still runs. */
  readonly ended: (one: Ended) => Effect.Effect<void>
}

const publishEvery = Duration.millis(250)
/** Of the ticks above, each so many one saves the record. */
const saveEvery = 4
/** Series of a parallel backfill at the same time. */
const sideBySide = 8

/** `<exchange or all>_<pairs or all>_<unix seconds>`, numbered where that is taken. */
export const newRecord = (request: StartBackfill, now: number, isTaken: (id: string) => boolean): BackfillRecord => {
  const { collect, pairs, source, start } = request
  const exchange = request.exchange || source || null
  const named = pairs === undefined || pairs === null || pairs.length === 0 ? null : pairs
  const what =
    named === null
      ? "all"
      : named
          .map((pair) => pair.replaceAll("/", ""))
          .join("-")
          .slice(0, 80)
  const begin = `${collect === true ? "collect_" : ""}${exchange ?? "all"}_${what}_${Math.floor(now / 1000)}`
  let id = begin
  for (let n = 2; isTaken(id); n++) id = `${begin}_${n}`
  return new BackfillRecord({
    id,
    exchange,
    pairs: named,
    start: start ?? "",
    status: "running",
    progress: {},
    log: [],
    started_at: now / 1000,
    error: null,
    finished_at: null,
    complete: null,
    rows: 0,
    failed: 0,
    series: [],
    request
  })
}

/** Whether one backfill does all that another is asked for, as far as their requests tell. */
export const isIncluded = (asked: StartBackfill, running: StartBackfill): boolean =>
  (running.collect !== true || asked.collect === true) &&
  (running.limit === undefined || running.limit === asked.limit) &&
  (running.retry_failed === true || asked.retry_failed !== true) &&
  (asked.collect === true || (asked.start === running.start && asked.end === running.end))

/** Of a record, as long as it does not run. */
export const newEntry = (record: BackfillRecord): Entry => ({
  live: new LiveRecord(record),
  intent: undefined,
  over: undefined,
  holds: new Set(),
  resumed: new Set()
})

/** The record at the begin of a life. */
export const begin = (entry: Entry, { impossible, planned }: Resolved): void => {
  const { live } = entry
  live.status = "running"
  live.error = null
  live.finishedAt = null
  live.complete = null
  entry.resumed = new Set(planned.map(({ series }) => series.key).filter((key) => live.of(key) !== undefined))
  for (const { pair, series } of planned) live.add(series.key, pair)
  for (const { job, pair, reason } of impossible) {
    const key = `${job.source}/${job.type}/${pair}`
    live.add(key, pair)
    live.change(key, (series) => {
      series.state = "error"
      series.error = reason
    })
    live.line(`[${job.source.toUpperCase()} ${pair}] ${reason}`)
  }
}

/** Saves the state in force, durably, and tells of it. */
export const settle = (tools: Tools, { live }: Entry): Effect.Effect<void, StorageFailed> =>
  Effect.suspend(() => {
    live.dirty = false
    const record = live.snapshot()
    return Effect.zipRight(tools.store.save(record), tools.publish({ event: "status", id: live.id, record }))
  })

export const run = (tools: Tools, entry: Entry, resolved: Resolved): Effect.Effect<void, never, SeriesWork.Needs> =>
  Effect.gen(function* () {
    const { request } = entry.live
    const budget = RetryBudget.make()
    let left = request.limit ?? Number.POSITIVE_INFINITY
    const allot = (wanted: number): number => {
      const given = Math.min(wanted, left)
      left -= given
      return given
    }
    yield* Effect.forkScoped(ticking(tools, entry))
    yield* Effect.forEach(resolved.planned, (planned) => runSeries(tools, entry, planned, { budget, allot }), {
      concurrency: request.parallel === true ? sideBySide : 1,
      discard: true
    })
  }).pipe(
    Effect.scoped,
    Effect.onExit((exit) => finish(tools, entry, exit)),
    Effect.catchAllCause(() => Effect.void)
  )

// -----------------------------------------------------------------------------

/** Tells of progress a few times a second, and saves it once a second, where there was some. */
const ticking = (tools: Tools, { live }: Entry) => {
  let tick = 0
  let unsaved = false
  return Effect.suspend(() => {
    tick++
    if (live.dirty) unsaved = true
    if (!live.dirty && !(unsaved && tick % saveEvery === 0)) return Effect.void
    const record = live.snapshot()
    const told = live.dirty ? tools.publish({ event: "progress", id: live.id, record }) : Effect.void
    live.dirty = false
    if (tick % saveEvery !== 0) return told
    unsaved = false
    return Effect.zipRight(told, Effect.ignoreLogged(tools.store.note(record)))
  }).pipe(Effect.repeat(Schedule.spaced(publishEvery)))
}

/** What goes wrong with one series is that series' own: the others go on. */
const runSeries = (
  tools: Tools,
  entry: Entry,
  planned: PlannedSeries,
  shared: Pick<SeriesWork.Hooks, "allot" | "budget">
) => {
  const { live } = entry
  const { key, span } = planned.series
  const name = `[${planned.job.source.toUpperCase()} ${planned.pair}${span === undefined ? "" : ` ${spanLabel(span)}`}]`
  const say = (text: string) => {
    const line = `${name} ${text}`
    return Effect.zipRight(
      Effect.sync(() => live.line(line)),
      tools.publish({ event: "log", id: live.id, line })
    )
  }
  return Effect.zipRight(
    Effect.sync(() => live.change(key, (series) => (series.state = "running"))),
    SeriesWork.run(planned, {
      ...shared,
      runId: live.id,
      resumed: entry.resumed.has(key),
      retryFailed: live.request.retry_failed === true || live.request.collect === true,
      collect: live.request.collect === true,
      mergeAtStop: Effect.sync(() => entry.intent !== undefined),
      say,
      count: (change) => live.change(key, change)
    })
  ).pipe(
    tools.lockOf(key).withPermits(1),
    Effect.zipRight(Effect.sync(() => live.change(key, (series) => (series.state = "done")))),
    Effect.zipRight(Effect.suspend(() => warnOfUnreadable(live, key))),
    Effect.zipRight(reportHealth(live, planned)),
    Effect.catchAllCause((cause) => {
      if (Cause.isInterruptedOnly(cause)) return Effect.interrupt
      const error = Option.match(Cause.failureOption(cause), {
        onNone: () => Cause.pretty(cause),
        onSome: ({ message }) => message
      })
      return Effect.zipRight(
        Effect.sync(() =>
          live.change(key, (series) => {
            series.state = "error"
            series.error = error
          })
        ),
        Effect.zipRight(say(`stopped: ${error}`), reportHealth(live, planned))
      )
    })
  )
}

const warnOfUnreadable = (live: LiveRecord, key: string): Effect.Effect<void> => {
  const { unreadable = 0 } = live.of(key) ?? {}
  return unreadable === 0
    ? Effect.void
    : Effect.logWarning(`backfill ${live.id}: ${unreadable} rows of the answers for ${key} could not be read`)
}

/** How the series fared, for metrics and alerts. */
const reportHealth = (live: LiveRecord, { series }: PlannedSeries) =>
  Effect.flatMap(CollectorHealth, (health) => {
    const found = live.of(series.key)
    const origin = ofSeries(series)
    if (found === undefined) return Effect.void
    if (found.error !== null) return health.failed(origin, found.error)
    return found.failed > 0
      ? health.failed(origin, `${found.failed} windows failed`)
      : health.succeeded(origin, found.rows)
  })

/** The last state. Where the disk does not take it, the next life finds the backfill interrupted. */
const finish = (tools: Tools, entry: Entry, exit: Exit.Exit<void>) =>
  Effect.gen(function* () {
    const { intent, live, over } = entry
    const stopped = Exit.isFailure(exit)
    live.halt()
    if (stopped && intent === "pause") live.status = "paused"
    else if (stopped && intent === "cancel") live.status = "cancelled"
    else if (stopped) live.status = "interrupted"
    else {
      live.error = live.firstError
      live.status = live.error === null ? "done" : "error"
      live.complete = !live.failures
    }
    live.finishedAt = (yield* Clock.currentTimeMillis) / 1000
    entry.over = undefined
    entry.holds = new Set()
    yield* Effect.catchAll(settle(tools, entry), (error) => Effect.logWarning(`backfill ${live.id}: ${error.message}`))
    if (over !== undefined) yield* Deferred.succeed(over, undefined)
    if (!stopped) yield* tools.ended({ id: live.id, over })
  })
