/** Times as texts, in the browser's zone or in UTC, always on 24 hours. */

export type Zone = "local" | "utc"

/** `14:02:10` */
export const time = (at: number, zone: Zone): string => {
  const { hour, minute, second } = parts(at, zone)
  return `${hour}:${minute}:${second}`
}

/** `2026-01-02 14:02:10` */
export const dateTime = (at: number, zone: Zone): string => {
  const { day, month, year } = parts(at, zone)
  return `${year}-${month}-${day} ${time(at, zone)}`
}

/** The zone written out: `UTC`, `UTC+1`, `UTC-3:30`. */
export const zoneName = (at: number, zone: Zone): string => {
  const offset = zone === "utc" ? 0 : -new Date(at).getTimezoneOffset()
  if (offset === 0) return "UTC"
  const minutes = Math.abs(offset) % 60
  const hours = Math.floor(Math.abs(offset) / 60)
  return `UTC${offset < 0 ? "-" : "+"}${hours}${minutes === 0 ? "" : `:${String(minutes).padStart(2, "0")}`}`
}

/** With date, time and zone: what an age shows when it is pointed at. */
export const full = (at: number, zone: Zone): string => `${dateTime(at, zone)} ${zoneName(at, zone)}`

// ------------------------------------------------------------------------------------------------------------------

const formatOf = (zone: Zone) =>
  new Intl.DateTimeFormat("en-GB", {
    ...(zone === "utc" ? { timeZone: "UTC" } : {}),
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit"
  })

const formats: Readonly<Record<Zone, Intl.DateTimeFormat>> = { local: formatOf("local"), utc: formatOf("utc") }

const parts = (at: number, zone: Zone) => {
  const found = { year: "", month: "", day: "", hour: "", minute: "", second: "" }
  for (const { type, value } of formats[zone].formatToParts(at)) {
    if (type in found) Object.assign(found, { [type]: value })
  }
  return found
}
