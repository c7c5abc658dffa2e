/**
 * The JSON header that detectors put at the front of their messages, read no further than its own members.
 *
 * @internal
 */
import { withoutBareWords } from "./jsonText.js"

/** A longer one is no header. */
const longest = 2 ** 23

/** The members, or undefined for what is no JSON object. Python's `NaN` and `Infinity`, which JSON has not, are null. */
export const headerOf = (part: Uint8Array | undefined): Readonly<Record<string, unknown>> | undefined => {
  const text = textOf(part)
  if (text === undefined) return undefined
  const value = parse(text)
  return isRecord(value) ? value : undefined
}

/** The text of a part that may be a JSON object. */
export const textOf = (part: Uint8Array | undefined): string | undefined => {
  if (part === undefined || part.byteLength > longest || !opensObject(part)) return undefined
  return (Buffer.isBuffer(part) ? part : Buffer.from(part.buffer, part.byteOffset, part.byteLength)).toString("utf8")
}

/** A whole number from 0, or undefined. */
export const countOf = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined

// ---------------------------------------------------------------------------------------------------------------------

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return /NaN|Infinity/.test(text) ? parseStrictly(withoutBareWords(text)) : undefined
  }
}

const parseStrictly = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** `{` behind nothing but white space: raw data is told apart before it is made a text. */
const opensObject = (part: Uint8Array): boolean => {
  for (const byte of part) {
    if (byte === 0x7b) return true
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return false
  }
  return false
}
