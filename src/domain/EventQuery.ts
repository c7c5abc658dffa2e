/**
 * Which events: stream, run, types, time, numbers. Bounds are inclusive at `since`, exclusive at `until` and `afterSeq`.
 * Without a stream the events of `site` and `run` are merged in order of time; `system` is only read when named.
 */
import * as Schema from "effect/Schema"
import * as Cursor from "./Cursor.js"
import { StreamName } from "./StreamName.js"
import { EventLine } from "./TelemetryEvent.js"

export class EventFilter extends Schema.Class<EventFilter>("outpost/EventFilter")({
  stream: Schema.optional(StreamName),
  /** Only events of this run. */
  run: Schema.optional(Schema.String),
  /** Any of these types; none given means all. */
  types: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] }),
  /** Unix milliseconds. */
  since: Schema.optional(Schema.Number),
  until: Schema.optional(Schema.Number),
  afterSeq: Schema.optional(Schema.NonNegativeInt)
}) {}

/** Whether a tail of these begins with what is stored already. */
export const beginsInThePast = ({ afterSeq, since }: EventFilter): boolean =>
  since !== undefined || afterSeq !== undefined

export const defaultLimit = 100
export const maximumLimit = 10_000

export class EventQuery extends Schema.Class<EventQuery>("outpost/EventQuery")({
  filter: EventFilter,
  /** How many lines a page holds: 1 to 10,000, default 100. */
  limit: Schema.optionalWith(Schema.Int.pipe(Schema.between(1, maximumLimit)), { default: () => defaultLimit }),
  /** Newest first. */
  descending: Schema.optionalWith(Schema.Boolean, { default: () => false }),
  /** Goes on where a page ended. */
  cursor: Schema.optional(Schema.typeSchema(Cursor.FromString))
}) {}

/** A page of lines; `next` is absent when there is nothing more for now. */
export class EventPage extends Schema.Class<EventPage>("outpost/EventPage")({
  lines: Schema.Array(EventLine),
  next: Schema.optional(Schema.typeSchema(Cursor.FromString))
}) {}

/** One line of a live tail and the place behind it. */
export interface TailItem {
  readonly line: EventLine
  readonly cursor: Cursor.Cursor
}

/** What became of each line of a batch; lines count from 1. */
export class BatchResult extends Schema.Class<BatchResult>("outpost/BatchResult")({
  accepted: Schema.Array(Schema.Struct({ line: Schema.Int, seq: Schema.Int })),
  refused: Schema.Array(Schema.Struct({ line: Schema.Int, error: Schema.Unknown }))
}) {}
