/** Rows as lines of text. DuckDB spells them, column by column, so that no row passes through objects on its way out. */
import { literal } from "../DuckDb.js"
import type { AnswerColumn } from "./reading.js"

export interface TextFormat {
  readonly head: (columns: ReadonlyArray<AnswerColumn>) => string
  /** An expression for the text of a row. */
  readonly line: (columns: ReadonlyArray<AnswerColumn>) => string
  readonly between: string
  /** After the last row, if there was some. */
  readonly end: (some: boolean) => string
}

/** What is no number has no spelling in JSON and is null. */
const json = ({ type }: AnswerColumn, a: string): string =>
  type === "double"
    ? `coalesce(case when isfinite(${a}) then ${a}::varchar end, 'null')`
    : `coalesce(${type === "text" ? `to_json(${a})` : a}::varchar, 'null')`

/** Null is nothing, and a text that is empty is a pair of quotes. */
const csv = ({ type }: AnswerColumn, a: string): string => {
  if (type !== "text") return `coalesce(${a}::varchar, '')`
  const quoted = `'"' || replace(${a}, '"', '""') || '"'`
  return `coalesce(case when ${a} = '' or regexp_matches(${a}, '[",\\r\\n]') then ${quoted} else ${a} end, '')`
}

const object = (columns: ReadonlyArray<AnswerColumn>): string => {
  const members = columns.map(
    (column, k) => `${literal(`${k === 0 ? "{" : ","}${JSON.stringify(column.name)}:`)} || ${json(column, `a${k}`)}`
  )
  return columns.length === 0 ? "'{}'" : `${members.join(" || ")} || '}'`
}

export const ndjson: TextFormat = { head: () => "", line: object, between: "\n", end: (some) => (some ? "\n" : "") }

export const jsonArray: TextFormat = { head: () => "[", line: object, between: ",\n", end: () => "]\n" }

export const csvTable: TextFormat = {
  head: (columns) => `${columns.map(({ name }) => quoted(name)).join(",")}\r\n`,
  line: (columns) => columns.map((column, k) => csv(column, `a${k}`)).join(" || ',' || "),
  between: "\r\n",
  end: (some) => (some ? "\r\n" : "")
}

// -----------------------------------------------------------------------------

const quoted = (name: string): string => (/[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)
