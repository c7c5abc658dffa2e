/**
 * JSON kept as text. What a user sends, and what a store answers, goes through as it was written: numbers keep all their
 * digits, objects the order of their keys. Parsing only says whether it is JSON.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const parsed = Schema.decodeUnknownOption(Schema.parseJson())

/** The value of a text, where it is JSON. For looking at, not for sending on. */
export const valueOf = (text: string): Option.Option<unknown> => parsed(text)

/** Whether a text is one JSON object. */
export const isObject = (text: string): boolean =>
  Option.exists(parsed(text), (value) => typeof value === "object" && value !== null && !Array.isArray(value))

/** The members of an object's text, values as text without the blanks between tokens. */
export const members = (text: string): ReadonlyArray<readonly [key: string, value: string]> => {
  const found: Array<readonly [string, string]> = []
  let depth = 0
  let key: string | undefined
  let value = ""
  const close = () => {
    if (key !== undefined) found.push([String(Option.getOrElse(parsed(key), () => key)), value])
    key = undefined
    value = ""
  }
  for (const token of tokensOf(text)) {
    if (depth === 1 && (token === "," || token === "}")) close()
    else if (depth === 1 && key === undefined) key = token
    else if (depth === 1 && value === "" && token === ":") value = ""
    else if (depth > 0) value += token
    if (token === "{" || token === "[") depth++
    if (token === "}" || token === "]") depth--
  }
  return found
}

/** The text of one member, by its key; the last one where it is repeated. */
export const member = (text: string, key: string): string | undefined =>
  members(text).findLast(([name]) => name === key)?.[1]

/** The text on lines of its own, two blanks per level. */
export const pretty = (text: string): string => {
  const lines = { text: "", depth: 0 }
  let before = ""
  for (const token of tokensOf(text)) {
    if (token === "}" || token === "]") {
      lines.depth--
      if (before !== "{" && before !== "[") lines.text += `\n${"  ".repeat(lines.depth)}`
    } else if (before === "{" || before === "[" || before === ",") lines.text += `\n${"  ".repeat(lines.depth)}`
    lines.text += token === ":" ? ": " : token
    if (token === "{" || token === "[") lines.depth++
    before = token
  }
  return lines.text
}

// ------------------------------------------------------------------------------------------------------------------

const tokensOf = (text: string): Iterable<string> => text.match(/"(?:[^"\\]+|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/gs) ?? []
