/** The config section `uplinks`: a record from a name to a far side that messages are carried to. */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { ByteCount, DurationText, optionalSetting, setting } from "../site/Setting.js"

/** An uplink's name: letters, digits, `.`, `_` and `-`. */
export const UplinkKey = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/, {
    message: () => "expected a name of letters, digits, '.', '_' and '-'"
  })
)

export class UplinkSettings extends Schema.Class<UplinkSettings>("outpost/uplink/Settings")({
  enabled: setting(Schema.Boolean, true, "false keeps the entry, and messages for it, but does not connect"),
  use: Schema.NonEmptyTrimmedString.annotations({
    description: "What carries the messages: thingsboard, tenta, webhook or file"
  }),
  settings: setting(
    Schema.Record({ key: Schema.String, value: Schema.Unknown }),
    {},
    "Where to and how, checked by what carries the messages"
  ),
  max_parallel_messages: setting(
    Schema.Int.pipe(Schema.between(1, 10_000, { message: () => "expected a whole number from 1 to 10000" })),
    50,
    "Messages that may be under way without being confirmed"
  ),
  max_drain_time: setting(
    DurationText.pipe(Schema.lessThanOrEqualToDuration("2 hours", { message: () => "expected at most 2h" })),
    Duration.minutes(1),
    "How long a stop waits for what is left to be confirmed; what remains then goes out after the next start"
  ),
  ordered: setting(Schema.Boolean, false, "Messages arrive in order: nothing overtakes one that has to be sent again"),
  bandwidth: optionalSetting(
    ByteCount.pipe(Schema.positive({ message: () => "expected at least 1 byte" })),
    "Bytes of messages per second at most"
  ),
  connect_timeout: setting(
    DurationText.pipe(Schema.greaterThanOrEqualToDuration("1 second", { message: () => "expected at least 1s" })),
    Duration.seconds(30),
    "How long a connection may take to stand"
  )
}) {}

export const Uplinks = Schema.Record({ key: UplinkKey, value: UplinkSettings })
export type Uplinks = typeof Uplinks.Type
