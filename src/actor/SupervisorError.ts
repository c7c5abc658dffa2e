/**
 * The typed failures of supervision, split by who sees them: the starter (`StartFailed`, `DuplicateChild`), whoever
 * names a node (`NodeNotFound`), and the parent (`RestartIntensityExceeded`). Plain data, safe for the browser.
 */
import * as Schema from "effect/Schema"
import { Reason } from "./NodeStatus.js"

/** For the starter: the life it asked for ended, or was ended, before it was ready. */
export class StartFailed extends Schema.TaggedError<StartFailed>()("StartFailed", {
  path: Schema.String,
  reason: Reason,
  /** Pretty and redacted; absent where `reason` says it all. */
  cause: Schema.optional(Schema.String)
}) {
  override get message(): string {
    return `${this.path} did not start (${this.reason})${this.cause === undefined ? "" : `: ${this.cause}`}`
  }
}

/** For the starter: the supervisor has a child of that id. */
export class DuplicateChild extends Schema.TaggedError<DuplicateChild>()("DuplicateChild", { path: Schema.String }) {
  override get message(): string {
    return `${this.path} exists already`
  }
}

/** The tree has no node of that path that takes orders. */
export class NodeNotFound extends Schema.TaggedError<NodeNotFound>()("NodeNotFound", { path: Schema.String }) {
  override get message(): string {
    return `there is no node ${this.path}`
  }
}

/** For the parent: one child crashed too often, so this supervisor gives up and ends with all its children. */
export class RestartIntensityExceeded extends Schema.TaggedError<RestartIntensityExceeded>()(
  "RestartIntensityExceeded",
  {
    /** The supervisor that gave up; empty for the root. */
    path: Schema.String,
    /** The child that crashed too often. */
    child: Schema.String,
    cause: Schema.optional(Schema.String)
  }
) {
  override get message(): string {
    return `${this.child} crashed too often${this.cause === undefined ? "" : `: ${this.cause}`}`
  }
}
