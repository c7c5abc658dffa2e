/**
 * Why an input was refused, in the shape the telemetry clients know: a list of problems, each with the place, a message
 * and the offending value. Nothing that is refused leaves a trace.
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

/** One problem: `loc` leads to the field; `input` is the offending value, cut where it is long. */
export const Problem = Schema.Struct({
  type: Schema.String,
  loc: Schema.Array(Schema.Union(Schema.String, Schema.Number)),
  msg: Schema.String,
  input: Schema.Unknown,
  ctx: Schema.optional(Schema.Struct({ error: Schema.String }))
}).annotations({ identifier: "Problem" })
export type Problem = typeof Problem.Type

/** The body is JSON but not what is asked for, or not JSON. */
export class InvalidInput extends Schema.TaggedError<InvalidInput>()("InvalidInput", {
  problems: Schema.Array(Problem)
}) {
  override get message() {
    return this.problems
      .map((p) => `${p.loc.join(".")}: ${p.msg}${p.ctx === undefined ? "" : ` (${p.ctx.error})`}`)
      .join("; ")
  }
}

/** The bytes are not UTF-8. */
export class UnreadableBody extends Schema.TaggedError<UnreadableBody>()("UnreadableBody", {}) {
  override get message() {
    return "There was an error parsing the body"
  }
}

/** The body is larger than the stated limit, in bytes. */
export class TooLarge extends Schema.TaggedError<TooLarge>()("TooLarge", {
  what: Schema.Literal("event", "batch", "body"),
  limit: Schema.Int
}) {
  override get message() {
    return `${this.what} exceeds the limit of ${this.limit} bytes`
  }
}

/** The disk does not take what it is given: nothing was acknowledged. Appends resume by themselves when it does. */
export class StorageFailed extends Schema.TaggedError<StorageFailed>()("StorageFailed", {
  operation: Schema.String,
  path: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.operation} ${this.path}: ${this.reason}`
  }
}

/** What was thrown, in words. An error of the SQL client only names the step: what the database said is its cause. */
export const reasonOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  return Predicate.isTagged(cause, "SqlError") && cause.cause instanceof Error ? cause.cause.message : cause.message
}

/** Whatever went wrong with a path, for `catch` and `mapError`. */
export const asStorageFailed =
  (operation: string, path: string) =>
  (cause: unknown): StorageFailed =>
    new StorageFailed({ operation, path, reason: reasonOf(cause) })

/** More work is waiting than the stated bound: try again after so many seconds. */
export class Overloaded extends Schema.TaggedError<Overloaded>()("Overloaded", {
  what: Schema.String,
  retryAfter: Schema.Number
}) {
  override get message() {
    return `${this.what} is full, try again in ${this.retryAfter} s`
  }
}
