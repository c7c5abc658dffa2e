/** The verbs of telemetry in this process, over the site's store. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { DuckDb } from "../dataset/DuckDb.js"
import * as EventParquet from "../dataset/EventParquet.js"
import * as Cursor from "../domain/Cursor.js"
import type { EventFilter } from "../domain/EventQuery.js"
import { beginsInThePast, EventPage } from "../domain/EventQuery.js"
import type { RunNotFound } from "../domain/Run.js"
import { EventLine } from "../domain/TelemetryEvent.js"
import { RunContext } from "../run/RunContext.js"
import * as EventTable from "../telemetry/EventTable.js"
import { type Selection, TelemetryStore } from "../telemetry/TelemetryStore.js"
import { NoCurrentEvent, TelemetryOperations, TelemetryStats, VerifyReport } from "./TelemetryOperations.js"

const make = Effect.gen(function* () {
  const store = yield* TelemetryStore
  const runs = yield* RunContext
  const duck = yield* DuckDb

  /** What the store has to look for; a run is so many ranges of numbers of the run stream. */
  const selectionOf = (filter: EventFilter): Effect.Effect<Selection, RunNotFound> => {
    const { afterSeq, run, since, stream, types, until } = filter
    const selection: Selection = { stream, types, since, until, afterSeq }
    if (run === undefined) return Effect.succeed(selection)
    return Effect.map(runs.ranges(run), (ranges) => ({ ...selection, stream: "run" as const, ranges }))
  }

  const lines = (filter: EventFilter, descending: boolean) =>
    Stream.unwrap(Effect.map(selectionOf(filter), (selection) => store.read(selection, { descending })))

  return TelemetryOperations.of({
    post: (body) => store.post(typeof body === "string" ? Buffer.from(body) : body),
    postLines: (body) => store.postLines(body),
    postArray: (body) => store.postArray(body),
    current: store.current,
    currentOf: (type) =>
      Effect.flatMap(
        store.currentOf(type),
        Option.match({ onNone: () => Effect.fail(new NoCurrentEvent({ type })), onSome: Effect.succeed })
      ),
    query: ({ cursor, descending, filter, limit }) =>
      Effect.gen(function* () {
        const selection = yield* selectionOf(filter)
        const found = yield* store.query(selection, { limit, descending, cursor })
        return new EventPage({
          lines: found.lines.map(({ line }) => EventLine.make(line, true)),
          ...(found.more ? { next: found.next } : {})
        })
      }),
    events: (filter, options) => {
      const all = Stream.map(lines(filter, options?.descending ?? false), ({ line }) => EventLine.make(line, true))
      return options?.limit === undefined ? all : Stream.take(all, options.limit)
    },
    tail: (filter, from) => {
      const begin = from ?? (beginsInThePast(filter) ? Cursor.start : undefined)
      return Stream.unwrap(Effect.map(selectionOf(filter), (selection) => store.tail(selection, begin)))
    },
    export: (format, filter) => {
      const found = lines(filter, false)
      if (format === "ndjson") return EventTable.ndjson(found)
      if (format === "csv") return EventTable.csv(found)
      return Stream.provideService(EventParquet.encode(EventTable.rows(found)), DuckDb, duck)
    },
    verify: (options) =>
      Effect.map(
        Effect.timed(store.verify(options)),
        ([duration, report]) => new VerifyReport({ ...report, seconds: Duration.toSeconds(duration) })
      ),
    stats: Effect.map(
      store.figures,
      ({ accepted, bytesWritten, failure, lastDurableAt, position, syncs, waiting }) =>
        new TelemetryStats({
          seq: { site: position.site, run: position.run, system: position.system },
          eventsAccepted: accepted,
          bytesWritten,
          syncs,
          pendingEvents: waiting,
          lastDurableAt,
          failure
        })
    )
  })
})

export const layer: Layer.Layer<TelemetryOperations, never, TelemetryStore | RunContext | DuckDb> = Layer.effect(
  TelemetryOperations,
  make
)
