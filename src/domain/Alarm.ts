/** An alarm: a condition of the site that somebody should know of, from when it was seen until it is over. */
import * as Schema from "effect/Schema"

/** `error`: something is not being done that should be; `warning`: it will come to that, or data may be doubtful. */
export const Severity = Schema.Literal("warning", "error")
export type Severity = typeof Severity.Type

export class Alarm extends Schema.Class<Alarm>("outpost/Alarm")({
  /** What it is about, the same each time: `disk`, `clock`, `queue:office`, `actor:procedures/pump`. */
  key: Schema.String,
  severity: Severity,
  /** One line for people, as it was when last looked at. */
  summary: Schema.String,
  /** Unix milliseconds at which it was raised. */
  since: Schema.Number
}) {}

/** A condition that holds now. */
export type Condition = Omit<Alarm, "since">

/** What happened to an alarm. */
export interface AlarmChange {
  readonly _tag: "Raised" | "Cleared"
  readonly alarm: Alarm
}
