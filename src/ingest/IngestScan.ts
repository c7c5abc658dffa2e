/**
 * What an ingester does for one scan, all of it within one scope: reading assignments, the sources, forwarding, the outboxes,
 * the dump. Closing the scope ends it all; nothing of it is there when the next one begins.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { AssignmentLog } from "../assignment/AssignmentLog.js"
import type { MappingId, WorkAssignment } from "../assignment/WorkAssignment.js"
import type { OpenDump } from "./FrameDump.js"
import { timestamp } from "./FrameHeader.js"
import * as FrameJoin from "./FrameJoin.js"
import type { Ping, WorkerLinks } from "./FrameTransport.js"
import type { IngesterEvent } from "./IngesterEvent.js"
import type { StreamStatus, WorkerStatus } from "./IngesterStatus.js"
import { BoundedLine } from "./internal/boundedLine.js"
import * as StreamIntake from "./StreamIntake.js"
import * as WorkerOutbox from "./WorkerOutbox.js"

export interface ScanOptions {
  readonly mapping: MappingId
  /** Those of the ingester that take part, in its order. */
  readonly streams: ReadonlyArray<StreamIntake.OwnStream>
  readonly links: WorkerLinks
  /** Absent: nothing is dumped. */
  readonly dump: OpenDump | undefined
  readonly outbox: WorkerOutbox.OutboxLimits
  readonly staleAfter: number
  readonly report: (event: IngesterEvent) => void
  /** Counts an assignment that took frames. */
  readonly onEvent: () => void
}

export interface IngestScan {
  readonly mapping: MappingId
  /** Done when forwarding has failed, which it does by a defect alone. */
  readonly failed: Effect.Effect<Cause.Cause<never>>
  /** What is assigned already is still forwarded, for a second at most; then the dump is closed and frames only counted. */
  readonly finish: Effect.Effect<void>
  readonly finished: () => boolean
  /** To be called once a second; says whether a worker was dropped. */
  readonly watch: (now: number) => boolean
  /** A worker lives. Another start of one that was known gets what comes from now on, dropped or not. */
  readonly hear: (ping: Ping) => void
  /** The names of workers that get nothing more. */
  readonly dropped: () => ReadonlyArray<string>
  /** By the name of a worker, the last event that is on its way to it. */
  readonly handedOver: () => Readonly<Record<string, number>>
  readonly assignmentsWaiting: () => number
  readonly streams: () => ReadonlyArray<StreamStatus>
  readonly workers: () => ReadonlyArray<Omit<WorkerStatus, "connected">>
}

/** Assignments that are read ahead: enough to see whom a full outbox holds up. */
const readAhead = 4_096
/** How long the end of a scan waits for what is assigned. */
const grace = "1 second"

