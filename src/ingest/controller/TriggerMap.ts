/**
 * Which events a scan has, and who may have the frames of each: parts of events by stream, and the sequence in which the parts
 * are run through.
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

/** Somebody with these tags; the same somebody wherever the same constraint stands in one run of a part; everybody without one. */
export const VirtualWorker = Schema.Struct({
  tags: Schema.optionalWith(Schema.Array(Schema.String), { default: () => ["generic"] }),
  constraint: Schema.optionalWith(Schema.NullOr(Schema.Int), { default: () => null })
})
export type VirtualWorker = typeof VirtualWorker.Type

/** `null`: no frame in this event; none: a frame that is thrown away. */
export const Entry = Schema.NullOr(Schema.Array(VirtualWorker))

/** The events of each stream, all streams with as many. */
export const Part = Schema.Record({ key: Schema.String, value: Schema.Array(Entry) })
export type Part = typeof Part.Type

export const TriggerMap = Schema.Struct({
  parts: Schema.Record({ key: Schema.String, value: Part }),
  sequence: Schema.Array(Schema.String)
}).annotations({ identifier: "TriggerMap" })
export type TriggerMap = typeof TriggerMap.Type

/** The map can't be run as it is; nothing has changed. */
export class MapRefused extends Schema.TaggedError<MapRefused>()("MapRefused", {
  reason: Schema.Literal("streams", "workers", "length", "part", "name"),
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

/** Services that have not taken the map up in time. */
export class NotTaken extends Schema.TaggedError<NotTaken>()("NotTaken", {
  mapping: Schema.String,
  missing: Schema.Array(Schema.String)
}) {
  override get message() {
    return `not every service has taken up the map ${this.mapping}: ${this.missing.join(", ")}`
  }
}

/** Decoding would drop an entry of this name in silence, wherever it stands in a map: to be asked of what is to be decoded. */
export const unusableName = (given: unknown): MapRefused | undefined =>
  isUnusable(given) || (Predicate.isRecord(given) && [given["parts"], ...partsOf(given["parts"])].some(isUnusable))
    ? new MapRefused({ reason: "name", detail: "'__proto__' can't be the name of a stream or a part" })
    : undefined

// -----------------------------------------------------------------------------

const partsOf = (parts: unknown): ReadonlyArray<unknown> => (Predicate.isRecord(parts) ? Object.values(parts) : [])

const isUnusable = (given: unknown): boolean => Predicate.isRecord(given) && Object.hasOwn(given, "__proto__")
