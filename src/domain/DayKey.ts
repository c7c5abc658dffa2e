/**
 * The day of a site file. A day runs from local noon to local noon and bears the date of its beginning, by the wall clock:
 * on the days the clocks change it spans 23 or 25 hours. Rule: the telemetry server of panoptes-utils.
 */
import * as DateTime from "effect/DateTime"

const pad = (n: number, width: number) => String(n).padStart(width, "0")

/** `YYYYMMDD` of the site day that contains the instant (Unix milliseconds) in the zone. */
export const of = (millis: number, zone: DateTime.TimeZone): string => {
  const local = DateTime.toParts(DateTime.unsafeMakeZoned(millis, { timeZone: zone }))
  if (local.hours >= 12) return `${pad(local.year, 4)}${pad(local.month, 2)}${pad(local.day, 2)}`
  const before = DateTime.toPartsUtc(DateTime.unsafeMake(Date.UTC(local.year, local.month - 1, local.day - 1)))
  return `${pad(before.year, 4)}${pad(before.month, 2)}${pad(before.day, 2)}`
}

/** The name of a site file. */
export const fileName = (key: string): string => `site_${key}.ndjson`

/** The key in a site file's name, or undefined if it is not one. */
export const ofFileName = (name: string): string | undefined => /^site_(\d{8})\.ndjson$/.exec(name)?.[1]
