/** The station's own events as a source sees them: what was recorded, by type and time. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { StorageFailed } from "../domain/Refusal.js"
import { EventLine, parse } from "../domain/TelemetryEvent.js"
import type { TimeRange } from "../domain/TimeRange.js"
import { TelemetryStore } from "../telemetry/TelemetryStore.js"

export interface RecordedEvent {
  readonly seq: number
  /** As it was recorded. */
  readonly ts: string
  readonly stream: string
  readonly data: unknown
}

export class RecordedEvents extends Context.Tag("outpost/source/RecordedEvents")<
  RecordedEvents,
  {
    /** Of the site and of all its runs, in the order of time; `start` is inclusive, `end` is not. */
    readonly between: (type: string, range: TimeRange) => Stream.Stream<RecordedEvent, StorageFailed>
    /** The newest of a type; none where there never was one. */
    readonly newest: (type: string) => Effect.Effect<Option.Option<RecordedEvent>, StorageFailed>
  }
>() {}

export const make: Effect.Effect<Context.Tag.Service<RecordedEvents>, never, TelemetryStore> = Effect.map(
  TelemetryStore,
  (store) =>
    RecordedEvents.of({
      between: (type, { end, start }) =>
        store
          .read({ types: [type], since: start, until: end }, { descending: false })
          .pipe(Stream.mapEffect(({ line }) => eventOf(line))),
      newest: (type) =>
        store.read({ types: [type] }, { descending: true }).pipe(
          Stream.runHead,
          Effect.flatMap((found) => Effect.transposeMapOption(found, ({ line }) => eventOf(line)))
        )
    })
)

export const layer: Layer.Layer<RecordedEvents, never, TelemetryStore> = Layer.effect(RecordedEvents, make)

// ------------------------------------------------------------------------------------------------------------------

const asLine = Schema.decodeSync(EventLine)

/** A stored line that is no event is a broken promise of the store. */
const eventOf = (line: string): Effect.Effect<RecordedEvent> =>
  Effect.map(Effect.orDie(parse(asLine(line))), ({ data, seq, stream, ts }) => ({
    seq,
    ts,
    stream: stream ?? "site",
    data
  }))
