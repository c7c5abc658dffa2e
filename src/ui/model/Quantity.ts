/** Numbers as people read them: with a unit, and no more digits than they bear. */

const binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const

/** Bytes in binary units with three digits: `512 B`, `1.50 KiB`, `412 GiB`. */
export const bytes = (value: number): string => {
  let size = Math.abs(value)
  let unit = 0
  while (size >= 1023.5 && unit < binary.length - 1) {
    size /= 1024
    unit++
  }
  return `${value < 0 ? "-" : ""}${unit === 0 ? Math.round(size) : threeDigits(size)} ${binary[unit] ?? ""}`
}

/** A whole number with its thousands apart: `1 284 553` would break in tables, so `1,284,553`. */
export const count = (value: number): string => Math.round(value).toLocaleString("en-US")

/** So many per second. */
export const rate = (perSecond: number): string =>
  perSecond === 0 ? "0"
  : perSecond < 0.01 ? "<0.01"
  : perSecond < 10 ? perSecond.toFixed(perSecond < 1 ? 2 : 1)
  : count(perSecond)

/** A length of time in its two largest units: `0.4 s`, `12 s`, `5 min 10 s`, `3 h 12 min`, `8 d 4 h`. */
export const duration = (millis: number): string => {
  const ms = Math.max(0, millis)
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return pair(seconds, 60, "min", 1, "s")
  if (seconds < 86_400) return pair(seconds, 3_600, "h", 60, "min")
  if (seconds < 730 * 86_400) return pair(seconds, 86_400, "d", 3_600, "h")
  return `${Math.round(seconds / (365.25 * 86_400))} years`
}

/** How long ago, in one unit, so that a column of ages is quiet: `now`, `12 s`, `5 min`, `3 h`, `8 d`. */
export const age = (millis: number): string => {
  const seconds = Math.floor(Math.max(0, millis) / 1000)
  if (seconds < 1) return "now"
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

export type Unit = "bytes" | "percent" | "seconds" | "milliseconds" | "celsius" | "hertz" | "volts" | "none"

/** The unit a field's name tells, by the endings in common use. */
export const unitOf = (path: string): Unit => {
  const name = path.slice(path.lastIndexOf(".") + 1).toLowerCase()
  for (const [unit, ending] of endings) if (ending.test(name)) return unit
  return "none"
}

/** A measured value: four digits, binary units for bytes. */
export const measured = (value: number, unit: Unit = "none"): string =>
  unit === "bytes" ? bytes(value) : `${fourDigits(value)}${suffix[unit]}`

/** The same for an axis: no digits that its steps do not need. */
export const onAxis = (value: number, unit: Unit, step: number): string =>
  unit === "bytes" ? bytes(value)
  : Math.abs(value) >= 1e6 ? fourDigits(value)
  : `${value.toFixed(Math.max(0, Math.min(6, Math.ceil(-Math.log10(step) - 1e-9))))}${suffix[unit]}`

// ------------------------------------------------------------------------------------------------------------------

const suffix: Readonly<Record<Unit, string>> = {
  bytes: "",
  percent: " %",
  seconds: " s",
  milliseconds: " ms",
  celsius: " °C",
  hertz: " Hz",
  volts: " V",
  none: ""
}

const endings: ReadonlyArray<readonly [Unit, RegExp]> = [
  ["bytes", /(^|_)(bytes|rss)$/],
  ["percent", /(^|_)(percent|pct)$/],
  ["milliseconds", /(^|_)(ms|millis|milliseconds)$/],
  ["seconds", /(^|_)(s|sec|secs|seconds)$/],
  ["celsius", /(^|_)(celsius|degc|temp_c)$/],
  ["hertz", /(^|_)(hz|hertz)$/],
  ["volts", /(^|_)(volts?|voltage)$/]
]

const threeDigits = (value: number): string => value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)

const fourDigits = (value: number): string => {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value)
  const size = Math.abs(value)
  if (size >= 1e6 || size < 1e-3) return value === 0 ? "0" : value.toExponential(2).replace("e+", "e")
  return value.toFixed(size < 1 ? 3 : size < 10 ? 3 : size < 100 ? 2 : size < 1000 ? 1 : 0)
}

const pair = (value: number, large: number, largeName: string, small: number, smallName: string): string => {
  const whole = Math.floor(value / large)
  const rest = Math.floor((value - whole * large) / small)
  return rest === 0 ? `${whole} ${largeName}` : `${whole} ${largeName} ${rest} ${smallName}`
}
