/**
 * The backfills of a site: each a supervised child that fetches what is missing of its series, with a record that outlives
 * it. What is acknowledged (a start, a pause, an end) is durable. A backfill that a crash or a stop of the site cut off is
 * `interrupted` in the next life and goes on with `resume`, which fetches nothing twice.
 *
 * What is tricky:
 * - A series is fetched by one backfill at a time; a request whose series are all being fetched by one other, with no less
 *   to do, is that other.
 * - Cancelling and pausing are interruptions. What they were meant as stands in `intent` before the child is stopped, and
 *   the child's own end writes the last state, so an end that comes first wins.
 * - An order is carried out to its end, also where whoever gave it goes away meanwhile: half a start would hold its series
 *   for as long as the site runs. Orders wait for each other, so that none meets a backfill that is half started.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as ChildSpec from "../actor/ChildSpec.js"
import type { Supervisor } from "../actor/Supervisor.js"
import {
  BackfillBusy,
  type BackfillEvent,
  BackfillNotFound,
  type BackfillRecord,
  type BackfillRefused,
  type BackfillStatus,
  type NoMatchingJob,
  type PlannedSeries as PlannedView,
  type StartBackfill
} from "../domain/Backfill.js"
import type { StorageFailed } from "../domain/Refusal.js"
import { BackfillStore } from "./BackfillStore.js"
import * as BackfillRun from "./internal/backfillRun.js"
import { hopeless, preview } from "./internal/preview.js"
import { JobCatalogue } from "./JobCatalogue.js"
import * as SeriesPlan from "./SeriesPlan.js"
import type * as SeriesWork from "./SeriesWork.js"

export type StartError = NoMatchingJob | BackfillRefused | StorageFailed
export type OrderError = BackfillNotFound | BackfillBusy | StorageFailed

export class Backfills extends Context.Tag("outpost/backfill/Backfills")<
  Backfills,
  {
    /** Recorded durably before it returns. Where one backfill already fetches all of these series, it is answered. */
    readonly start: (request: StartBackfill) => Effect.Effect<BackfillRecord, StartError>
    /** The same, where something is missing; a look that finds nothing leaves no record. */
    readonly startMissing: (request: StartBackfill) => Effect.Effect<Option.Option<BackfillRecord>, StartError>
    /** What a start would do; asks no source. */
    readonly plan: (request: StartBackfill) => Effect.Effect<ReadonlyArray<PlannedView>, StartError>
    /** Oldest first. */
    readonly list: Effect.Effect<ReadonlyArray<BackfillRecord>>
    readonly get: (id: string) => Effect.Effect<BackfillRecord, BackfillNotFound>
    /** True where it ran and is being cancelled: requests under way are aborted, what is fetched is kept. */
    readonly cancel: (id: string) => Effect.Effect<boolean, BackfillNotFound | StorageFailed>
    /** Returns once it is down; it goes on with `resume`, also in another life of the site. */
    readonly pause: (id: string) => Effect.Effect<BackfillRecord, OrderError>
    /** Goes on with one that is not running. */
    readonly resume: (id: string) => Effect.Effect<BackfillRecord, BackfillNotFound | StartError>
    /** A new backfill of the same request, for the windows that failed too. */
    readonly retryFailed: (id: string) => Effect.Effect<BackfillRecord, BackfillNotFound | StartError>
    /** Goes on with all that were interrupted; answers them. */
    readonly resumeInterrupted: Effect.Effect<ReadonlyArray<BackfillRecord>, StorageFailed>
    /** Goes on with all that are interrupted or paused, and answers them with those that run. */
    readonly resumeUnfinished: Effect.Effect<ReadonlyArray<BackfillRecord>, StorageFailed>
    /** The record once it is not running any more. */
    readonly await: (id: string) => Effect.Effect<BackfillRecord, BackfillNotFound>
    /** What happens from now on. A reader that is too slow loses the oldest. */
    readonly events: Stream.Stream<BackfillEvent>
    /** The same, from the moment this returns. */
    readonly subscribe: Effect.Effect<Stream.Stream<BackfillEvent>, never, Scope.Scope>
  }
>() {}

export interface Options {
  readonly supervisor: Supervisor
}

/** Records of backfills that are over. */
const kept = 50

export const make = (
  options: Options
): Effect.Effect<
  Context.Tag.Service<Backfills>,
  StorageFailed,
  BackfillStore | JobCatalogue | SeriesWork.Needs | Scope.Scope
