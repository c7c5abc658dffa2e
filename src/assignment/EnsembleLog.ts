/** What the services of an ensemble log, for all to read: the newest 1,000 lines or so. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { EnsembleUnreachable } from "./EnsembleError.js"

/** The levels by name, from the least to the gravest. */
export const EnsembleLogLevel = Schema.Literal("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL").annotations({
  identifier: "EnsembleLogLevel"
})
export type EnsembleLogLevel = typeof EnsembleLogLevel.Type

/** A line in the words of the wire (`dranspose_logs`): all of it text. */
export const EnsembleLogLine = Schema.Struct({
  msg: Schema.String,
  lineno: Schema.String,
  /** Of the logger, such as `dranspose.distributed+eiger-ingester`. */
  name: Schema.String,
  /** Seconds since 1970. */
  created: Schema.String,
  /** One of the levels; another name counts as `INFO`. */
  levelname: Schema.String
}).annotations({ identifier: "EnsembleLogLine" })
export type EnsembleLogLine = typeof EnsembleLogLine.Type

export class EnsembleLog extends Context.Tag("outpost/EnsembleLog")<
  EnsembleLog,
  {
    /** Appends, and forgets what is older than some 1,000 lines. */
    readonly append: (line: EnsembleLogLine) => Effect.Effect<void, EnsembleUnreachable>
    /** What is kept at or above a level, oldest first. */
    readonly recent: (level: EnsembleLogLevel) => Effect.Effect<ReadonlyArray<EnsembleLogLine>, EnsembleUnreachable>
    /** Every line from now on, in order. Waits out a lost link and goes on behind the last line it has seen. Never ends. */
    readonly follow: Stream.Stream<EnsembleLogLine>
  }
>() {}

/** How many lines are kept, about. */
export const keptLines = 1_000

/** Whether a line is at or above a level. */
export const isAtLeast =
  (level: EnsembleLogLevel) =>
  (line: EnsembleLogLine): boolean =>
    gravity(line.levelname) >= gravity(level)

// -----------------------------------------------------------------------------

const levels: ReadonlyArray<string> = EnsembleLogLevel.literals

const gravity = (name: string): number => {
  const found = levels.indexOf(name)
  return found < 0 ? levels.indexOf("INFO") : found
}
