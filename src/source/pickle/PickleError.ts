/** Why bytes could not be read as a pickle: where, at which instruction, and what it asked for. */
import * as Schema from "effect/Schema"

export class PickleError extends Schema.TaggedError<PickleError>()("PickleError", {
  /**
   * - `Truncated`: the bytes end before the pickle does.
   * - `Malformed`: no Python writes this.
   * - `Forbidden`: asks for a class, a function or a feature that is not on the list of what is read.
   * - `TooLarge`: beyond a limit.
   */
  reason: Schema.Literal("Truncated", "Malformed", "Forbidden", "TooLarge"),
  detail: Schema.String,
  /** Of the instruction's first byte; the length of the pickle where its value as a whole is refused. */
  offset: Schema.Int,
  /** Python's name of the instruction, or `0x..` for a byte that is none. */
  opcode: Schema.optional(Schema.String),
  /** What was asked for, as `module.name`. */
  global: Schema.optional(Schema.String)
}) {
  override get message() {
    return `pickle, offset ${this.offset}${this.opcode === undefined ? "" : ` (${this.opcode})`}: ${this.detail}`
  }
}

/** A value that can't be written as a pickle of plain data. */
export class PickleWriteError extends Schema.TaggedError<PickleWriteError>()("PickleWriteError", {
  /** Where in the value: `$.results[3]`. */
  path: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `${this.path}: ${this.detail}`
  }
}
