/**
 * How people write the ends of a range: `2020-01-01`, `2020-01-01 00:00:00` (in a zone), `2020-01-01T00:00:00Z`, `now`, or a
 * time before now such as `30d` or `12 hours`.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { DurationText } from "../site/Setting.js"

const local = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2}))?)?$/
const absolute = /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/

const decodeDuration = Schema.decodeUnknownOption(DurationText)

/** Milliseconds since the epoch; none for text that is no time. */
export const parse = (text: string, zone: DateTime.TimeZone, now: number): Option.Option<number> => {
  const trimmed = text.trim()
  if (trimmed === "now") return Option.some(now)
  if (absolute.test(trimmed)) {
    return Option.map(DateTime.make(trimmed.replace(" ", "T")), DateTime.toEpochMillis)
  }
  const parts = local.exec(trimmed)
  if (parts !== null) return wallClock(parts, zone)
  return Option.map(decodeDuration(trimmed), (ago) => now - Duration.toMillis(ago))
}

const wallClock = (parts: RegExpExecArray, zone: DateTime.TimeZone): Option.Option<number> => {
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((n) => Number(n ?? 0))
  const wanted = { year, month, day, hours, minutes, seconds }
  return DateTime.make(wanted).pipe(
    // The 31st of February would be a day in March.
    Option.filter((date) => DateTime.getPartUtc(date, "month") === month && DateTime.getPartUtc(date, "day") === day),
    Option.filter(() => hours < 24 && minutes < 60 && seconds < 60),
    Option.flatMap((date) =>
      DateTime.makeZoned(date, { timeZone: zone, adjustForTimeZone: true, disambiguation: "compatible" })
    ),
    Option.map(DateTime.toEpochMillis)
  )
}

/** The zone of a config's name: `local`, `utc` in any case, or an IANA name. */
export const zoneOf = (name: string): DateTime.TimeZone =>
  name.toLowerCase() === "local"
    ? DateTime.zoneMakeLocal()
    : name.toLowerCase() === "utc"
      ? DateTime.zoneUnsafeMakeNamed("UTC")
      : DateTime.zoneUnsafeMakeNamed(name)
