/** A value that a parameter can't have; the one before stays in force. */
import * as Schema from "effect/Schema"

export class ParameterRefused extends Schema.TaggedError<ParameterRefused>()("ParameterRefused", {
  name: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.name}: ${this.reason}`
  }
}
