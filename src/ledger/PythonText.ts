/**
 * JSON values as Python's `str` writes them: a row that is given as JSON reads in the file as if a Python script had given
 * it. `null` is None, `1.0` stays 1.0, whole numbers keep all their digits.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { repr } from "../domain/PythonRepr.js"

/** The members of a JSON object as texts; none where the text is no JSON object. The last of two members of a name counts. */
export const members = (json: string): Option.Option<Readonly<Record<string, string>>> =>
  Option.flatMap(parsed(json), (value) =>
    isObject(value)
      ? Option.some(Object.fromEntries(Object.entries(value).map(([name, member]) => [name, str(member)])))
      : Option.none()
  )

// ------------------------------------------------------------------------------------------------------------------

/** JSON, with numbers as they were written. */
type Value = null | boolean | string | Numeral | ReadonlyArray<Value> | { readonly [name: string]: Value }

class Numeral {
  constructor(readonly text: string) {}
}

const isObject = (value: Value): value is { readonly [name: string]: Value } =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Numeral)

const parseJson = Schema.decodeUnknownOption(Schema.parseJson())

/** Every text and every number becomes a text that begins with a letter for its kind. */
const marked = (json: string): string =>
  json.replaceAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/gs, (token) =>
    token.startsWith('"') ? `"s${token.slice(1)}` : `"n${token}"`
  )

const parsed = (json: string): Option.Option<Value> =>
  parseJson(json).pipe(
    Option.flatMap(() => parseJson(marked(json))),
    Option.map(unmarked)
  )

const unmarked = (value: unknown): Value => {
  if (typeof value === "string") return value.startsWith("s") ? value.slice(1) : new Numeral(value.slice(1))
  if (Array.isArray(value)) return value.map(unmarked)
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name.slice(1), unmarked(member)]))
  }
  return value === true ? true : value === false ? false : null
}

const str = (value: Value): string => (typeof value === "string" ? value : within(value))

/** As it stands inside of a list or a dictionary, where texts are quoted. */
const within = (value: Value): string => {
  if (value === null) return "None"
  if (typeof value === "boolean") return value ? "True" : "False"
  if (typeof value === "string") return repr(value)
  if (value instanceof Numeral) return numeral(value.text)
  if (!isObject(value)) return `[${value.map(within).join(", ")}]`
  return `{${Object.entries(value)
    .map(([name, member]) => `${repr(name)}: ${within(member)}`)
    .join(", ")}}`
}

const numeral = (text: string): string => (/^-?\d+$/.test(text) ? BigInt(text).toString() : float(Number(text)))

/** The shortest digits that mean this number, with an exponent below 1e-4 and from 1e16 on. */
const float = (value: number): string => {
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf"
  if (Object.is(value, -0)) return "-0.0"
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e")
  const power = Number(exponent)
  if (value === 0 || (power >= -4 && power < 16)) return Number.isInteger(value) ? `${value}.0` : String(value)
  return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`
}
