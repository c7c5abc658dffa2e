/**
 * What a command may fail with: any typed error that has a sentence for people. `ExitCode` and `Advice` go by its `_tag`.
 */
import * as Schema from "effect/Schema"

export interface Failure {
  readonly _tag: string
  readonly message: string
}

/** The command line can't be understood, or asks for what can't be. Nothing was attempted. */
export class UsageProblem extends Schema.TaggedError<UsageProblem>()("UsageProblem", {
  message: Schema.String,
  /** What to do next, where that is more than reading the help. */
  hint: Schema.optional(Schema.String)
}) {}

/** The command was carried out and did not come to the asked end. */
export class CommandFailed extends Schema.TaggedError<CommandFailed>()("CommandFailed", {
  message: Schema.String,
  hint: Schema.optional(Schema.String)
}) {}

/** A thing the command line names does not exist. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", {
  message: Schema.String,
  hint: Schema.optional(Schema.String)
}) {}

/** What should be made is there already, and stays as it is. */
export class AlreadyThere extends Schema.TaggedError<AlreadyThere>()("AlreadyThere", { path: Schema.String }) {
  override get message() {
    return `${this.path} is there already`
  }
}

/** The reader of our output has gone away (`| head`): no reason to complain. */
export class BrokenPipe extends Schema.TaggedError<BrokenPipe>()("BrokenPipe", {}) {
  override get message() {
    return "the reader of the output has gone away"
  }
}
