/**
 * From a document as written to decoded settings, or to everything that is wrong with it at once: wrong values, unknown
 * keys (with the nearest known name), sections of parts that do not exist, entries that contradict themselves. Secrets never
 * show: a message about one bears no value. In the collector's five sections unknown keys are only noted.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { ConfigInvalid, type ConfigIssue } from "../operations/ConfigOperations.js"
import { problemOf } from "../procedure/Settings.js"
import { mask, type Secrets } from "../site/Secrets.js"
import { absentParts, collectorSections, ConfigDocument, shape } from "./ConfigDocument.js"
import { doubts } from "./ConfigDoubts.js"
import * as ConfigIngest from "./ConfigIngest.js"
import * as ConfigJobs from "./ConfigJobs.js"
import * as ConfigUplinks from "./ConfigUplinks.js"
import { nearest } from "./ConfigNames.js"
import * as Shape from "./ConfigShape.js"

/** The place of a value in the file; none for a document that came over the network. */
export type Locate = (
  path: Shape.Path,
  of: "key" | "value"
) => { readonly line: number; readonly column: number } | undefined

export interface Decoded {
  readonly document: ConfigDocument
  /** The document as written, without nulls, and without unknown keys in the collector's sections. */
  readonly raw: Shape.Mapping
  /** Keys that were passed over. */
  readonly ignored: ReadonlyArray<ConfigIssue>
  /** What a file is run with all the same, and no document from elsewhere is taken with. */
  readonly doubtful: ReadonlyArray<ConfigIssue>
}

export const decode: (raw: unknown, locate?: Locate) => Effect.Effect<Decoded, ConfigInvalid, Secrets> =
  Effect.fnUntraced(function* (given, locate = () => undefined) {
    if (!Shape.isMapping(given)) {
      const message = `expected a mapping of sections, found ${kindOf(given)}`
      return yield* new ConfigInvalid({ issues: [{ path: "", message }] })
    }
    const raw = Shape.withoutNulls(shape, given)
    const strangers = unknownKeys(shape, given)
    const written = structure(shape, raw)
    const decoded = yield* Effect.either(
      Schema.decodeUnknown(ConfigDocument)(raw, { errors: "all", onExcessProperty: "ignore" })
    )
    const ignored = strangers.filter(({ path }) => collectorSections.has(String(path[0])))
    const wrong: ReadonlyArray<Finding> = [
      ...strangers.filter((finding) => !ignored.includes(finding)),
      ...written,
      ...contradictions(raw),
      ...(yield* ConfigJobs.problems(raw)),
      ...(yield* ConfigUplinks.problems(raw)),
      ...(yield* ConfigIngest.problems(raw)),
      ...(Either.isLeft(decoded) ? valueFindings(decoded.left, raw, written) : [])
    ]
    const issues = wrong.map((finding) => issueOf(finding, raw, locate))
    if (Either.isLeft(decoded) || issues.length > 0) {
      return yield* new ConfigInvalid({ issues: issues.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)) })
    }
    return {
      document: decoded.right,
      raw: ignored.reduce((document, { path }) => Shape.asMapping(Shape.put(document, path, undefined)), raw),
      ignored: ignored.map((finding) => issueOf(finding, raw, locate)),
      doubtful: doubts(decoded.right, pathText).map((finding) => issueOf(finding, raw, locate))
    }
  })

// ------------------------------------------------------------------------------------------------------------------

interface Finding {
  readonly path: Shape.Path
  readonly message: string
  readonly remedy?: string | undefined
  readonly at?: "key"
}

const issueOf = (finding: Finding, raw: Shape.Mapping, locate: Locate): ConfigIssue => {
  const { message, path, remedy } = finding
  const value = finding.at === "key" ? undefined : shown(path, Shape.get(raw, path))
  return {
    path: pathText(path),
    message,
    ...(value === undefined ? {} : { value }),
    ...locate(path, finding.at ?? "value"),
    ...(remedy === undefined ? {} : { remedy })
  }
}

/** A path as people write it: `http.port`, `histo_jobs[0].span`. */
export const pathText = (path: Shape.Path): string =>
  path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? key : `${text}.${key}`),
    ""
  )

/** The offending value where it is short and no secret. */
const shown = (path: Shape.Path, value: unknown): unknown => {
  if (value === undefined) return undefined
  const here = Shape.at(shape, path)
  if (Shape.isSecret(here, path, value)) return mask
  if (typeof value === "string") return here?._tag === "Leaf" ? value.slice(0, 120) : undefined
  return typeof value === "number" || typeof value === "boolean" ? value : undefined
}

