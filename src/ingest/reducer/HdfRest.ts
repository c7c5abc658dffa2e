/**
 * What a reducer publishes, read as an HDF5 file over HTTP: the part of the HDF REST interface that clients of the field use.
 * Groups are objects, datasets are values; names that end in `_attrs` hold the attributes of what they are named after.
 * A pure function from a request to its answer.
 */
import * as Predicate from "effect/Predicate"
import { select, shapeOf, typeOf, valueOf } from "./HdfValue.js"
import { arrayOf, at, type Group, isGroup } from "./PublishedValue.js"

export type Answer =
  | { readonly status: 200; readonly contentType: "application/json"; readonly json: unknown }
  | { readonly status: 200; readonly contentType: "application/octet-stream"; readonly bytes: Uint8Array }
  | { readonly status: 404 | 400; readonly contentType: "application/json"; readonly json: { readonly detail: string } }

export interface Request {
  /** Of the URL, behind the place where the interface stands; begins with `/`. */
  readonly path: string
  /** `[a:b,c:d]`, of the elements of a dataset. */
  readonly select?: string | undefined
  /** Seconds since 1970. */
  readonly now: number
}

export const answer = (published: Group, request: Request): Answer => {
  const [collection, id, part, name, ...rest] = request.path.split("/").slice(1).map(decoded)
  const times = { created: request.now, lastModified: request.now }
  if (collection === "" && id === undefined) {
    return json({ ...times, root: idOf("g", []), owner: "admin", class: "domain" })
  }
  if ((collection !== "groups" && collection !== "datasets") || id === undefined || rest.length > 0) return missing
  const path = pathOf(collection === "groups" ? "g" : "d", id)
  if (path === undefined) return missing
  const value = path.length === 0 ? published : at(published, path)
  if (value === undefined || isGroup(value) !== (collection === "groups")) return missing
  if (part === "attributes") return attributes(attributesOf(published, path), name, times)
  if (isGroup(value)) return group(value, path, part, name, times, published)
  if (part === undefined) return json(dataset(value, path, id, times, published))
  return part === "value" && name === undefined ? values(value, request.select) : missing
}

// -----------------------------------------------------------------------------

interface Times {
  readonly created: number
  readonly lastModified: number
}

const json = (body: unknown): Answer => ({ status: 200, contentType: "application/json", json: body })

const missing: Answer = { status: 404, contentType: "application/json", json: { detail: "Not Found" } }

const prefix = "h5dict-"

/** Ids are paths in hexadecimal digits. */
const idOf = (kind: "g" | "d", path: ReadonlyArray<string>): string =>
  `${kind}-${prefix}${Buffer.from(`/${path.join("/")}`)
    .toString("hex")
    .toUpperCase()}`

const pathOf = (kind: "g" | "d", id: string): ReadonlyArray<string> | undefined => {
  const head = `${kind}-${prefix}`
  const digits = id.slice(head.length)
  if (!id.startsWith(head) || !/^([0-9A-F]{2})+$/i.test(digits)) return undefined
  const path = Buffer.from(digits, "hex").toString("utf8")
  return path === "/" ? [] : path.split("/").slice(1)
}

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

const suffix = "_attrs"

const namesOf = (value: Group) => Object.keys(value).filter((name) => !name.endsWith(suffix))

/** Of the root they stand beside its members; of all others beside themselves. */
const attributesOf = (root: Group, path: ReadonlyArray<string>): Group => {
  const name = path.at(-1) ?? ""
  const found = at(root, [...path.slice(0, -1), `${name}${suffix}`])
  return isGroup(found) ? found : {}
}

const attributeCount = (root: Group, path: ReadonlyArray<string>) => Object.keys(attributesOf(root, path)).length

const attribute = (name: string, value: unknown, times: Times) => ({
  ...times,
  name,
  type: typeOf(value),
  shape: shapeOf(value)
})

const attributes = (found: Group, name: string | undefined, times: Times): Answer => {
  if (name === undefined) {
    return json({ attributes: Object.entries(found).map(([key, value]) => attribute(key, value, times)) })
  }
  if (!Object.hasOwn(found, name)) return missing
  return json({ ...attribute(name, found[name], times), value: valueOf(found[name]) })
}

const link = (value: unknown, path: ReadonlyArray<string>, title: string, times: Times) => {
  const collection = isGroup(value) ? "groups" : "datasets"
  const id = idOf(collection === "groups" ? "g" : "d", [...path, title])
  return { ...times, class: "H5L_TYPE_HARD", collection, id, title }
}

const group = (
  value: Group,
  path: ReadonlyArray<string>,
  part: string | undefined,
  name: string | undefined,
  times: Times,
  root: Group
): Answer => {
  const names = namesOf(value)
  if (part === undefined) {
    const facts = { root: idOf("g", []), id: idOf("g", path), linkCount: names.length }
    return json({ ...times, ...facts, attributeCount: attributeCount(root, path) })
  }
  if (part !== "links") return missing
  if (name === undefined) return json({ links: names.map((title) => link(value[title], path, title, times)) })
  return names.includes(name) ? json({ link: link(value[name], path, name, times) }) : missing
}

const dataset = (value: unknown, path: ReadonlyArray<string>, id: string, times: Times, root: Group) => ({
  ...times,
  id,
  attributeCount: attributeCount(root, path),
  shape: shapeOf(value),
  type: typeOf(value),
  creationProperties: {
    allocTime: "H5D_ALLOC_TIME_LATE",
    fillTime: "H5D_FILL_TIME_IFSET",
    layout: { class: "H5D_CONTIGUOUS" }
  }
})

const values = (value: unknown, wanted: string | undefined): Answer => {
  const array = arrayOf(value)
  if (array === undefined) return Predicate.isRecord(value) ? missing : json({ value: valueOf(value) })
  const bytes = wanted === undefined ? array.bytes : select(array, wanted)
  return typeof bytes === "string"
    ? { status: 400, contentType: "application/json", json: { detail: bytes } }
    : { status: 200, contentType: "application/octet-stream", bytes }
}
