/**
 * The files beside the dumps of a scan, byte for byte as Python writes them: JSON with a blank behind every comma and colon and
 * nothing but ASCII; CBOR with definite lengths.
 *
 * @internal
 */
import * as Either from "effect/Either"
import type { TriggerMap } from "../TriggerMap.js"

type Json = string | number | null | ReadonlyArray<Json> | { readonly [name: string]: Json }

const encoder = new TextEncoder()

/** The map with the added part, each part under `mapping`. */
export const mappingFile = (map: TriggerMap): Uint8Array =>
  encoder.encode(
    pythonJson({
      parts: Object.fromEntries(Object.entries(map.parts).map(([name, part]) => [name, { mapping: part }])),
      sequence: map.sequence
    })
  )

/** JSON, or CBOR as soon as one value is not text. */
export const parametersFile = (
  parameters: ReadonlyArray<readonly [name: string, value: Uint8Array]>
): { readonly extension: "json" | "cbor"; readonly bytes: Uint8Array } => {
  const texts = parameters.map(([name, value]) => {
    const text = value.includes(0) ? undefined : Either.getOrUndefined(textOf(value))
    return text === undefined ? undefined : { name, data: text }
  })
  const plain = texts.filter((entry) => entry !== undefined)
  return plain.length === parameters.length
    ? { extension: "json", bytes: encoder.encode(pythonJson(plain)) }
    : { extension: "cbor", bytes: parametersCbor(parameters) }
}

// -----------------------------------------------------------------------------

const textOf = (value: Uint8Array) =>
  Either.try(() => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value))

const pythonJson = (value: Json): string => {
  if (value === null || typeof value === "number") return String(value)
  if (typeof value === "string") return asciiText(value)
  if (isList(value)) return `[${value.map(pythonJson).join(", ")}]`
  return `{${Object.entries(value)
    .map(([name, member]) => `${asciiText(name)}: ${pythonJson(member)}`)
    .join(", ")}}`
}

const isList = (value: Json): value is ReadonlyArray<Json> => Array.isArray(value)

const asciiText = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

const parametersCbor = (parameters: ReadonlyArray<readonly [name: string, value: Uint8Array]>): Uint8Array =>
  Buffer.concat([
    head(4, parameters.length),
    ...parameters.flatMap(([name, value]) => [
      head(5, 2),
      text("name"),
      text(name),
      text("data"),
      head(2, value.length),
      value
    ])
  ])

const text = (value: string): Uint8Array => {
  const bytes = encoder.encode(value)
  return Buffer.concat([head(3, bytes.length), bytes])
}

/** The major type and a length, as short as it goes. */
const head = (major: number, length: number): Uint8Array => {
  const type = major << 5
  if (length < 24) return Uint8Array.of(type | length)
  if (length < 0x100) return Uint8Array.of(type | 24, length)
  const bytes = Buffer.alloc(length < 0x10000 ? 3 : 5)
  bytes[0] = type | (length < 0x10000 ? 25 : 26)
  bytes.writeUIntBE(length, 1, bytes.length - 1)
  return bytes
}
