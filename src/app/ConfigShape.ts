/**
 * What a document is made of, told from its Schema: which keys a mapping knows, where lists and open records stand, and
 * which values are secrets. Walks over documents as they are written (before decoding) go by it. Pure.
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { mask, SecretId } from "../site/Secrets.js"

export type Shape =
  | { readonly _tag: "Struct"; readonly fields: ReadonlyMap<string, Shape>; readonly about?: string }
  | {
      readonly _tag: "Record"
      readonly value: Shape
      /** What is wrong with a name, or undefined. */
      readonly keyProblem: (key: string) => string | undefined
      readonly about?: string
    }
  | { readonly _tag: "List"; readonly item: Shape; readonly about?: string }
  | { readonly _tag: "Secret" | "Leaf" | "Open"; readonly about?: string }

/** Keys and indices from the root. */
export type Path = ReadonlyArray<string | number>

/** A mapping: what JSON and YAML call an object. */
export type Mapping = Readonly<Record<string, unknown>>

export const isMapping = (value: unknown): value is Mapping =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const of = (ast: SchemaAST.AST): Shape => {
  const about = Option.getOrUndefined(SchemaAST.getDescriptionAnnotation(ast))
  const shape = bare(ast)
  return about === undefined || SchemaAST.isStringKeyword(ast) || SchemaAST.isNumberKeyword(ast)
    ? shape
    : { ...shape, about }
}

/** The shape at a path, or undefined where the document knows none. Below an open record everything is open. */
export const at = (shape: Shape, path: Path): Shape | undefined => {
  let here: Shape | undefined = shape
  for (const key of path) here = here === undefined ? undefined : childOf(here, key)
  return here
}

export const childOf = (shape: Shape, key: string | number): Shape | undefined =>
  shape._tag === "Struct"
    ? shape.fields.get(String(key))
    : shape._tag === "Record"
      ? shape.value
      : shape._tag === "List"
        ? shape.item
        : shape._tag === "Open"
          ? shape
          : undefined

/** Rebuilds a document from the leaves up; `undefined` from `leaf` leaves the value out. */
export const map = (
  shape: Shape,
  value: unknown,
  leaf: (value: unknown, shape: Shape | undefined, path: Path) => unknown,
  path: Path = []
): unknown => {
  const inside = (key: string | number, item: unknown): unknown => {
    const child = childOf(shape, key)
    return child === undefined ? leaf(item, undefined, [...path, key]) : map(child, item, leaf, [...path, key])
  }
  if (shape._tag === "Leaf" || shape._tag === "Secret") return leaf(value, shape, path)
  if (Array.isArray(value)) return value.map((item, index) => inside(index, item))
  if (!isMapping(value)) return leaf(value, shape, path)
  return Object.fromEntries(
    Object.keys(value).flatMap((key) => {
      const item = inside(key, value[key])
      return item === undefined ? [] : [[key, item]]
    })
  )
}

/** Whether the value at this place is a secret: declared so, or in an open record under a name that says so. */
export const isSecret = (shape: Shape | undefined, path: Path, value: unknown): boolean =>
  shape?._tag === "Secret"
    ? value !== null && value !== undefined && value !== ""
    : shape?._tag === "Open" && typeof value === "string" && value !== "" && path.some((key) => tells.test(String(key)))

/** The document with every set secret as `********`. */
export const masked = (shape: Shape, document: Mapping): Mapping =>
  asMapping(map(shape, document, (value, here, path) => (isSecret(here, path, value) ? mask : value)))

/** Every secret that is set, with its place. */
export const secretsOf = (shape: Shape, document: Mapping): ReadonlyArray<readonly [Path, unknown]> => {
  const found: Array<readonly [Path, unknown]> = []
  map(shape, document, (value, here, path) => {
    if (isSecret(here, path, value)) found.push([path, value])
    return value
  })
  return found
}

/** The document without `null`s, which mean the same as nothing, outside of open records. */
export const withoutNulls = (shape: Shape, document: Mapping): Mapping =>
  asMapping(
    map(shape, document, (value, _, path) =>
      value === null && at(shape, path.slice(0, -1))?._tag !== "Open" ? undefined : value
    )
  )

export const asMapping = (value: unknown): Mapping => (isMapping(value) ? value : {})

/** The value at a path, or undefined. */
export const get = (document: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (here, key) =>
      Array.isArray(here)
        ? here[Number(key)]
        : isMapping(here) && Object.hasOwn(here, key)
          ? here[String(key)]
          : undefined,
    document
  )

/** The document with the value at a path replaced; `undefined` takes it away. Missing mappings on the way are made. */
export const put = (document: unknown, path: Path, value: unknown): unknown => {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (Array.isArray(document))
    return document.map((item, index) => (index === Number(key) ? put(item, rest, value) : item))
  const before = asMapping(document)
  const child = put(Object.hasOwn(before, key) ? before[String(key)] : undefined, rest, value)
  const others = Object.entries(before).filter(([name]) => name !== String(key))
  if (child === undefined) return Object.fromEntries(others)
  return Object.hasOwn(before, key)
    ? Object.fromEntries(Object.entries(before).map(([name, old]) => [name, name === String(key) ? child : old]))
    : Object.fromEntries([...others, [String(key), child]])
}

/** Deep equality of plain JSON; the order of keys does not matter. */
export const same = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => same(item, b[i]))
  if (!isMapping(a) || !isMapping(b) || Array.isArray(a) || Array.isArray(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]))
}

// ------------------------------------------------------------------------------------------------------------------

const tells = /token|password|passwd|secret|(api|private)_?key|credential/i

/** Names that do not match a record's key would be dropped in silence by decoding, so they are looked at here. */
const problemOf = (parameter: SchemaAST.AST): ((key: string) => string | undefined) => {
  const decode = ParseResult.decodeUnknownEither(Schema.make(parameter))
  return (key) =>
    Either.match(decode(key), {
      onLeft: (issue) => ParseResult.ArrayFormatter.formatIssueSync(issue)[0]?.message ?? "is no name for an entry",
      onRight: () => undefined
    })
}

const bare = (ast: SchemaAST.AST): Shape => {
  if (ast.annotations[SecretId] === true) return { _tag: "Secret" }
  switch (ast._tag) {
    case "Transformation":
      return of(ast.from)
    case "Refinement":
      return of(ast.from)
    case "Suspend":
      return of(ast.f())
    case "Union":
      return ast.types.map(of).find((shape) => shape._tag !== "Leaf") ?? { _tag: "Leaf" }
    case "TupleType": {
      const item = ast.rest[0]?.type ?? ast.elements[0]?.type
      return item === undefined ? { _tag: "Leaf" } : { _tag: "List", item: of(item) }
    }
    case "TypeLiteral": {
      const [index] = ast.indexSignatures
      if (index !== undefined && ast.propertySignatures.length === 0) {
        const value = of(index.type)
        return value._tag === "Open"
          ? { _tag: "Open" }
          : { _tag: "Record", value, keyProblem: problemOf(index.parameter) }
      }
      const fields = ast.propertySignatures.map((field) => [String(field.name), of(field.type)] as const)
      return { _tag: "Struct", fields: new Map(fields) }
    }
    case "UnknownKeyword":
      return { _tag: "Open" }
    default:
      return { _tag: "Leaf" }
  }
}
