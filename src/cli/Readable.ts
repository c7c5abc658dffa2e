/** Figures for people: sizes, spans, moments with their zone. */
import * as DateTime from "effect/DateTime"

/** `1.5 GiB`. */
export const bytes = (count: number): string => {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"]
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10))
  const amount = count / 1024 ** power
  return `${power === 0 ? amount : amount.toFixed(amount < 10 ? 1 : 0)} ${units[power] ?? "B"}`
}

/** `3 d 4 h`, `12 min`, `8.2 s`: the two greatest units. */
export const span = (millis: number): string => {
  if (millis < 1000) return `${Math.round(millis)} ms`
  if (millis < 60_000) return `${(millis / 1000).toFixed(1)} s`
  const minutes = Math.floor(millis / 60_000)
  const parts = [
    [Math.floor(minutes / 1440), "d"],
    [Math.floor((minutes % 1440) / 60), "h"],
    [minutes % 60, "min"]
  ] as const
  return parts
    .filter(([amount]) => amount > 0)
    .slice(0, 2)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(" ")
}

/** `1,234,567`. */
export const count = (number: number): string => String(number).replaceAll(/\B(?=(\d{3})+$)/g, ",")

/** Per second, with as many digits as mean something: `0.4`, `12`, `3,400`. */
export const rate = (perSecond: number): string =>
  perSecond < 10 && !Number.isInteger(perSecond) ? perSecond.toFixed(1) : count(Math.round(perSecond))

/** `99.7 %`; 100 and 0 only where it is all, or nothing. */
export const percent = (part: number, whole: number): string => {
  if (part >= whole) return "100 %"
  return part <= 0 ? "0 %" : `${Math.min(99.9, Math.max(0.1, (part / whole) * 100)).toFixed(1)} %`
}

/** `3 events`, `1 event`; with the plural where it has another ending. */
export const plural = (number: number, noun: string, nouns = `${noun}s`): string =>
  `${count(number)} ${number === 1 ? noun : nouns}`

/** `2026-03-17 11:59:59+01:00`. */
export const moment = (instant: DateTime.DateTime.Input, zone: DateTime.TimeZone): string => {
  const zoned = DateTime.makeZoned(instant, { timeZone: zone })
  return zoned._tag === "None" ? String(instant) : format(zoned.value)
}

/** `2026-03-17`; `2026-03-17 11:59` or `2026-03-17 11:59:59.5` where it is not midnight. The zone is not written out. */
export const wallClock = (millis: number, zone: DateTime.TimeZone): string => {
  const zoned = DateTime.unsafeMakeZoned(millis, { timeZone: zone })
  const [date = "", time = ""] = DateTime.formatIsoOffset(zoned).split("T")
  const clock = time
    .slice(0, 12)
    .replace(/\.?0*$/, "")
    .replace(/:00$/, "")
  return clock === "00:00" ? date : `${date} ${clock}`
}

/** The same in UTC. */
export const utc = (millis: number): string => wallClock(millis, zoneUtc)

// ------------------------------------------------------------------------------------------------------------------

const zoneUtc = DateTime.zoneMakeOffset(0)

const format = (zoned: DateTime.Zoned): string => {
  const [date, time = ""] = DateTime.formatIsoOffset(zoned).split("T")
  return `${date} ${time.replace(/\.000(?=[+-])/, "").replace("+00:00", "Z")}`
}