export const begin = (options: ScanOptions): Effect.Effect<IngestScan, never, Scope.Scope | AssignmentLog> =>
  Effect.gen(function* () {
    const { dump, links, mapping, report } = options
    const clock = yield* Effect.clock
    const scope = yield* Effect.scope
    const log = yield* AssignmentLog
    const intakes = yield* Effect.forEach(options.streams, (stream) => StreamIntake.make(stream, report))
    const outboxes = new Map<string, WorkerOutbox.WorkerOutbox>()
    const ahead = new BoundedLine<WorkAssignment>({ items: readAhead, weight: Number.POSITIVE_INFINITY }, () => 0)
    const join = FrameJoin.make({ intakes, outboxes, dump, onEvent: options.onEvent })
    const failed = yield* Deferred.make<Cause.Cause<never>>()
    /** The outbox whose room is awaited, and since when that is counted. */
    let full: { readonly outbox: WorkerOutbox.WorkerOutbox; since: number } | undefined
    /** By name, the start of each worker that was last heard of. */
    const starts = new Map<string, string>()
    let finished = false
    const dropped = () => Array.from(outboxes.values()).flatMap((outbox) => (outbox.dropped() ? [outbox.name] : []))

    const fetch = log.read(mapping).pipe(
      Stream.runForEachChunk((assignments) =>
        Effect.gen(function* () {
          for (const assignment of assignments) {
            while (!ahead.offer(assignment)) yield* ahead.room
          }
        })
      )
    )

    const awaitRoom = Effect.fnUntraced(function* (outbox: WorkerOutbox.WorkerOutbox) {
      full = { outbox, since: clock.unsafeCurrentTimeMillis() }
      yield* outbox.room
      hold(clock.unsafeCurrentTimeMillis())
      full = undefined
    })

    /** Counts the wait for a full outbox against its worker, as far as others have work that can't be done meanwhile. */
    const hold = (now: number) => {
      if (full === undefined) return
      const { outbox, since } = full
      full.since = now
      const concernsOthers = ({ assignments }: WorkAssignment) =>
        intakes.some(({ name }) => assignments[name]?.some((worker) => isOther(outboxes.get(worker), outbox)))
      if (join.waiting().some(concernsOthers) || ahead.first(readAhead).some(concernsOthers)) outbox.hinder(since, now)
    }

    const provide = (need: FrameJoin.Need): Effect.Effect<void> => {
      switch (need._tag) {
        case "Assignments":
          return Effect.map(ahead.something, () => join.feed(ahead.takeAll()))
        case "Frame":
          return need.intake.fill(need.event)
        case "Outbox":
          return WorkerOutbox.make(need.worker, links, options.outbox, report, () => hungry.unsafeOpen()).pipe(
            Effect.map((outbox) => void outboxes.set(need.worker, outbox)),
            Scope.extend(scope)
          )
        case "Room":
          return awaitRoom(need.outbox)
        case "Breath":
          return Effect.yieldNow()
      }
    }

    /** Closed while every worker has enough: then reading on would fill memory and speed up nobody. */
    const hungry = Effect.unsafeMakeLatch(true)
    const appetite = Effect.suspend(() => {
      if (outboxes.size === 0 || Array.from(outboxes.values()).some((outbox) => !outbox.sated())) return Effect.void
      hungry.unsafeClose()
      return hungry.await
    })

    const forward = Effect.gen(function* () {
      while (true) {
        yield* appetite
        yield* provide(join.run(timestamp(clock.unsafeCurrentTimeNanos())))
      }
    })

    const whole = Effect.catchAllCause(Effect.all([fetch, forward], { concurrency: 2, discard: true }), (cause) =>
      Cause.isInterruptedOnly(cause) ? Effect.failCause(cause) : Deferred.succeed(failed, cause)
    )
    const work = intakes.length === 0 ? undefined : yield* Effect.forkScoped(whole)

    const waiting = () => join.waiting().length + ahead.size
    /** What was assigned last may still be on its way here. */
    const caughtUp = Effect.repeat(Effect.sleep("20 millis"), { while: () => waiting() > 0 })

    return {
      mapping,
      failed: Deferred.await(failed),
      finish: Effect.gen(function* () {
        if (work !== undefined) {
          yield* Effect.timeoutOption(caughtUp, grace)
          yield* Fiber.interrupt(work)
          yield* Effect.forEach(intakes, (intake) => intake.runOut, { discard: true })
        }
        if (dump !== undefined) yield* dump.close
        finished = true
      }),
      finished: () => finished,
      watch: (now) => {
        const before = dropped().length
        hold(now)
        for (const intake of intakes) intake.watch(now, options.staleAfter)
        for (const outbox of outboxes.values()) outbox.watch(now)
        return dropped().length > before
      },
      hear: ({ incarnation, worker }) => {
        if ((starts.get(worker) ?? incarnation) !== incarnation) outboxes.get(worker)?.renew()
        starts.set(worker, incarnation)
      },
      dropped,
      handedOver: () =>
        Object.fromEntries(
          Array.from(outboxes.values()).flatMap((outbox) =>
            outbox.handedOver() < 0 ? [] : [[outbox.name, outbox.handedOver()]]
          )
        ),
      assignmentsWaiting: waiting,
      streams: () => intakes.map((intake) => intake.status()),
      workers: () => Array.from(outboxes.values(), (outbox) => outbox.status())
    }
  })

// ---------------------------------------------------------------------------------------------------------------------

/** A worker that could be served meanwhile. One without an outbox has had nothing yet. */
const isOther = (some: WorkerOutbox.WorkerOutbox | undefined, full: WorkerOutbox.WorkerOutbox) =>
  some !== full && some?.dropped() !== true
