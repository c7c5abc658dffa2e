/** The config section `alarms`: from when on something is worth an alarm. */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { ByteCount, DurationText, section, setting } from "../site/Setting.js"

export class DiskAlarm extends Schema.Class<DiskAlarm>("outpost/health/DiskAlarm")({
  free_bytes: setting(ByteCount, 2 ** 30, "Less free space than this on the site's disk is an alarm; 0 never"),
  free_percent: setting(
    Schema.Number.pipe(Schema.between(0, 100, { message: () => "expected a number from 0 to 100" })),
    5,
    "So is less than this share of it; 0 never"
  )
}) {}

export class AlarmSettings extends Schema.Class<AlarmSettings>("outpost/health/AlarmSettings")({
  disk: section(DiskAlarm, () => new DiskAlarm({}), "Room on the disk"),
  clock_step: setting(
    DurationText,
    Duration.seconds(2),
    "A clock that is set by more than this is an alarm, for an hour"
  ),
  queue_age: setting(
    DurationText,
    Duration.hours(1),
    "A message that waits for longer than this to be sent is an alarm"
  ),
  silence: setting(
    Schema.Record({ key: Schema.NonEmptyString, value: DurationText }),
    {},
    "By type of event: no event for longer than this is an alarm, such as weather: 5m"
  )
}) {}
