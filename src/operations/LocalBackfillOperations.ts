/** The verbs of backfills in this process. What an operator did is recorded in the system stream. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Backfills } from "../backfill/Backfills.js"
import { ChunkBooks } from "../backfill/ChunkBook.js"
import * as CoverageReport from "../backfill/CoverageReport.js"
import { JobCatalogue } from "../backfill/JobCatalogue.js"
import type { BackfillEvent, BackfillRecord } from "../domain/Backfill.js"
import { TelemetryStore } from "../telemetry/TelemetryStore.js"
import { BackfillOperations } from "./BackfillOperations.js"

export const layer: Layer.Layer<BackfillOperations, never, Backfills | ChunkBooks | JobCatalogue | TelemetryStore> =
  Layer.effect(
    BackfillOperations,
    Effect.gen(function* () {
      const backfills = yield* Backfills
      const catalogue = yield* JobCatalogue
      const books = yield* ChunkBooks
      const store = yield* TelemetryStore
      // The record itself is durable elsewhere: this entry may be lost to a full disk.
      const audited = (action: string, id: string) =>
        Effect.ignore(store.postSystem("operator", { action: `backfill.${action}`, backfill: id }))
      const noted = (action: string) => (record: BackfillRecord) => audited(action, record.id)
      return BackfillOperations.of({
        start: (request) => Effect.tap(backfills.start(request), noted("start")),
        plan: backfills.plan,
        resumeAll: (request) =>
          Effect.gen(function* () {
            const unfinished = yield* backfills.resumeUnfinished
            const jobs = yield* Effect.flatMap(catalogue.now, ({ jobs }) =>
              jobs.length === 0 ? Effect.succeed([]) : Effect.map(backfills.start(request), (record) => [record])
            )
            const all = new Map([...unfinished, ...jobs].map((record) => [record.id, record]))
            yield* Effect.forEach(all.keys(), (id) => audited("resume", id), { discard: true })
            return [...all.values()]
          }),
        list: (options) =>
          Effect.map(backfills.list, (records) =>
            records.filter(({ request }) => options?.collect === true || request.collect !== true)
          ),
        get: backfills.get,
        cancel: (id) => Effect.tap(backfills.cancel(id), audited("cancel", id)),
        pause: (id) => Effect.tap(backfills.pause(id), audited("pause", id)),
        resume: (id) => Effect.tap(backfills.resume(id), audited("resume", id)),
        retryFailed: (id) => Effect.tap(backfills.retryFailed(id), noted("retry-failed")),
        chunks: (query) =>
          Effect.gen(function* () {
            const record = yield* backfills.get(query.id)
            return yield* CoverageReport.chunks(record, query, yield* catalogue.now)
          }).pipe(Effect.provideService(ChunkBooks, books)),
        coverage: (query) =>
          Effect.flatMap(catalogue.now, (now) => CoverageReport.coverage(query, now)).pipe(
            Effect.provideService(ChunkBooks, books)
          ),
        follow: (id) =>
          Stream.unwrapScoped(
            Effect.gen(function* () {
              // Subscribed before the record is looked at, so that nothing between the two is missed.
              const events = yield* backfills.subscribe
              const now = yield* backfills.get(id)
              const first: BackfillEvent = { event: "status", id, record: now }
              return Stream.concat(
                Stream.make(first),
                Stream.filter(events, (event) => event.id === id)
              ).pipe(Stream.takeUntil(isLast))
            })
          ),
        events: backfills.events
      })
    })
  )

// -----------------------------------------------------------------------------

const isLast = ({ event, record }: BackfillEvent): boolean =>
  event === "status" && record !== undefined && record.status !== "running" && record.status !== "cancelling"
