/** Why an uplink could not do what was asked of it. The reason steers the engine; the detail is for people. */
import * as Schema from "effect/Schema"

export class UplinkError extends Schema.TaggedError<UplinkError>()("UplinkError", {
  uplink: Schema.String,
  /**
   * - `Disconnected`: no connection, a broken one, or a refusal that may pass: another connection, with a back-off, for ever.
   * - `RetryAfter`: told to wait (`retryAfter`, in ms): the same, not before that.
   * - `Unsupported`, `Misconfigured`: not tried again before the config changes.
   */
  reason: Schema.Literal("Disconnected", "RetryAfter", "Unsupported", "Misconfigured"),
  detail: Schema.String,
  /** Milliseconds. */
  retryAfter: Schema.optional(Schema.Number)
}) {
  override get message() {
    return `${this.uplink}: ${this.detail}`
  }
}
