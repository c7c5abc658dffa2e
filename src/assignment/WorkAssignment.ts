/**
 * Which worker gets which stream's frame of an event, in the words of the wire (`dranspose:assigned:<mapping>`): a stream that
 * is missing has no frame in this event, a stream with no worker has one that is taken and thrown away.
 */
import * as Schema from "effect/Schema"

/** Names of the workers, sorted, by the name of the stream. */
export const WorkAssignment = Schema.Struct({
  event_number: Schema.NonNegativeInt,
  assignments: Schema.Record({ key: Schema.String, value: Schema.Array(Schema.String) }),
  /**
   * Which start of a worker is meant, for those that have told it. What is meant for another start under the same name is
   * not theirs. Peers of the field do not know it.
   */
  incarnations: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.UUID }), { exact: true })
}).annotations({ identifier: "WorkAssignment" })
export type WorkAssignment = typeof WorkAssignment.Type

/** The identity of a scan: lower-case UUID, new with every trigger map. */
export const MappingId = Schema.UUID.pipe(Schema.brand("MappingId"))
export type MappingId = typeof MappingId.Type

/** The identity of one start of a service or of one value of a parameter: lower-case UUID. */
export const Incarnation = Schema.UUID.pipe(Schema.brand("Incarnation"))
export type Incarnation = typeof Incarnation.Type