> =>
  Effect.gen(function* () {
    const store = yield* BackfillStore
    const catalogue = yield* JobCatalogue
    const needs = yield* Effect.context<SeriesWork.Needs>()
    const events = yield* PubSub.sliding<BackfillEvent>(1024)
    const mutex = yield* Effect.makeSemaphore(1)
    const entries = new Map<string, BackfillRun.Entry>()
    const locks = new Map<string, Effect.Semaphore>()
    const ended = yield* Queue.bounded<BackfillRun.Ended>(1024)
    const scope = yield* Effect.scope
    const tools: BackfillRun.Tools = {
      store,
      publish: (event) => Effect.asVoid(PubSub.publish(events, event)),
      lockOf: (key) => {
        const lock = locks.get(key) ?? Effect.unsafeMakeSemaphore(1)
        locks.set(key, lock)
        return lock
      },
      ended: (one) => Effect.asVoid(Queue.offer(ended, one))
    }
    const order = <A, E>(carriedOut: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Effect.flatMap(Effect.forkIn(mutex.withPermits(1)(carriedOut), scope), Fiber.join)

    /** A record of an earlier life: whatever ran then was cut off. */
    const adopt = (record: BackfillRecord) => {
      const entry = BackfillRun.newEntry(record)
      const { live } = entry
      entries.set(record.id, entry)
      if (record.status !== "running" && record.status !== "cancelling") return Effect.void
      live.status = record.status === "cancelling" ? "cancelled" : "interrupted"
      live.halt()
      live.line("the site went down before the end")
      return BackfillRun.settle(tools, entry)
    }
    yield* Effect.forEach(yield* store.load, adopt, { discard: true })
    /** A child can't remove itself from its supervisor. One that was started anew since is another child. */
    const remove = ({ id, over }: BackfillRun.Ended) =>
      Effect.suspend(() => {
        const now = entries.get(id)?.over
        return now === undefined || now === over ? Effect.ignore(options.supervisor.remove(id)) : Effect.void
      })
    yield* Queue.take(ended).pipe(Effect.flatMap(remove), Effect.forever, Effect.forkScoped)

    const find = (id: string) =>
      Effect.suspend(() => {
        const entry = entries.get(id)
        return entry === undefined ? new BackfillNotFound({ id }) : Effect.succeed(entry)
      })

    const resolve = (request: StartBackfill) => Effect.flatMap(catalogue.now, (now) => SeriesPlan.resolve(request, now))

    /** A child of its own; the record is durable before it begins. */
    const launch = (entry: BackfillRun.Entry, resolved: SeriesPlan.Resolved) =>
      Effect.gen(function* () {
        const before = entry.live.status
        entry.intent = undefined
        entry.over = yield* Deferred.make<void>()
        entry.holds = new Set(resolved.planned.map(({ series }) => series.key))
        BackfillRun.begin(entry, resolved)
        yield* BackfillRun.settle(tools, entry).pipe(
          Effect.tapError(() =>
            Effect.sync(() => {
              entry.over = undefined
              entry.live.status = before
            })
          )
        )
        const child = ChildSpec.make({
          id: entry.live.id,
          restart: "temporary",
          run: BackfillRun.run(tools, entry, resolved).pipe(Effect.provide(needs)),
          shutdown: "10 seconds"
        })
        yield* Effect.ignore(options.supervisor.remove(entry.live.id))
        yield* options.supervisor.add(child).pipe(Effect.orDie)
        return entry.live.snapshot()
      })

    const startResolved = (request: StartBackfill, resolved: SeriesPlan.Resolved) =>
      Effect.gen(function* () {
        const keys = resolved.planned.map(({ series }) => series.key)
        const same = [...entries.values()].find(
          ({ holds, intent, live, over }) =>
            over !== undefined &&
            intent === undefined &&
            keys.every((key) => holds.has(key)) &&
            BackfillRun.isIncluded(request, live.request)
        )
        if (same !== undefined) return same.live.snapshot()
        const now = yield* Clock.currentTimeMillis
        const record = BackfillRun.newRecord(request, now, (id) => entries.has(id))
        const entry = BackfillRun.newEntry(record)
        entries.set(record.id, entry)
        const started = yield* launch(entry, resolved).pipe(
          Effect.tapError(() => Effect.sync(() => entries.delete(record.id)))
        )
        const left = new Set(yield* store.prune(kept))
        for (const [id, { over }] of entries) if (over === undefined && !left.has(id)) entries.delete(id)
        return started
      }).pipe(order)

    const start = (request: StartBackfill) =>
      Effect.flatMap(resolve(request), (resolved) => startResolved(request, resolved))

    const previews = (request: StartBackfill, { planned }: SeriesPlan.Resolved) =>
      Effect.provide(
        Effect.forEach(planned, (series) => preview(series, request)),
        needs
      )

    const resume = (id: string) =>
      Effect.gen(function* () {
        const entry = yield* find(id)
        if (entry.over !== undefined) return entry.live.snapshot()
        return yield* launch(entry, yield* resolve(entry.live.request))
      }).pipe(order)

    /** One that can't go on, because its job is gone, is left as it is. */
    const resumeAll = (which: (status: BackfillStatus) => boolean) =>
      Effect.suspend(() =>
        Effect.forEach(
          [...entries.values()].filter(({ live, over }) => over === undefined && which(live.status)),
          ({ live }) => {
            const leave = (error: { readonly message: string }) =>
              Effect.as(Effect.logWarning(`backfill ${live.id} does not go on: ${error.message}`), live.snapshot())
            return resume(live.id).pipe(
              Effect.catchTags({ BackfillNotFound: leave, NoMatchingJob: leave, BackfillRefused: leave })
            )
          }
        )
      )

    /** Asks a running one to end; answers false where it does not run. One that is cancelled is not paused any more. */
    const end = (entry: BackfillRun.Entry, intent: "cancel" | "pause") =>
      Effect.gen(function* () {
        const { over } = entry
        if (over === undefined || (intent === "pause" && entry.intent === "cancel")) return false
        entry.intent = intent
        if (intent === "cancel") {
          entry.live.status = "cancelling"
          yield* BackfillRun.settle(tools, entry)
        }
        yield* tools.ended({ id: entry.live.id, over })
        return true
      }).pipe(order)

    return Backfills.of({
      start,
      startMissing: Effect.fnUntraced(function* (request) {
        const resolved = yield* resolve(request)
        const found = yield* previews(request, resolved)
        if (found.every(({ windows }) => windows === 0)) return Option.none()
        return Option.some(yield* startResolved(request, resolved))
      }),
      plan: (request) =>
        Effect.flatMap(resolve(request), (resolved) =>
          Effect.map(previews(request, resolved), (possible) => [...possible, ...resolved.impossible.map(hopeless)])
        ),
      list: Effect.sync(() => [...entries.values()].map(({ live }) => live.snapshot())),
      get: (id) => Effect.map(find(id), ({ live }) => live.snapshot()),
      cancel: (id) =>
        Effect.gen(function* () {
          const entry = yield* find(id)
          if (yield* end(entry, "cancel")) return true
          const { status } = entry.live
          if (status === "paused" || status === "interrupted") {
            entry.live.status = "cancelled"
            yield* BackfillRun.settle(tools, entry)
          }
          return false
        }),
      pause: (id) =>
        Effect.gen(function* () {
          const entry = yield* find(id)
          const { over } = entry
          if (over === undefined || !(yield* end(entry, "pause"))) {
            return yield* new BackfillBusy({ id, status: entry.live.status, action: "paused" })
          }
          yield* Deferred.await(over)
          return entry.live.snapshot()
        }),
      resume,
      retryFailed: (id) => Effect.flatMap(find(id), ({ live }) => start({ ...live.request, retry_failed: true })),
      resumeInterrupted: resumeAll((status) => status === "interrupted"),
      resumeUnfinished: Effect.zipWith(
        resumeAll((status) => status === "interrupted" || status === "paused"),
        Effect.sync(() => [...entries.values()].filter(({ over }) => over !== undefined)),
        (resumed, running) => [
          ...new Map([...resumed, ...running.map(({ live }) => live.snapshot())].map((one) => [one.id, one])).values()
        ]
      ),
      await: (id) =>
        Effect.flatMap(find(id), ({ live, over }) =>
          Effect.zipRight(
            over === undefined ? Effect.void : Deferred.await(over),
            Effect.sync(() => live.snapshot())
          )
        ),
      events: Stream.fromPubSub(events),
      subscribe: Stream.fromPubSub(events, { scoped: true })
    })
  })
