/**
 * What the controller tells all services, in the words of the wire (`dranspose:controller:updates`). Every update is read, in
 * its order: `active_streams` counts only in the first one that names a new mapping.
 */
import * as Schema from "effect/Schema"

export const ControllerUpdate = Schema.Struct({
  mapping_uuid: Schema.UUID,
  /** The version of each parameter's value. */
  parameters_version: Schema.Record({ key: Schema.String, value: Schema.UUID }),
  target_parameters_hash: Schema.optionalWith(Schema.NullOr(Schema.String), { default: () => null }),
  active_streams: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] }),
  finished: Schema.optionalWith(Schema.Boolean, { default: () => false }),
  /** Assignments say which start of a worker they mean, for those that tell it. Peers of the field do not know it. */
  names_incarnations: Schema.optionalWith(Schema.Boolean, { exact: true }),
  /** How many events the scan has. Peers of the field do not know it. */
  total_events: Schema.optionalWith(Schema.Int, { exact: true }),
  /** What services have reported lately may be lost, and is to be told again. Peers of the field do not know it. */
  memory_lost: Schema.optionalWith(Schema.Boolean, { exact: true })
}).annotations({ identifier: "ControllerUpdate" })
export type ControllerUpdate = typeof ControllerUpdate.Type
