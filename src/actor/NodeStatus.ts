/**
 * What the supervision tree says about each of its nodes. Schemas only: the HTTP face, the typed client and the web app
 * share this file, so it must never reach for anything of Node.
 */
import * as Schema from "effect/Schema"

/**
 * Where a node stands.
 *
 * - `starting`: a life has begun and is not ready yet
 * - `ready`: at work
 * - `degraded`: at work, but silent for longer than its spec calls normal
 * - `backing-off`: between two lives; `until` says when the next begins
 * - `stopping`: interrupted, tearing down within its deadline
 * - `stopped`: at rest; nothing will start it but an order
 * - `quarantined`: crashed too often; waits for a person or a config change
 * - `failed`: at rest because of an error that a restart would not mend; `reason` says which
 */
export const NodeState = Schema.Literal(
  "starting",
  "ready",
  "degraded",
  "backing-off",
  "stopping",
  "stopped",
  "quarantined",
  "failed"
)
export type NodeState = typeof NodeState.Type

/**
 * Why a life ended or a node stands where it stands.
 *
 * - `returned`: it ended by itself, with success
 * - `failure`: a typed failure; `defect`: a bug; `interrupted`: interrupted by someone who is not its supervisor
 * - `timed-out`: not ready in time, or ended by a time-out of its own; `silence`: no progress for too long
 * - `misconfigured`: a failure that says itself that trying again is of no use
 * - `escalated`: a supervisor whose child crashed too often; `abandoned`: past its deadline and still not gone
 * - `requested`: ordered from outside; `sibling`: ended with another child, as the strategy says
 */
export const Reason = Schema.Literal(
  "returned",
  "failure",
  "defect",
  "interrupted",
  "timed-out",
  "silence",
  "misconfigured",
  "escalated",
  "abandoned",
  "requested",
  "sibling"
)
export type Reason = typeof Reason.Type

/** A supervisor owns children; a worker works. */
export const NodeKind = Schema.Literal("supervisor", "worker")
export type NodeKind = typeof NodeKind.Type

/** How full a mailbox is. */
export class MailboxGauge extends Schema.Class<MailboxGauge>("outpost/actor/MailboxGauge")({
  depth: Schema.NonNegativeInt,
  capacity: Schema.NonNegativeInt
}) {}

/** One node of the tree at one moment. */
export class NodeStatus extends Schema.Class<NodeStatus>("outpost/actor/NodeStatus")({
  id: Schema.String,
  /** Ids from below the root, joined with `/`. The root's own path is empty. */
  path: Schema.String,
  kind: NodeKind,
  status: NodeState,
  /** With `backing-off`: when the next life begins. */
  until: Schema.optional(Schema.DateTimeUtc),
  reason: Schema.optional(Reason),
  /** Lives begun because one had crashed, its own or a sibling's. Ordered ones do not count. */
  restarts: Schema.NonNegativeInt,
  /** What ended the last life that did not end as it should: pretty, redacted, cut to a readable length. */
  lastCause: Schema.optional(Schema.String),
  /** When it came to `status`. */
  since: Schema.DateTimeUtc,
  lastProgress: Schema.optional(Schema.DateTimeUtc),
  mailbox: Schema.optional(MailboxGauge)
}) {}

/** The whole tree: parents before children, children in start order. `version` rises with every change. */
export class TreeStatus extends Schema.Class<TreeStatus>("outpost/actor/TreeStatus")({
  version: Schema.NonNegativeInt,
  nodes: Schema.Array(NodeStatus)
}) {}
