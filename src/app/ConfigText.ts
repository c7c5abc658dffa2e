/**
 * The config file as text: YAML read with the place of every value, and edited so that comments, order and spelling of what
 * does not change are kept. Pure.
 */
import * as Either from "effect/Either"
import { type Document, isAlias, isMap, isSeq, LineCounter, type Pair, parseDocument, type YAMLMap } from "yaml"
import { reasonOf } from "../domain/Refusal.js"
import type { ConfigIssue } from "../operations/ConfigOperations.js"
import type { Locate } from "./ConfigDecode.js"
import * as Shape from "./ConfigShape.js"

export interface Parsed {
  readonly raw: Shape.Mapping
  readonly locate: Locate
}

/** Largest file that is read, in characters. */
export const largest = 4 * 2 ** 20

export const parse = (text: string): Either.Either<Parsed, ReadonlyArray<ConfigIssue>> => {
  if (text.length > largest) return Either.left([{ path: "", message: "the file is larger than 4 MiB" }])
  const lines = new LineCounter()
  const document = read(text, lines)
  const place = (offset: number) => {
    const { col, line } = lines.linePos(offset)
    return { line, column: col }
  }
  if (document.errors.length > 0) {
    return Either.left(
      document.errors.map((error) => ({ path: "", message: `not YAML: ${error.message}`, ...place(error.pos[0]) }))
    )
  }
  return Either.flatMap(plain(document), (raw) => {
    if (raw === null) return Either.right({ raw: {}, locate: () => undefined })
    if (!Shape.isMapping(raw))
      return Either.left([{ path: "", message: "expected a mapping of sections", line: 1, column: 1 }])
    return Either.right({
      raw,
      locate: (path, of) => {
        const offset = offsetOf(document, path, of)
        return offset === undefined ? undefined : place(offset)
      }
    })
  })
}

/** Sets values in the text (`undefined` takes one away); what is not named keeps its comments and spelling. */
export const edit = (
  text: string,
  changes: ReadonlyArray<{ readonly path: Shape.Path; readonly value: unknown }>
): string => {
  const document = read(text, new LineCounter())
  for (const { path, value } of changes) {
    // A value can only be set inside a collection: where a plain value or an alias stands in its way, that is replaced.
    let depth = 1
    while (depth < path.length && isCollection(document.getIn(path.slice(0, depth), true))) depth++
    const above = path.slice(0, depth)
    if (value === undefined) {
      if (depth === path.length) document.deleteIn(path)
    } else {
      document.setIn(above, depth === path.length ? value : nested(path.slice(depth), value))
    }
  }
  return document.toString({ lineWidth: 0, ...styleOf(text) })
}

/** What must be set to turn one document into the other, smallest places first found. Lists are compared item by item. */
export const changes = (
  from: unknown,
  to: unknown,
  path: Shape.Path = []
): ReadonlyArray<{ readonly path: Shape.Path; readonly value: unknown }> => {
  if (Shape.same(from, to)) return []
  if (path.length > 0 && Array.isArray(from) && Array.isArray(to) && from.length > 0 && to.length > 0) {
    const shared = to.slice(0, from.length).flatMap((item, i) => changes(from[i], item, [...path, i]))
    const added = to.slice(from.length).map((value, i) => ({ path: [...path, from.length + i], value }))
    const removed = from.slice(to.length).map((_, i) => ({ path: [...path, from.length - 1 - i], value: undefined }))
    return [...shared, ...added, ...removed]
  }
  if (!Shape.isMapping(from) || !Shape.isMapping(to)) return [{ path, value: to }]
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])]
  return keys.flatMap((key) =>
    Object.hasOwn(to, key)
      ? changes(Object.hasOwn(from, key) ? from[key] : undefined, to[key], [...path, key])
      : [{ path: [...path, key], value: undefined }]
  )
}

// ------------------------------------------------------------------------------------------------------------------

const read = (text: string, lineCounter: LineCounter): Document =>
  parseDocument(text, { lineCounter, prettyErrors: false, merge: true, stringKeys: true, keepSourceTokens: false })

/** The habits of whoever wrote the file. */
const styleOf = (text: string) => ({
  indent: /^(?:[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n)( {1,8})[^\s#-]/m.exec(text)?.[1]?.length ?? 2,
  indentSeq: !/^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n\1- /m.test(text),
  flowCollectionPadding: /[[{] [^\s]/.test(text)
})

const plain = (document: Document): Either.Either<unknown, ReadonlyArray<ConfigIssue>> =>
  Either.try({
    try: (): unknown => document.toJS({ maxAliasCount: 100 }),
    catch: (error) => [{ path: "", message: `not usable YAML: ${reasonOf(error)}` }]
  })

const isCollection = (node: unknown): boolean => isMap(node) || isSeq(node)

const nested = (path: Shape.Path, value: unknown): unknown =>
  path.reduceRight<unknown>((inner, key) => (typeof key === "number" ? [inner] : { [key]: inner }), value)

const offsetOf = (document: Document, path: Shape.Path, of: "key" | "value"): number | undefined => {
  let node: unknown = document.contents
  let offset: number | undefined
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = pairOf(node, String(key))
      if (pair === undefined) return offset
      offset = startOf(pair.key) ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(key)]
      offset = startOf(node) ?? offset
    } else {
      return offset
    }
  }
  return of === "value" && !isMap(node) && !isSeq(node) ? (startOf(node) ?? offset) : offset
}

const pairOf = (map: YAMLMap, key: string): Pair | undefined =>
  map.items.find((pair) => String(scalarOf(pair.key)) === key)

const scalarOf = (node: unknown): unknown =>
  typeof node === "object" && node !== null && "value" in node ? node.value : node

const startOf = (node: unknown): number | undefined => {
  const range = typeof node === "object" && node !== null && "range" in node ? node.range : undefined
  const start: unknown = Array.isArray(range) ? range[0] : undefined
  return typeof start === "number" ? start : undefined
}
