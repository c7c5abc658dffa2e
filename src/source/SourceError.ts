/** Why a source could not give what was asked of it. The reason steers the engine; the detail is for people. */
import * as Schema from "effect/Schema"

export class SourceError extends Schema.TaggedError<SourceError>()("SourceError", {
  source: Schema.String,
  /**
   * - `Disconnected`: no answer, a broken one, or a server's own failure: try again, with a back-off.
   * - `RetryAfter`: told to wait (`retryAfter`, in ms): wait, then try again; it does not use up the budget.
   * - `Malformed`: an answer that is not what was asked for: tried again within the budget, then counted.
   * - `Exhausted`: there is nothing more, ever.
   * - `Unsupported`, `Misconfigured`: not tried again.
   */
  reason: Schema.Literal("Disconnected", "RetryAfter", "Malformed", "Exhausted", "Unsupported", "Misconfigured"),
  detail: Schema.String,
  /** Milliseconds. */
  retryAfter: Schema.optional(Schema.Number),
  /** HTTP status, where there was one. */
  status: Schema.optional(Schema.Int)
}) {
  override get message() {
    return `${this.source}: ${this.detail}`
  }
}
