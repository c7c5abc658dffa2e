/**
 * A moment as people write it, in a config, on the command line and to the collector: ISO 8601, `YYYY-MM-DD`,
 * `2020-01-01 00:00:00`, Unix seconds, `now`, `yesterday`, or a time before now such as `10m`, `30d` or `2h ago`. What is
 * written without a zone is meant in the zone that is given with it.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { DurationText } from "./Setting.js"

export const spellings = "ISO 8601, YYYY-MM-DD, 10m, '2h ago', yesterday, or Unix seconds"

/** Unix milliseconds of a text, or none where it is no moment. */
export const parse = (text: string, now: number, zone: DateTime.TimeZone): Option.Option<number> => {
  const wanted = text.trim()
  if (/^\d+(\.\d+)?$/.test(wanted)) return Option.some(Math.round(Number(wanted) * 1000))
  return Option.firstSomeOf([day(wanted, now, zone), relative(wanted, now), absolute(wanted, zone)])
}

// ------------------------------------------------------------------------------------------------------------------

const days: ReadonlyMap<string, number> = new Map([
  ["today", 0],
  ["yesterday", -1],
  ["tomorrow", 1]
])

const day = (text: string, now: number, zone: DateTime.TimeZone): Option.Option<number> => {
  if (text.toLowerCase() === "now") return Option.some(now)
  const offset = days.get(text.toLowerCase())
  if (offset === undefined) return Option.none()
  const today = DateTime.startOf(DateTime.unsafeMakeZoned(now, { timeZone: zone }), "day")
  return Option.some(DateTime.toEpochMillis(DateTime.add(today, { days: offset })))
}

const relative = (text: string, now: number): Option.Option<number> =>
  Schema.decodeOption(DurationText)(
    text
      .toLowerCase()
      .replace(/\s+ago$/, "")
      .replace(/^-/, "")
  ).pipe(Option.map((ago) => now - Duration.toMillis(ago)))

const shape = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i

const absolute = (text: string, zone: DateTime.TimeZone): Option.Option<number> => {
  const [, date, time = "00:00", offset] = shape.exec(text) ?? []
  if (date === undefined) return Option.none()
  const clock = time.replace(",", ".")
  const utc = DateTime.make(`${date}T${clock}Z`).pipe(
    // A calendar takes 31 February for 3 March: such a day is no moment.
    Option.filter((moment) => DateTime.formatIsoDateUtc(moment) === date)
  )
  return Option.flatMap(utc, (moment) =>
    offset === undefined
      ? Option.map(DateTime.makeZoned(moment, { timeZone: zone, adjustForTimeZone: true }), DateTime.toEpochMillis)
      : Option.some(DateTime.toEpochMillis(moment) - offsetMillis(offset))
  )
}

const offsetMillis = (offset: string): number => {
  if (/^z$/i.test(offset)) return 0
  const digits = offset.slice(1).replace(":", "").padEnd(4, "0")
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))
  return (offset.startsWith("-") ? -1 : 1) * minutes * 60_000
}
