/** The state that the procedures of a site share: a document of named parts, and what became of them. */
import * as Schema from "effect/Schema"

/** A part's name: one word of letters, digits, `.`, `_` and `-`. */
export const PartName = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/, {
    message: () => "expected a name of letters, digits, '.', '_' and '-'"
  })
)

/** All parts as they stand. */
export const StateSnapshot = Schema.Struct({
  /** The number of the last change; 0 before the first. */
  revision: Schema.Int,
  parts: Schema.Record({ key: Schema.String, value: Schema.Unknown })
}).annotations({ identifier: "StateSnapshot" })
export type StateSnapshot = typeof StateSnapshot.Type

/** One change of one part. */
export const StateChange = Schema.Struct({
  revision: Schema.Int,
  part: Schema.String,
  /** What it was changed to; null also where it was removed. */
  value: Schema.Unknown,
  /** Milliseconds since the epoch. */
  at: Schema.Number,
  /** Who changed it: a procedure's name. */
  by: Schema.String
}).annotations({ identifier: "StateChange" })
export type StateChange = typeof StateChange.Type

/** A change that is not made: the part is not declared, or the value does not fit. Nothing has changed. */
export class StateRefused extends Schema.TaggedError<StateRefused>()("StateRefused", {
  part: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `state.${this.part}: ${this.reason}`
  }
}
