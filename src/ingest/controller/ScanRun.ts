/**
 * A scan as it runs, from its first update to its end. Three fibers share it, and change it only between two steps: one reads
 * reports, one looks who lives (`EnsembleWatch`), one writes assignments and ends the scan. The bell between them holds one ring, so
 * that whatever was reported while an entry was on its way goes out as the next one.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { AssignmentLog } from "../../assignment/AssignmentLog.js"
import type { EnsembleUnreachable } from "../../assignment/EnsembleError.js"
import { ReadyLog } from "../../assignment/ReadyLog.js"
import { ServiceRegistry } from "../../assignment/ServiceRegistry.js"
import type { Roster } from "../../assignment/ServiceState.js"
import * as AssignmentWriter from "./AssignmentWriter.js"
import { untilReached } from "./internal/untilReached.js"
import type { Scan } from "./Scan.js"
import type { ScanSummary } from "./ScanSummary.js"

export interface ScanRun {
  readonly scan: Scan
  readonly writer: AssignmentWriter.AssignmentWriter
  /** Something has changed that may let events go out, or end the scan. */
  readonly ring: Effect.Effect<void>
  /** Ends the scan, whatever is done. */
  readonly stop: Effect.Effect<void>
  /** Done when every service has taken the map up, or the scan has ended before. */
  readonly taken: Effect.Effect<void>
  /** From the first update on to the end; done when everybody has answered. */
  readonly run: Effect.Effect<void>
}

export interface Hooks {
  /** Tells the services that the scan ends. */
  readonly announceEnd: Effect.Effect<void, EnsembleUnreachable>
  /** All services have the map, and nothing has been given out. */
  readonly onTaken: Effect.Effect<void>
  readonly onEnd: (summary: ScanSummary) => Effect.Effect<void>
}

/** How it is looked whether services have taken the map up: soon at first, ever more rarely while they do not. */
const glances = Schedule.exponential("20 millis", 1.1).pipe(Schedule.union(Schedule.spaced("500 millis")))

export const make = (
  scan: Scan,
  hooks: Hooks
): Effect.Effect<ScanRun, never, AssignmentLog | ReadyLog | ServiceRegistry> =>
  Effect.gen(function* () {
    const ready = yield* ReadyLog
    const registry = yield* ServiceRegistry
    const writer = yield* AssignmentWriter.make(scan)
    const bell = yield* Queue.sliding<void>(1)
    const taken = yield* Deferred.make<void>()
    const stopping = yield* Deferred.make<void>()
    const over = yield* Deferred.make<void>()
    const ring = Effect.asVoid(Queue.offer(bell, undefined))
    let stopped = false

    const takeUp = Effect.option(registry.roster).pipe(
      Effect.map((roster) => {
        if (roster._tag === "None" || missing(scan.mapping, roster.value).length > 0) return false
        scan.begin(roster.value)
        return true
      }),
      Effect.repeat({ schedule: glances, until: (begun) => begun })
    )

    const reports = ready.read(scan.mapping).pipe(
      Stream.runForEachChunk((updates) => {
        for (const update of updates) scan.take(update)
        return ring
      })
    )

    const write = Effect.gen(function* () {
      for (let batch = scan.issue(); batch.length > 0; batch = scan.issue()) yield* writer.append(batch)
      if ((stopped || scan.complete) && scan.ending === undefined) {
        scan.close(scan.complete ? "completed" : "stopped")
        yield* untilReached(hooks.announceEnd)
      }
      if (!scan.answered) return
      const summary = scan.end("completed", yield* Clock.currentTimeMillis)
      if (summary !== undefined) yield* hooks.onEnd(summary)
      yield* Deferred.succeed(over, undefined)
    })

    const run = Effect.gen(function* () {
      yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Queue.take(bell), write)))
      yield* Effect.raceFirst(takeUp, Deferred.await(stopping))
      yield* hooks.onTaken
      yield* Deferred.succeed(taken, undefined)
      // A map without events, or without workers in them, is done with without any report.
      yield* ring
      yield* Effect.raceFirst(reports, Deferred.await(over))
    }).pipe(
      Effect.scoped,
      Effect.ensuring(Deferred.succeed(taken, undefined)),
      Effect.annotateLogs("mapping", scan.mapping)
    )

    return {
      scan,
      writer,
      ring,
      stop: Effect.suspend(() => {
        stopped = true
        return Effect.zipRight(Deferred.succeed(stopping, undefined), ring)
      }),
      taken: Deferred.await(taken),
      run
    }
  })

/** The services that do not have the map, by name; the reducer also when there is none. */
export const missing = (mapping: string, { ingesters, reducer, workers }: Roster): ReadonlyArray<string> => {
  const late = [...ingesters, ...workers].filter(({ mapping_uuid }) => mapping_uuid !== mapping)
  return [...late.map(({ name }) => name), ...(reducer?.mapping_uuid === mapping ? [] : ["reducer"])]
}
