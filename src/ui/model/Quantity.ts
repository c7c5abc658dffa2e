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

/** So many of something: `1 window`, `1,296 windows`. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

/** So many per second. */
export const rate = (perSecond: number): string =>
  perSecond === 0
    ? "0"
    : perSecond < 0.01
      ? "<0.01"
      : perSecond < 10
        ? perSecond.toFixed(perSecond < 1 ? 2 : 1)
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

export type Unit =
  "bytes" | "bytes-per-second" | "percent" | "seconds" | "milliseconds" | "celsius" | "hertz" | "volts" | "none"

/** The unit of a field: known for the site's own events, else what the field's name tells by the endings in common use. */
export const unitOf = (type: string, path: string): Unit => {
  const known = ours[`${type} ${path}`]
  if (known !== undefined) return known
  const name = path.slice(path.lastIndexOf(".") + 1).toLowerCase()
  for (const [unit, ending] of endings) if (ending.test(name)) return unit
  return "none"
}

/** A measured value: four digits, binary units for bytes. */
export const measured = (value: number, unit: Unit = "none"): string =>
  unit === "bytes" || unit === "bytes-per-second"
    ? `${bytes(value)}${suffix[unit]}`
    : `${fourDigits(value)}${suffix[unit]}`

/** The same for an axis: no digits that its steps do not need. */
export const onAxis = (value: number, unit: Unit, step: number): string =>
  unit === "bytes" || unit === "bytes-per-second"
    ? `${bytes(value).replace(/\.0+ /, " ")}${suffix[unit]}`
    : Math.abs(value) >= 1e6
      ? fourDigits(value)
      : `${value.toFixed(decimals(step))}${suffix[unit]}`

// ------------------------------------------------------------------------------------------------------------------

const suffix: Readonly<Record<Unit, string>> = {
  bytes: "",
  "bytes-per-second": "/s",
  percent: " %",
  seconds: " s",
  milliseconds: " ms",
  celsius: " °C",
  hertz: " Hz",
  volts: " V",
  none: ""
}

const ours: { readonly [field: string]: Unit | undefined } = {
  "system.memory total": "bytes",
  "system.memory available": "bytes",
  "system.memory swap_used": "bytes",
  "system.disk size": "bytes",
  "system.disk free": "bytes",
  "system.network received_per_second": "bytes-per-second",
  "system.network sent_per_second": "bytes-per-second",
  "system.network received": "bytes",
  "system.network sent": "bytes",
  "system.uptime seconds": "seconds"
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

/** How many decimals tell multiples of a step apart. */
const decimals = (step: number): number => {
  for (let digits = 0; digits < 6; digits++) {
    const scaled = step * 10 ** digits
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * Math.max(1, scaled)) return digits
  }
  return 6
}

const threeDigits = (value: number): string => value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)

const fourDigits = (value: number): string => {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value)
  const size = Math.abs(value)
  if (size >= 1e6 || size < 1e-3) return value === 0 ? "0" : value.toExponential(2).replace("e+", "e")
  return value.toFixed(size < 1 ? 3 : size < 10 ? 3 : size < 100 ? 2 : size < 10_000 ? 1 : 0)
}

const pair = (value: number, large: number, largeName: string, small: number, smallName: string): string => {
  const whole = Math.floor(value / large)
  const rest = Math.floor((value - whole * large) / small)
  return rest === 0 ? `${whole} ${largeName}` : `${whole} ${largeName} ${rest} ${smallName}`
}
