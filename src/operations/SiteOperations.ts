/** The verbs of the site as a whole: how it is, its supervision tree, stopping it, its logs. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import { NodeStatus } from "../actor/NodeStatus.js"
import { Alarm } from "../domain/Alarm.js"
import { TelemetryStats } from "./TelemetryOperations.js"
import type { Remote } from "./Unreachable.js"

/** No node of the supervision tree has this path. */
export class NoSuchActor extends Schema.TaggedError<NoSuchActor>()("NoSuchActor", { path: Schema.String }) {
  override get message() {
    return `no actor at '${this.path}'`
  }
}

/** The node did not come to the asked state. */
export class ActorFailed extends Schema.TaggedError<ActorFailed>()("ActorFailed", {
  path: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.path}: ${this.reason}`
  }
}

/** This process can't be shut down from here. */
export class ShutdownUnavailable extends Schema.TaggedError<ShutdownUnavailable>()("ShutdownUnavailable", {}) {
  override get message() {
    return "Server shutdown not available"
  }
}

/** The site at a glance. Times are Unix milliseconds, sizes bytes. */
export class SiteStatus extends Schema.Class<SiteStatus>("outpost/SiteStatus")({
  version: Schema.String,
  site: Schema.String,
  siteName: Schema.String,
  host: Schema.String,
  pid: Schema.Int,
  startedAt: Schema.Number,
  now: Schema.Number,
  ready: Schema.Boolean,
  /** Why it is not ready, or what is degraded; empty when all is well. */
  reasons: Schema.Array(Schema.String),
  run: Schema.NullOr(Schema.String),
  telemetry: TelemetryStats,
  /** What somebody should know of, longest first. */
  alarms: Schema.Array(Alarm),
  disk: Schema.Struct({ free: Schema.Number, total: Schema.Number }),
  memory: Schema.Struct({ rss: Schema.Number }),
  config: Schema.Struct({ path: Schema.NullOr(Schema.String), error: Schema.NullOr(Schema.String) }),
  tree: Schema.Array(NodeStatus)
}) {}

/** A log line as it stands in the daily file. */
export const LogLine = Schema.Struct({
  ts: Schema.String,
  level: Schema.String,
  message: Schema.String
}).annotations({ identifier: "LogLine" })

export interface LogFilter {
  readonly tail?: number | undefined
  readonly level?: string | undefined
  readonly since?: number | undefined
  readonly grep?: string | undefined
}

export class SiteOperations extends Context.Tag("outpost/operations/SiteOperations")<
  SiteOperations,
  {
    readonly status: Effect.Effect<SiteStatus, Remote>
    /** Whether an event can be accepted now, and if not, why. */
    readonly ready: Effect.Effect<
      {
        readonly ready: boolean
        readonly runActive: boolean
        readonly version: string
        readonly reasons: ReadonlyArray<string>
      },
      Remote
    >
    /** The supervision tree, parents before children, as it is now. */
    readonly tree: Effect.Effect<ReadonlyArray<NodeStatus>, Remote>
    /** The tree each time it changes, coalesced; begins with the tree as it is. */
    readonly treeChanges: Stream.Stream<ReadonlyArray<NodeStatus>, Remote>
    readonly stopActor: (path: string) => Effect.Effect<void, NoSuchActor | ActorFailed | Remote>
    readonly startActor: (path: string) => Effect.Effect<void, NoSuchActor | ActorFailed | Remote>
    readonly restartActor: (path: string) => Effect.Effect<void, NoSuchActor | ActorFailed | Remote>
    /** Log lines (JSON text), oldest first. */
    readonly logs: (filter: LogFilter) => Effect.Effect<ReadonlyArray<string>, Remote>
    /** Log lines as they are written, after the last `tail` ones. */
    readonly followLogs: (filter: LogFilter) => Stream.Stream<string, Remote>
    /** Prometheus text exposition format 0.0.4. */
    readonly metrics: Effect.Effect<string, Remote>
    /** Asks the whole process to stop; returns at once. */
    readonly shutdown: Effect.Effect<void, ShutdownUnavailable | Remote>
  }
>() {}
