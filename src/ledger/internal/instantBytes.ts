/** Instants read off the bytes they are written in, for ledgers of millions of rows; and written back the same. */
import { daysOf } from "../LedgerText.js"

/** How long an instant with six decimals is. */
export const fullLength = 32

/** Without decimals. */
const shortLength = 25

/**
 * Microseconds since the epoch of `YYYY-MM-DDTHH:MM:SS+00:00`, with or without six decimals; NaN for any other spelling, and
 * for years whose microseconds a number can't hold.
 */
export const microsOf = (bytes: Uint8Array, start: number, end: number): number => {
  const length = end - start
  if (length !== fullLength && length !== shortLength) return NaN
  const century = pair(bytes, start)
  const yearOfCentury = pair(bytes, start + 2)
  const month = pair(bytes, start + 5)
  const day = pair(bytes, start + 8)
  const hour = pair(bytes, start + 11)
  const minute = pair(bytes, start + 14)
  const second = pair(bytes, start + 17)
  const spelled =
    bytes[start + 4] === dash &&
    bytes[start + 7] === dash &&
    bytes[start + 10] === letterT &&
    bytes[start + 13] === colon &&
    bytes[start + 16] === colon &&
    bytes[end - 6] === plus &&
    pair(bytes, end - 5) === 0 &&
    bytes[end - 3] === colon &&
    pair(bytes, end - 2) === 0
  const year = century * 100 + yearOfCentury
  const real =
    century >= 0 &&
    yearOfCentury >= 0 &&
    year >= 1 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysOf(year, month) &&
    hour >= 0 &&
    hour < 24 &&
    minute >= 0 &&
    minute < 60 &&
    second >= 0 &&
    second < 60
  const fraction = length === shortLength ? 0 : fractionOf(bytes, start + 19)
  if (!spelled || !real || fraction < 0) return NaN
  const micros =
    ((daysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60_000_000 + second * 1_000_000 + fraction
  return Number.isSafeInteger(micros) ? micros : NaN
}

/** The spelling with six decimals. */
export const textOfMicros = (micros: number): string => {
  const millis = Math.floor(micros / 1000)
  const rest = String(micros - millis * 1000).padStart(3, "0")
  return `${new Date(millis).toISOString().slice(0, -1)}${rest}+00:00`
}

// ------------------------------------------------------------------------------------------------------------------

const dash = 0x2d
const letterT = 0x54
const colon = 0x3a
const dot = 0x2e
const plus = 0x2b

/** The number two digits make; -1 where one of them is none. */
const pair = (bytes: Uint8Array, at: number): number => {
  const tens = (bytes[at] ?? 0) - 0x30
  const ones = (bytes[at + 1] ?? 0) - 0x30
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones
}

/** Six digits behind a dot; -1 where they are not that. */
const fractionOf = (bytes: Uint8Array, at: number): number => {
  const first = pair(bytes, at + 1)
  const middle = pair(bytes, at + 3)
  const last = pair(bytes, at + 5)
  if (bytes[at] !== dot || first < 0 || middle < 0 || last < 0) return -1
  return (first * 100 + middle) * 100 + last
}

/** Of the Gregorian calendar, which is counted from March so that the leap day comes last. */
const daysSince1970 = (year: number, month: number, day: number): number => {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}
