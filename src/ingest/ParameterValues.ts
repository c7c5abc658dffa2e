/** Values of parameters as code reads them: the bytes of the ensemble, decoded by what the code says of each. */
import type { ParameterDescription } from "../assignment/ParameterDescription.js"

/** One that nobody describes stays bytes. */
export type ParameterValue = string | number | boolean | Uint8Array

/** By name. A parameter that is described and not yet set has its default. */
export type Parameters = Readonly<Record<string, ParameterValue>>

export const decodeParameters = (
  descriptions: ReadonlyArray<ParameterDescription>,
  values: ReadonlyMap<string, Uint8Array>
): Parameters => {
  const defaults = descriptions.map((described) => [described.name, ofDefault(described)] as const)
  const set = Array.from(values, ([name, value]) => {
    const described = descriptions.find((description) => description.name === name)
    return [name, described === undefined ? value : decodeParameter(described.dtype, value)] as const
  })
  return Object.fromEntries([...defaults, ...set])
}

/** As all services of the field decode: bytes that are no such value are the empty text, 0 or false. */
export const decodeParameter = (dtype: ParameterDescription["dtype"], value: Uint8Array): ParameterValue => {
  switch (dtype) {
    case "binary":
      return value
    case "str":
      return text(value) ?? ""
    case "bool":
      return text(value) === "True"
    case "int":
      return number(wholeNumber, text(value))
    case "float":
      return number(anyNumber, text(value))
  }
}

// -----------------------------------------------------------------------------

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const text = (value: Uint8Array): string | undefined => {
  try {
    return strict.decode(value)
  } catch {
    return undefined
  }
}

const wholeNumber = /^[+-]?\d+(_\d+)*$/
const anyNumber = /^[+-]?((\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+(_\d+)*)?|inf(inity)?|nan)$/i

const number = (shape: RegExp, read: string | undefined): number => {
  const trimmed = read?.trim() ?? ""
  if (!shape.test(trimmed)) return 0
  const plain = trimmed.replaceAll("_", "")
  if (/nan$/i.test(plain)) return Number.NaN
  if (/inf(inity)?$/i.test(plain)) return plain.startsWith("-") ? -Infinity : Infinity
  return Number(plain)
}

const ofDefault = ({ default: value, dtype }: ParameterDescription): ParameterValue => {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value
  if (value instanceof Uint8Array) return value
  return decodeParameter(dtype, new Uint8Array(0))
}
