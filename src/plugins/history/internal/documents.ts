/**
 * Documents of rows: JSON, JSON lines, delimited text. What is no document of its kind is a text that says why.
 *
 * @internal
 */
import * as Option from "effect/Option"
import * as delimited from "./delimited.js"
import { at, listOf } from "./fields.js"
import { follow } from "./jsonPath.js"
import { jsonOf } from "./answer.js"
import type { Mapping } from "./mapping.js"

export interface Document {
  /** As they stand there; undefined for one that can't be read. */
  readonly items: ReadonlyArray<unknown>
  /** The whole, where it is JSON. */
  readonly json: unknown
}

export const open = (mapping: Mapping, body: Buffer): Document | string => {
  switch (mapping.format) {
    case "json":
      return ofJson(mapping, body)
    case "ndjson":
      return ofLines(body)
    case "csv":
      return ofDelimited(mapping, body)
  }
}

// ------------------------------------------------------------------------------------------------------------------

const lineFeed = 0x0a

const lines = (body: Buffer): ReadonlyArray<string> =>
  body
    .toString("utf8")
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")

const ofLines = (body: Buffer): Document | string => {
  const items = lines(body).map((line) => jsonOf(Buffer.from(line)))
  // Without a line end behind it, what can't be read is no bad row but the half of one, and others may be missing.
  if (items.length > 0 && items.at(-1) === undefined && body.at(-1) !== lineFeed) return "ends within a line"
  return { items, json: undefined }
}

const ofJson = ({ rows, shape }: Mapping, body: Buffer): Document | string => {
  const json = jsonOf(body)
  if (json === undefined) return "is no JSON"
  const found = follow(json, rows)
  // An answer without the list is common where there is nothing to list.
  if (found === undefined || found === null) return rows === "" ? "is no list of rows" : { items: [], json }
  const items = shape === "rows" ? listOf(found) : transposed(found)
  if (items === undefined)
    return shape === "rows"
      ? "has no list where the rows should be"
      : "has no columns of one length where they should be"
  return { items, json }
}

/** Rows of columns of one length. */
const transposed = (columns: unknown): ReadonlyArray<unknown> | undefined => {
  if (typeof columns !== "object" || columns === null) return undefined
  const lists = Object.entries(columns).flatMap(([name, values]) =>
    Array.isArray(values) ? [[name, values] as const] : []
  )
  const length = lists[0]?.[1].length ?? 0
  if (lists.some(([, values]) => values.length !== length)) return undefined
  return Array.from({ length }, (_, n) => Object.fromEntries(lists.map(([name, values]) => [name, at(values, n)])))
}

const ofDelimited = ({ comment, delimiter, header }: Mapping, body: Buffer): Document | string => {
  const all = delimited.parse(body.toString("utf8"), delimiter)
  if (all === undefined) return "ends within a quoted field"
  const rows = all.filter(
    (row) =>
      (row.length > 1 || row[0] !== "") &&
      Option.match(comment, { onNone: () => true, onSome: (mark) => row[0]?.startsWith(mark) !== true })
  )
  if (!header) return { items: rows, json: undefined }
  const [names = [], ...rest] = rows
  const items = rest.map((row) =>
    // A row that was cut off is none.
    row.length < names.length ? undefined : Object.fromEntries(names.map((name, n) => [name.trim(), row[n]]))
  )
  return { items, json: undefined }
}
