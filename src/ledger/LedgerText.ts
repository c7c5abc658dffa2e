/**
 * How numbers and times stand in a ledger: seconds with three decimals, MiB and percent with four, rounded as Python's `%`
 * does; instants with six decimals, always; the edges of windows without decimals where they are whole seconds.
 */

/** `%.3f` */
export const seconds = (value: number): string => fixed(value, 3)

/** Bytes as MiB, `%.4f`. */
export const mebibytes = (bytes: number): string => fixed(bytes / 1_048_576, 4)

/** How much of what was expected came, in percent, `%.4f`; "" where nothing was expected. */
export const percent = (part: number, whole: number): string => (whole > 0 ? fixed((100 * part) / whole, 4) : "")

/** `2026-01-01T00:00:00.123000+00:00` of Unix milliseconds. */
export const instant = (millis: number): string => `${iso(millis).slice(0, -1)}000+00:00`

/** `2026-01-01T00:00:00+00:00` of Unix milliseconds; with decimals where there are any. */
export const edge = (millis: number): string =>
  millis % 1000 === 0 ? `${iso(millis).slice(0, -5)}+00:00` : instant(millis)

/** `2026-01-01`: the UTC date of Unix milliseconds. */
export const date = (millis: number): string => iso(millis).slice(0, 10)

/** Unix milliseconds of an instant or an edge; undefined for text that is neither. Microseconds are cut off. */
export const millisOf = (text: string): number | undefined => {
  const [, day = "", clock = "", fraction = "", sign = "+", hours = "0", minutes = "0"] = form.exec(text) ?? []
  const local = Date.parse(`${day}T${clock}Z`)
  if (day === "" || Number.isNaN(local) || !iso(local).startsWith(day)) return undefined
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000
  return local + Number(fraction.slice(1, 4).padEnd(3, "0")) - (sign === "-" ? -offset : offset)
}

/** Whether a text is a date of the calendar, years 0001 to 9999, written `YYYY-MM-DD` and no other way. */
export const isDate = (text: string): boolean => {
  const [, year = "", month = "", day = ""] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? []
  if (year === "" || year === "0000" || month < "01" || month > "12" || day < "01") return false
  return Number(day) <= daysOf(Number(year), Number(month))
}

export const daysOf = (year: number, month: number): number =>
  month === 2 ? (isLeap(year) ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31

// ------------------------------------------------------------------------------------------------------------------

const form = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d{1,9})?(?:Z|([+-])(\d{2}):(\d{2}))$/

const iso = (millis: number): string => new Date(millis).toISOString()

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

/** `toFixed` rounds a tie up, Python to the even digit. Only sums of powers of two are ties. */
const fixed = (value: number, digits: number): string => {
  const halves = value * 2 * 10 ** digits
  const tie = Number.isInteger(value * 2 ** (digits + 1)) && Math.abs(halves % 2) === 1
  return (tie && Math.floor(halves / 2) % 2 === 0 ? Math.floor(halves / 2) / 10 ** digits : value).toFixed(digits)
}
