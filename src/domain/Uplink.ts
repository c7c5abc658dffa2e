/** How an uplink is doing, as it is told over HTTP and on the command line. Times are seconds since the epoch. */
import * as Schema from "effect/Schema"

/**
 * - `connecting`: a connection is being made
 * - `connected`: messages go out
 * - `waiting`: until the next try; `last_error` says why
 * - `stopped`: it does not run: switched off, stopped by someone, or it can't work with its settings
 */
export const UplinkState = Schema.Literal("connecting", "connected", "waiting", "stopped")
export type UplinkState = typeof UplinkState.Type

export const UplinkStatus = Schema.Struct({
  name: Schema.String,
  /** The plug-in that carries its messages. */
  use: Schema.String,
  state: UplinkState,
  connected_since: Schema.NullOr(Schema.Number),
  /** When it is tried again, while it waits. */
  next_try_at: Schema.NullOr(Schema.Number),
  /** Given to the far side and not confirmed yet. */
  in_flight: Schema.NonNegativeInt,
  /** Not confirmed yet, those in flight among them. */
  waiting: Schema.NonNegativeInt,
  /** When the oldest of those that wait was made. */
  oldest_at: Schema.NullOr(Schema.Number),
  /** Set aside with a reason, until they are tried again. */
  set_aside: Schema.NonNegativeInt,
  /** Confirmed by the far side since the uplink was set up. */
  delivered: Schema.NonNegativeInt,
  last_delivered_at: Schema.NullOr(Schema.Number),
  /** Connections since the process began. */
  connections: Schema.NonNegativeInt,
  last_error: Schema.NullOr(Schema.Struct({ at: Schema.Number, message: Schema.String }))
}).annotations({ identifier: "UplinkStatus" })
export type UplinkStatus = typeof UplinkStatus.Type