const kindOf = (value: unknown): string =>
  value === null || value === undefined
    ? "nothing"
    : Array.isArray(value)
      ? "a list"
      : typeof value === "object"
        ? "a mapping"
        : typeof value === "string"
          ? "text"
          : `a ${typeof value}`

const unknownKeys = (here: Shape.Shape, value: unknown, path: Shape.Path = []): ReadonlyArray<Finding> => {
  if (Array.isArray(value)) {
    return here._tag === "List" ? value.flatMap((item, i) => unknownKeys(here.item, item, [...path, i])) : []
  }
  if (!Shape.isMapping(value) || (here._tag !== "Struct" && here._tag !== "Record")) return []
  return Object.keys(value).flatMap((key) => {
    const child = Shape.childOf(here, key)
    const problem = here._tag === "Record" ? here.keyProblem(key) : undefined
    if (problem !== undefined) return [{ path: [...path, key], at: "key", message: problem }]
    if (child !== undefined) return unknownKeys(child, value[key], [...path, key])
    if (path.length === 0 && absentParts.has(key)) {
      return [{ path: [key], at: "key", message: "this version has no such part", remedy: "take the section out" }]
    }
    const known = here._tag === "Struct" ? [...here.fields.keys()] : []
    const close = nearest(key, known)
    const remedy = close === undefined ? `known here: ${known.join(", ")}` : `did you mean ${close}?`
    return [{ path: [...path, key], at: "key", message: "unknown key", remedy }]
  })
}

/** Places where a mapping or a list is wanted and something else stands. The value is not shown: it may hold a secret. */
const structure = (here: Shape.Shape, value: unknown, path: Shape.Path = []): ReadonlyArray<Finding> => {
  const wanted =
    here._tag === "List" ? "a list" : here._tag === "Struct" || here._tag === "Record" ? "a mapping" : undefined
  if (wanted === undefined || value === undefined) return []
  if (kindOf(value) !== wanted)
    return [{ path, message: `expected ${wanted}, found ${kindOf(value)}`, remedy: here.about }]
  if (Array.isArray(value)) {
    return here._tag === "List" ? value.flatMap((item, i) => structure(here.item, item, [...path, i])) : []
  }
  const mapping = Shape.asMapping(value)
  return Object.keys(mapping).flatMap((key) => {
    const child = Shape.childOf(here, key)
    return child === undefined ? [] : structure(child, mapping[key], [...path, key])
  })
}

const contradictions = (raw: Shape.Mapping): ReadonlyArray<Finding> => {
  const procedures = Shape.asMapping(raw["procedures"])
  return Object.keys(procedures).flatMap((name) => {
    const entry = procedures[name]
    if (!Shape.isMapping(entry)) return []
    const problem = problemOf(name, (key) => Object.hasOwn(entry, key) && !Shape.same(entry[key], {}))
    return problem === undefined ? [] : [{ path: ["procedures", name], message: problem }]
  })
}

/** One finding for each place: the alternatives of a union are told in one sentence. */
const valueFindings = (
  error: ParseResult.ParseError,
  raw: Shape.Mapping,
  told: ReadonlyArray<Finding>
): ReadonlyArray<Finding> => {
  const places = new Map<string, { readonly path: Shape.Path; readonly messages: Array<string> }>()
  for (const { message, path } of ParseResult.ArrayFormatter.formatErrorSync(error)) {
    const keys = path.map((key) => (typeof key === "number" ? key : String(key)))
    const text = pathText(keys)
    if (told.some((finding) => pathText(finding.path) === text)) continue
    const place = places.get(text) ?? { path: keys, messages: [] }
    place.messages.push(message)
    places.set(text, place)
  }
  return [...places.values()].map(({ messages, path }) => {
    const here = Shape.at(shape, path)
    const value = Shape.get(raw, path)
    if (here?._tag === "Secret" && typeof value !== "string") {
      const message = value === undefined ? "is missing" : "expected text"
      return { path, message, remedy: "put it in quotes, or use ${env:NAME} or ${file:PATH}" }
    }
    return { path, message: sentence(messages, here?.about), remedy: here?.about }
  })
}

const sentence = (messages: ReadonlyArray<string>, about: string | undefined): string => {
  const alternatives = [...new Set(messages.flatMap((message) => /^Expected (.*), actual /s.exec(message)?.[1] ?? []))]
    .filter((text) => text !== "null" && text !== about)
    .map((text) => (text === "string" ? "text" : text))
  const own = messages.filter((message) => !message.startsWith("Expected "))
  if (own.length > 0) return own.join("; ")
  if (alternatives.length === 0) return "this value is not allowed here"
  const last = alternatives.at(-1) ?? ""
  return `expected ${alternatives.length === 1 ? last : `${alternatives.slice(0, -1).join(", ")} or ${last}`}`
}
