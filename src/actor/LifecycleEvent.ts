/**
 * What happens to the nodes of the supervision tree, as events. Schemas only, safe for the browser.
 */
import * as Schema from "effect/Schema"
import { Reason } from "./NodeStatus.js"

/**
 * - `started`: a first or an ordered life began; `restarted`: a life began after a crash or with a sibling
 * - `ready`, `degraded` (silent), `recovered` (no longer silent)
 * - `crashed`: a life ended that should not have; `stopped`: a node came to rest as it should
 * - `failed`: a node came to rest because of an error; `quarantined`, `abandoned`, `escalated`: as in `NodeStatus`
 */
export const LifecycleType = Schema.Literal(
  "started",
  "restarted",
  "ready",
  "degraded",
  "recovered",
  "crashed",
  "stopped",
  "failed",
  "quarantined",
  "abandoned",
  "escalated"
)
export type LifecycleType = typeof LifecycleType.Type

/** One event in the life of one node. */
export class LifecycleEvent extends Schema.Class<LifecycleEvent>("outpost/actor/LifecycleEvent")({
  type: LifecycleType,
  path: Schema.String,
  at: Schema.DateTimeUtc,
  reason: Schema.optional(Reason),
  /** Pretty and redacted, as in `NodeStatus.lastCause`. */
  cause: Schema.optional(Schema.String),
  restarts: Schema.NonNegativeInt
}) {}
