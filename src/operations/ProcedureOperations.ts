/** The verbs of procedures: which there are and how they do, and orders to one of them; and the state they share. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { NodeState, Reason } from "../actor/NodeStatus.js"
import type { StorageFailed } from "../domain/Refusal.js"
import type { StateChange, StateSnapshot } from "../domain/State.js"
import type { Remote } from "./Unreachable.js"

/** No enabled entry of the config has this name. */
export class ProcedureNotFound extends Schema.TaggedError<ProcedureNotFound>()("ProcedureNotFound", {
  name: Schema.String
}) {
  override get message() {
    return `there is no procedure '${this.name}'`
  }
}

/** The procedure did not come to the asked state. */
export class ProcedureFailed extends Schema.TaggedError<ProcedureFailed>()("ProcedureFailed", {
  name: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.name}: ${this.reason}`
  }
}

/** A procedure and its runs. Times are milliseconds since the epoch. */
export class ProcedureStatus extends Schema.Class<ProcedureStatus>("outpost/ProcedureStatus")({
  name: Schema.String,
  kind: Schema.Literal("built-in", "module", "command"),
  /** The built-in's name, the module's path or the command line. */
  runs_what: Schema.String,
  /** `every 1m`, a cron expression, or `endless`. */
  trigger: Schema.String,
  status: NodeState,
  reason: Schema.NullOr(Reason),
  since: Schema.Number,
  /** With `backing-off`: when it begins again. */
  until: Schema.NullOr(Schema.Number),
  restarts: Schema.Int,
  running: Schema.Boolean,
  /** Runs begun since the site has started. */
  runs: Schema.Int,
  last_start: Schema.NullOr(Schema.Number),
  last_end: Schema.NullOr(Schema.Number),
  last_success: Schema.NullOr(Schema.Number),
  next_run: Schema.NullOr(Schema.Number),
  /** Starts that came due while a run was under way. */
  overruns: Schema.Int,
  /** How its last process ended: with a code, or by a signal. */
  exit: Schema.NullOr(Schema.Struct({ code: Schema.NullOr(Schema.Int), signal: Schema.NullOr(Schema.String) })),
  last_error: Schema.NullOr(Schema.String),
  /** What it last said of its progress. */
  progress: Schema.Unknown,
  /** Lines of its log that were too many. */
  dropped_lines: Schema.Int,
  /** Lines that were wrong by the protocol. */
  refused_lines: Schema.Int
}) {}

export interface StateHistory {
  readonly part?: string | undefined
  /** Older than this revision. */
  readonly before?: number | undefined
  readonly limit?: number | undefined
}

export class ProcedureOperations extends Context.Tag("outpost/operations/ProcedureOperations")<
  ProcedureOperations,
  {
    /** The enabled entries, in the order of the config. */
    readonly list: Effect.Effect<ReadonlyArray<ProcedureStatus>, Remote>
    readonly get: (name: string) => Effect.Effect<ProcedureStatus, ProcedureNotFound | Remote>
    /** Returns once it is down; it stays down until it is started or its entry changes. */
    readonly stop: (name: string) => Effect.Effect<void, ProcedureNotFound | ProcedureFailed | Remote>
    /** Returns once it is ready. Forgets earlier crashes, lifts a quarantine. */
    readonly start: (name: string) => Effect.Effect<void, ProcedureNotFound | ProcedureFailed | Remote>
    readonly restart: (name: string) => Effect.Effect<void, ProcedureNotFound | ProcedureFailed | Remote>
    /** The state that procedures share, as it stands. */
    readonly state: Effect.Effect<StateSnapshot, Remote>
    /** What became of it, newest first. */
    readonly stateHistory: (query: StateHistory) => Effect.Effect<ReadonlyArray<StateChange>, StorageFailed | Remote>
  }
>() {}
