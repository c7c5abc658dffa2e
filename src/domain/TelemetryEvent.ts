/**
 * One telemetry event, and its text. The store keeps the text the client sent (digits, key order, spelling of numbers);
 * an `EventLine` is that text as it stands in the log: ASCII JSON with the keys seq, ts, stream, type, data, meta, no blanks.
 * Format: the telemetry server of panoptes-utils.
 */
import * as Schema from "effect/Schema"
import { StreamName } from "./StreamName.js"

/** A stored line without its line end. */
export const EventLine = Schema.String.pipe(Schema.brand("EventLine"))
export type EventLine = typeof EventLine.Type

/** The answer to an accepted event: `{"seq","ts","type","data","meta"}` as compact JSON text. */
export const EventAck = Schema.String.pipe(Schema.brand("EventAck"))
export type EventAck = typeof EventAck.Type

export class TelemetryEvent extends Schema.Class<TelemetryEvent>("outpost/TelemetryEvent")({
  seq: Schema.Int,
  ts: Schema.String,
  stream: Schema.optional(StreamName),
  type: Schema.String,
  data: Schema.Unknown,
  meta: Schema.Record({ key: Schema.String, value: Schema.Unknown })
}) {}

const fromText = Schema.decodeUnknown(Schema.parseJson(TelemetryEvent))

/** Parses a line or an acknowledgement. Numbers beyond 2^53 are rounded here, never in the text. */
export const parse = (text: EventLine | EventAck) => fromText(text)

/** What a client may send, built from values instead of text. */
export interface EventInput {
  readonly type: string
  readonly data: unknown
  readonly meta?: { readonly [key: string]: unknown } | undefined
  /** Whether the event becomes the current value of its type. Default true. */
  readonly makeCurrent?: boolean | undefined
  /** False keeps it in the current view only. Default true. */
  readonly storePermanently?: boolean | undefined
  /** Stored verbatim in place of the server's time. */
  readonly ts?: string | undefined
}

/** The JSON body of `POST /event` for these values. Throws a TypeError for what JSON can't carry, such as NaN or a cycle. */
export const bodyOf = (input: EventInput): string => {
  const body = {
    type: input.type,
    data: input.data ?? null,
    ...(input.makeCurrent === undefined ? {} : { make_current: input.makeCurrent }),
    ...(input.meta === undefined ? {} : { meta: input.meta }),
    ...(input.storePermanently === undefined ? {} : { store_permanently: input.storePermanently }),
    ...(input.ts === undefined ? {} : { ts: input.ts })
  }
  return JSON.stringify(body, (key, value: unknown) => {
    if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`${key}: JSON has no ${value}`)
    return value
  })
}
