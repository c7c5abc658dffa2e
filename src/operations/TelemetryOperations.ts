/**
 * The verbs of telemetry: post, query, follow, export, verify. In process they act on the site's store; over HTTP
 * (`http/Client.ts`) on a running server, with the same typed errors.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { Cursor } from "../domain/Cursor.js"
import type { BatchResult, EventFilter, EventPage, EventQuery, TailItem } from "../domain/EventQuery.js"
import type { InvalidInput, Overloaded, StorageFailed, TooLarge, UnreadableBody } from "../domain/Refusal.js"
import type { RunNotFound } from "../domain/Run.js"
import type { EventAck, EventLine } from "../domain/TelemetryEvent.js"
import type { Remote } from "./Unreachable.js"

/** No current event has this type. */
export class NoCurrentEvent extends Schema.TaggedError<NoCurrentEvent>()("NoCurrentEvent", { type: Schema.String }) {
  override get message() {
    return `No current event for type ${JSON.stringify(this.type)}`
  }
}

/** Something found in the stored data. All of it is damage but a `gap`: numbers may be without a line. */
export const Finding = Schema.Struct({
  kind: Schema.Literal("torn", "corrupt", "gap", "repeat", "missing-file", "index"),
  path: Schema.String,
  offset: Schema.optional(Schema.Number),
  length: Schema.optional(Schema.Number),
  /** The first and last sequence number the damage touches. */
  firstSeq: Schema.optional(Schema.Int),
  lastSeq: Schema.optional(Schema.Int),
  message: Schema.String,
  repaired: Schema.Boolean
}).annotations({ identifier: "Finding" })
export type Finding = typeof Finding.Type

export class VerifyReport extends Schema.Class<VerifyReport>("outpost/VerifyReport")({
  files: Schema.Int,
  bytes: Schema.Number,
  events: Schema.Number,
  seconds: Schema.Number,
  findings: Schema.Array(Finding)
}) {}

/** What the store knows of itself. Ages and times in milliseconds. */
export class TelemetryStats extends Schema.Class<TelemetryStats>("outpost/TelemetryStats")({
  seq: Schema.Struct({ site: Schema.Int, run: Schema.Int, system: Schema.Int }),
  eventsAccepted: Schema.Number,
  bytesWritten: Schema.Number,
  syncs: Schema.Number,
  pendingEvents: Schema.Number,
  lastDurableAt: Schema.optional(Schema.Number),
  lastSyncMillis: Schema.optional(Schema.Number),
  failure: Schema.optional(Schema.String)
}) {}

export const ExportFormat = Schema.Literal("ndjson", "csv", "parquet")
export type ExportFormat = typeof ExportFormat.Type

export type PostError = InvalidInput | UnreadableBody | TooLarge | StorageFailed | Overloaded | Remote

export class TelemetryOperations extends Context.Tag("outpost/operations/TelemetryOperations")<
  TelemetryOperations,
  {
    /** Takes the JSON body of one event. Durable once it returns; answers the acknowledgement's text. */
    readonly post: (body: Uint8Array | string) => Effect.Effect<EventAck, PostError>
    /**
     * Takes NDJSON, whole or as it arrives, each line on its own: bad lines are refused, good ones are durable once it returns.
     * Fails with `InvalidInput` only where every line is refused.
     */
    readonly postLines: (
      body: Uint8Array | Stream.Stream<Uint8Array, UnreadableBody | TooLarge>
    ) => Effect.Effect<BatchResult, PostError>
    /** Takes a JSON array of events, like `postLines`; an element's line is its place in the array, from 1. */
    readonly postArray: (body: Uint8Array) => Effect.Effect<BatchResult, PostError>
    /** The current view as compact JSON text, `{"current":{<type>:<ack>}}`: the run's values over the site's. */
    readonly current: Effect.Effect<string, Remote>
    /** The current event of a type, as its acknowledgement was. */
    readonly currentOf: (type: string) => Effect.Effect<EventAck, NoCurrentEvent | Remote>
    /** One page of stored events, in order of sequence number. */
    readonly query: (query: EventQuery) => Effect.Effect<EventPage, StorageFailed | RunNotFound | Remote>
    /** All stored events the filter lets through, page by page, until there are no more. */
    readonly events: (
      filter: EventFilter,
      options?: { readonly descending?: boolean; readonly limit?: number }
    ) => Stream.Stream<EventLine, StorageFailed | RunNotFound | Remote>
    /**
     * Events as they become durable: from the cursor on; or from where the filter's `since` or `afterSeq` says; or from now.
     * Never drops one: a slow reader reads from the log.
     * Over HTTP it resumes by itself after a lost connection.
     */
    readonly tail: (filter: EventFilter, from?: Cursor) => Stream.Stream<TailItem, StorageFailed | RunNotFound | Remote>
    /** Events in a file format, streamed. */
    readonly export: (
      format: ExportFormat,
      filter: EventFilter
    ) => Stream.Stream<Uint8Array, StorageFailed | RunNotFound | Remote>
    /**
     * Reads everything that was stored and compares it with its index, also where the disk takes nothing. `repair` sets torn
     * tails aside and renews the index. What the opening of the site set aside is in the first answer after it.
     */
    readonly verify: (options: { readonly repair: boolean }) => Effect.Effect<VerifyReport, StorageFailed | Remote>
    readonly stats: Effect.Effect<TelemetryStats, Remote>
  }
>() {}
