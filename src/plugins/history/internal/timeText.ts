/**
 * Times as servers and files write them: Unix numbers, ISO 8601, or a pattern of the tokens `%Y %m %d %H %M %S %L %j %y %%`
 * (`%L` is milliseconds). Everything is UTC.
 *
 * @internal
 */
import { instantOf, nanosPerMilli } from "./fields.js"

/** `iso`, `date`, `s`, `ms`, `us`, `ns`, or a pattern with at least one token. */
export const isTimeFormat = (format: string): boolean => {
  if (["iso", "date", "s", "ms", "us", "ns"].includes(format)) return true
  const tokens = [...format.matchAll(/%(.?)/g)].map(([, token = ""]) => token)
  return tokens.length > 0 && tokens.every((token) => token === "%" || widths.has(token))
}

/** Milliseconds since 1970 in a format. */
export const write = (millis: number, format: string): string => {
  const iso = new Date(millis).toISOString()
  switch (format) {
    case "iso":
      return `${iso.slice(0, 19)}${millis % 1000 === 0 ? "" : iso.slice(19, 23)}Z`
    case "date":
      return iso.slice(0, 10)
    case "s":
      return String(Math.floor(millis / 1000))
    case "ms":
      return String(millis)
    case "us":
      return String(millis * 1000)
    case "ns":
      return String(BigInt(millis) * nanosPerMilli)
    default:
      return format.replaceAll(/%(.)/g, (_, token: string) => (token === "%" ? "%" : part(iso, millis, token)))
  }
}

/**
 * Nanoseconds since 1970; undefined for what is no time in that format. A number that is after the year 9999 is one of another
 * unit.
 */
export const read = (value: unknown, format: string): bigint | undefined => {
  const nanos = inFormat(value, format)
  return nanos === undefined || nanos > latest ? undefined : nanos
}

// ------------------------------------------------------------------------------------------------------------------

const latest = BigInt(Date.UTC(9999, 11, 31, 23, 59, 59, 999)) * nanosPerMilli

const inFormat = (value: unknown, format: string): bigint | undefined => {
  switch (format) {
    case "iso":
    case "date":
      return instantOf(value, "iso")
    case "s":
    case "ms":
      return instantOf(typeof value === "bigint" ? String(value) : value, format)
    case "us":
      return typeof value !== "bigint" && /^-?\d{1,17}$/.test(String(value)) ? BigInt(String(value)) * 1000n : undefined
    case "ns":
      return instantOf(typeof value === "number" ? String(value) : value, "ns")
    default:
      return typeof value === "string" ? parsed(value, format) : undefined
  }
}

const widths: ReadonlyMap<string, number> = new Map(
  Object.entries({ Y: 4, y: 2, m: 2, d: 2, H: 2, M: 2, S: 2, L: 3, j: 3 })
)

const part = (iso: string, millis: number, token: string): string => {
  switch (token) {
    case "Y":
      return iso.slice(0, 4)
    case "y":
      return iso.slice(2, 4)
    case "m":
      return iso.slice(5, 7)
    case "d":
      return iso.slice(8, 10)
    case "H":
      return iso.slice(11, 13)
    case "M":
      return iso.slice(14, 16)
    case "S":
      return iso.slice(17, 19)
    case "L":
      return iso.slice(20, 23)
    default:
      return String(Math.floor((millis - Date.UTC(Number(iso.slice(0, 4)), 0)) / 86_400_000) + 1).padStart(3, "0")
  }
}

/** What lies between the tokens has to stand there as it is. */
const parsed = (text: string, pattern: string): bigint | undefined => {
  const found = new Map<string, number>()
  let at = 0
  for (let i = 0; i < pattern.length; i++) {
    const token = pattern[i] === "%" ? (pattern[++i] ?? "") : ""
    const width = widths.get(token)
    const piece = text.slice(at, at + (width ?? 1))
    if (width === undefined ? piece !== pattern[i] : !/^\d+$/.test(piece) || piece.length !== width) return undefined
    if (width !== undefined) found.set(token, Number(piece))
    at += piece.length
  }
  const of = (token: string, fallback: number) => found.get(token) ?? fallback
  const year = of("Y", of("y", -1900) + (of("y", 0) < 70 ? 2000 : 1900))
  const day = of("j", 0) > 0 ? { month: 0, date: of("j", 1) } : { month: of("m", 1) - 1, date: of("d", 1) }
  const millis = Date.UTC(year, day.month, day.date, of("H", 0), of("M", 0), of("S", 0), of("L", 0))
  const isReal = found.has("j") || new Date(millis).getUTCDate() === day.date
  return at === text.length && year > 0 && isReal ? BigInt(millis) * nanosPerMilli : undefined
}
