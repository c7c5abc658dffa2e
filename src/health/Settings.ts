/** The config section `alarms`: what the site itself raises an alarm about. */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { ByteCount, DurationText, optionalSetting, setting } from "../site/Setting.js"

export class AlarmSettings extends Schema.Class<AlarmSettings>("outpost/health/AlarmSettings")({
  disk_free: setting(ByteCount, 2 ** 30, "Alarm when the site's disk has less room than this"),
  clock_offset: setting(DurationText, Duration.seconds(2), "Alarm when the clock jumps by more than this"),
  event_silence: optionalSetting(DurationText, "Alarm when no event has come in for this long"),
  repeat: setting(DurationText, Duration.hours(1), "How often an alarm that stands is told again")
}) {}
