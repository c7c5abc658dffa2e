/** The config section `routes`: a record from a name to a rule by which events and log lines become messages. */
import * as Schema from "effect/Schema"
import { Priority } from "../domain/Message.js"
import { Count, DurationText, optionalSetting, setting } from "../site/Setting.js"
import { UplinkKey } from "./Settings.js"

export const LogLevel = Schema.Literal("debug", "info", "warning", "error")
export type LogLevel = typeof LogLevel.Type

/** What is left of the values of a period. */
export const Keep = Schema.Literal("last", "mean", "min", "max")
export type Keep = typeof Keep.Type

export class RouteSettings extends Schema.Class<RouteSettings>("outpost/uplink/RouteSettings")({
  enabled: setting(Schema.Boolean, true, "false keeps the rule but does not follow it"),
  from: Schema.Literal("events", "logs").annotations({ description: "What is sent: events, or lines of the log" }),
  type: setting(Schema.NonEmptyString, "*", "Of events: those whose type is so; * stands for any text"),
  level: setting(LogLevel, "warning", "Of log lines: those of this level and above"),
  fields: setting(
    Schema.Array(Schema.NonEmptyString),
    [],
    "Of an event's values: these; default all, nested ones as a.b"
  ),
  prefix: setting(Schema.String, "", "Put before the name of each value"),
  every: optionalSetting(
    DurationText.pipe(Schema.greaterThanOrEqualToDuration("100 millis", { message: () => "expected at least 100ms" })),
    "One message for so long instead of one for each event"
  ),
  keep: setting(Keep, "last", "What that message says of the numbers of its time; of texts always the last"),
  max_per_minute: setting(Count, 600, "Messages a minute at most; what is beyond is dropped, counted and told"),
  priority: setting(Priority, "normal", "Which messages go first: urgent, normal, bulk"),
  expires_after: optionalSetting(DurationText, "Not sent any more when it is older than this")
}) {}

export const Routes = Schema.Record({ key: UplinkKey, value: RouteSettings })
export type Routes = typeof Routes.Type
