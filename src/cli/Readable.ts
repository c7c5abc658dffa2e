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

/** `3 events`, `1 event`. */
export const plural = (number: number, noun: string): string => `${count(number)} ${noun}${number === 1 ? "" : "s"}`

/** `2026-03-17 11:59:59+01:00`. */
export const moment = (instant: DateTime.DateTime.Input, zone: DateTime.TimeZone): string => {
  const zoned = DateTime.makeZoned(instant, { timeZone: zone })
  return zoned._tag === "None" ? String(instant) : format(zoned.value)
}

// ------------------------------------------------------------------------------------------------------------------

const format = (zoned: DateTime.Zoned): string => {
  const [date, time = ""] = DateTime.formatIsoOffset(zoned).split("T")
  return `${date} ${time.replace(/\.000(?=[+-])/, "").replace("+00:00", "Z")}`
}
