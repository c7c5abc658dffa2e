/**
 * What is wrong with settings that a plug-in's own schema does not take: each place once, in words. Values never show, for
 * settings may hold secrets. Pure.
 */
import * as ParseResult from "effect/ParseResult"
import * as Nearest from "../domain/Nearest.js"

export interface SettingsProblem {
  /** Keys and indices below the settings; empty where it is about all of them. */
  readonly path: ReadonlyArray<string | number>
  /** Whether the key itself is wrong, not its value. */
  readonly isKey: boolean
  /** What the matter is, to be read behind the path. */
  readonly message: string
  readonly remedy: string | undefined
}

/** In the order of the places. Of a place whose inside is wrong only the inside is told. */
export const of = (error: ParseResult.ParseError): ReadonlyArray<SettingsProblem> => {
  const places = new Map<string, ReadonlyArray<ParseResult.ArrayFormatterIssue>>()
  const issues = ParseResult.ArrayFormatter.formatErrorSync(error)
  for (const issue of issues) {
    if (issue._tag === "Type" && issues.some(({ path }) => isWithin(path, issue.path))) continue
    const key = JSON.stringify(issue.path.map(String))
    places.set(key, [...(places.get(key) ?? []), issue])
  }
  return [...places.values()].flatMap((found) => {
    const [first] = found
    return first === undefined ? [] : [problemOf(first, found)]
  })
}

/** All of them in one line. */
export const sentence = (problems: ReadonlyArray<SettingsProblem>): string =>
  problems
    .map(({ message, path, remedy }) => {
      const place = path.length === 0 ? message : `${path.join(".")} ${message}`
      return remedy === undefined ? place : `${place} (${remedy})`
    })
    .join("; ")

// -----------------------------------------------------------------------------

const isWithin = (path: ReadonlyArray<PropertyKey>, place: ReadonlyArray<PropertyKey>): boolean =>
  path.length > place.length && place.every((key, i) => path[i] === key)

const problemOf = (
  first: ParseResult.ArrayFormatterIssue,
  all: ReadonlyArray<ParseResult.ArrayFormatterIssue>
): SettingsProblem => {
  const path = first.path.map((key) => (typeof key === "number" ? key : String(key)))
  if (first._tag === "Unexpected") {
    const known = Array.from(first.message.matchAll(/"([^"]+)"/g), ([, name]) => name ?? "")
    const meant = Nearest.of(String(path.at(-1) ?? ""), known)
    const remedy = meant === undefined ? `known here: ${known.join(", ")}` : `did you mean ${meant}?`
    return { path, isKey: true, message: "is no known setting", remedy }
  }
  const messages = all.map(({ message }) => message)
  return { path, isKey: false, message: messageOf(messages), remedy: wantedIn(messages).find(isDescription) }
}

/** Where a schema has a description, it stands for what is expected: a sentence, and no name of a type. */
const isDescription = (text: string): boolean => /^[A-Z][^<]* /.test(text)

const wantedIn = (messages: ReadonlyArray<string>): ReadonlyArray<string> =>
  messages.flatMap((message) => /^Expected (.*), actual /s.exec(message)?.[1] ?? [])

/** The alternatives of a union are told in one sentence. */
const messageOf = (messages: ReadonlyArray<string>): string => {
  const own = messages.filter((message) => !message.startsWith("Expected "))
  if (own.length > 0) return [...new Set(own)].join("; ")
  const wanted = wantedIn(messages).filter((text) => text !== "undefined" && text !== "null" && !isDescription(text))
  const words = [...new Set(wanted.map(wordOf))]
  const last = words.at(-1)
  if (last === undefined) return "is not allowed here"
  return `must be ${words.length === 1 ? last : `${words.slice(0, -1).join(", ")} or ${last}`}`
}

const wordOf = (text: string): string =>
  text.startsWith("{")
    ? "a mapping"
    : text.startsWith("ReadonlyArray<") || text.startsWith("[")
      ? "a list"
      : text === "string"
        ? "text"
        : text === "Int"
          ? "a whole number"
          : text
