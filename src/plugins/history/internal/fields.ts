/**
 * Reading cells out of answers whose shape is known by places: an index of an array or a name of an object.
 *
 * @internal
 */
import * as Numeral from "../../../domain/Numeral.js"

export type Place = number | string

export type TimeUnit = "s" | "ms" | "ns" | "iso"

export const at = (item: unknown, place: Place): unknown => {
  if (typeof place === "number" && Array.isArray(item)) return item[place]
  if (typeof item !== "object" || item === null) return undefined
  return Object.hasOwn(item, place) ? Reflect.get(item, place) : undefined
}

/** A finite number, also where it is written as a text; undefined for anything else. */
export const numberOf = (value: unknown): number | undefined => {
  const number = typeof value === "number" ? value : typeof value === "string" && value !== "" ? Number(value) : NaN
  return Number.isFinite(number) ? number : undefined
}

/** The same, but a text keeps its digits where JSON would write the number so: they go into the part as they came. */
export const numeralOf = (value: unknown): number | string | undefined =>
  typeof value === "string" && Numeral.isPlain(value) ? value : numberOf(value)

export const listOf = (value: unknown): ReadonlyArray<unknown> | undefined => (Array.isArray(value) ? value : undefined)

/** Nanoseconds since the epoch; undefined for what is no time. */
export const instantOf = (value: unknown, unit: TimeUnit): bigint | undefined => {
  if (unit === "iso") return typeof value === "string" ? ofIso(value) : undefined
  if (unit === "ns") return typeof value === "string" && /^\d{1,19}$/.test(value) ? BigInt(value) : undefined
  const number = numberOf(value)
  if (number === undefined) return undefined
  const millis = unit === "ms" ? number : number * 1000
  if (Number.isInteger(millis)) return Number.isSafeInteger(millis) ? BigInt(millis) * nanosPerMilli : undefined
  // A double holds the time of a trade to less than a microsecond.
  const micros = Math.round(unit === "ms" ? number * 1e3 : number * 1e6)
  return Number.isSafeInteger(micros) ? BigInt(micros) * 1000n : undefined
}

export const nanosPerMilli = 1_000_000n

/** Whole milliseconds of nanoseconds, rounded down. */
export const millisOf = (nanos: bigint): number =>
  Number(nanos >= 0n ? nanos / nanosPerMilli : (nanos - nanosPerMilli + 1n) / nanosPerMilli)

// ------------------------------------------------------------------------------------------------------------------

/** Digits behind the third are kept too: `2026-01-01T00:00:00.123456789Z`. */
const ofIso = (text: string): bigint | undefined => {
  const [, whole, fraction = "", zone = "Z"] =
    /^(\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?)(?:[.,](\d{1,9})\d*)?\s*(Z|[+-]\d\d:?\d\d)?$/i.exec(text) ?? []
  if (whole === undefined) return undefined
  const millis = Date.parse(whole.length === 10 ? whole : `${whole.replace(" ", "T")}${zone.toUpperCase()}`)
  return Number.isNaN(millis) ? undefined : BigInt(millis) * nanosPerMilli + BigInt(fraction.padEnd(9, "0"))
}
