/**
 * `datetime` and its kin, from the packed bytes of their pickles to the text that Python's `isoformat` gives.
 *
 * @internal
 */
import { Written } from "../PickleValue.js"
import type { Item } from "./Draft.js"
import { malformed } from "./fault.js"

export const datetime = ([packed, zone]: ReadonlyArray<Item>): Written => {
  const bytes = unpack(packed, 10)
  return new Written("datetime", `${dateText(bytes)}T${timeText(bytes, 4)}${zoneText(zone)}`)
}

export const date = ([packed]: ReadonlyArray<Item>): Written => new Written("date", dateText(unpack(packed, 4)))

export const time = ([packed, zone]: ReadonlyArray<Item>): Written =>
  new Written("time", `${timeText(unpack(packed, 6), 0)}${zoneText(zone)}`)

/** `timedelta(days, seconds, microseconds)`: seconds, exactly. */
export const timedelta = (given: ReadonlyArray<Item>): Written => {
  const [days = 0, seconds = 0, micros = 0] = given.map((part) =>
    typeof part === "number" && Number.isSafeInteger(part) && Math.abs(part) < 1e15
      ? part
      : malformed("a time span that is none")
  )
  const total = (BigInt(days) * 86_400n + BigInt(seconds)) * 1_000_000n + BigInt(micros)
  const size = total < 0n ? -total : total
  const fraction = size % 1_000_000n
  const shown = fraction === 0n ? "" : `.${String(fraction).padStart(6, "0")}`
  return new Written("timedelta", `${total < 0n ? "-" : ""}${size / 1_000_000n}${shown}`)
}

/** `timezone(offset[, name])` */
export const timezone = ([offset]: ReadonlyArray<Item>): Written => {
  if (!(offset instanceof Written) || offset.kind !== "timedelta") return malformed("a time zone without its offset")
  const seconds = Number(offset.text)
  if (!(Math.abs(seconds) < 86_400)) return malformed("an offset of a day or more")
  const size = Math.abs(seconds)
  const rest = size % 60 === 0 ? "" : `:${two(Math.floor(size % 60))}`
  return new Written(
    "timezone",
    `${seconds < 0 ? "-" : "+"}${two(Math.floor(size / 3600))}:${two(Math.floor(size / 60) % 60)}${rest}`
  )
}

export const decimal = ([digits]: ReadonlyArray<Item>): Written =>
  typeof digits === "string" &&
  /^[+-]?(\d+(\.\d*)?([Ee][+-]?\d+)?|\.\d+([Ee][+-]?\d+)?|Infinity|s?NaN\d*)$/.test(digits)
    ? new Written("decimal", digits)
    : malformed("a decimal that is none")

// ------------------------------------------------------------------------------------------------------------------

const two = (value: number): string => String(value).padStart(2, "0")

const unpack = (packed: Item | undefined, length: number): Uint8Array => {
  const bytes = typeof packed === "string" ? Buffer.from(packed, "latin1") : packed
  return bytes instanceof Uint8Array && bytes.length === length
    ? bytes
    : malformed(`a time is packed in ${length} bytes`)
}

const within = (value: number | undefined, lowest: number, highest: number): number =>
  value !== undefined && value >= lowest && value <= highest ? value : malformed("a time that is none")

const dateText = (bytes: Uint8Array): string => {
  const year = within((bytes[0] ?? 0) * 256 + (bytes[1] ?? 0), 1, 9999)
  // The highest bit of the month says which of two equal local times is meant.
  const month = within((bytes[2] ?? 0) & 0x7f, 1, 12)
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(within(bytes[3], 1, 31))}`
}

const timeText = (bytes: Uint8Array, at: number): string => {
  const hour = within((bytes[at] ?? 0) & 0x7f, 0, 23)
  const micros = within((bytes[at + 3] ?? 0) * 65_536 + (bytes[at + 4] ?? 0) * 256 + (bytes[at + 5] ?? 0), 0, 999_999)
  const fraction = micros === 0 ? "" : `.${String(micros).padStart(6, "0")}`
  return `${two(hour)}:${two(within(bytes[at + 1], 0, 59))}:${two(within(bytes[at + 2], 0, 59))}${fraction}`
}

const zoneText = (zone: Item | undefined): string => {
  if (zone === undefined || zone === null) return ""
  return zone instanceof Written && zone.kind === "timezone" ? zone.text : malformed("a time zone that is none")
}
