/**
 * Part files: rows of one page as NDJSON, `<start>_<end>.<sequence>.<rows>.ndjson` below a directory that bears the key of
 * the series. Time is in nanoseconds under the name of its field, everything else under the name of its field: a part means
 * the same whatever the configured unit. Numbers are written digit for digit; what is no JSON number is written as text.
 */
import * as Either from "effect/Either"
import * as Numeral from "../../domain/Numeral.js"
import type { Cell, Column, Row, RowLayout } from "../../domain/RowLayout.js"
import type { TimeRange } from "../../domain/TimeRange.js"
import type { Part } from "../Dataset.js"

/** What makes a row unfit, and where. */
export interface Unfit {
  readonly row: number
  readonly field: string
  readonly detail: string
}

export const nameOf = (window: TimeRange, sequence: number, rows: number): string =>
  `${window.start}_${window.end}.${sequence}.${rows}.ndjson`

/** The part that a file is; undefined for other files. */
export const parse = (directory: string, name: string): Part | undefined => {
  const found = /^(-?\d+)_(-?\d+)\.(\d+)\.(\d+)\.ndjson$/.exec(name)
  if (found === null) return undefined
  const [start = 0, end = 0, sequence = 0, rows = 0] = found.slice(1).map(Number)
  return { path: `${directory}/${name}`, window: { start, end }, sequence, rows }
}

/** A part that was being written when its life ended. */
export const isLeftover = (name: string): boolean => name.endsWith(".ndjson.new")

/** All rows, one a line. */
export const encode = (layout: RowLayout, rows: ReadonlyArray<Row>): Either.Either<Buffer, Unfit> => {
  const { field: time } = layout.time
  const columns = fieldsOf(layout)
  const twice = repeated(layout)
  if (twice !== undefined) return Either.left({ row: 0, field: twice, detail: "the layout names this column twice" })
  const prefixes = columns.map(({ field }) => `,${JSON.stringify(field)}:`)
  const begin = `{${JSON.stringify(time)}:`
  let text = ""
  for (const [k, row] of rows.entries()) {
    const instant = row[time] ?? null
    if (instant !== null && (typeof instant !== "bigint" || !isInt64(instant))) {
      return Either.left({ row: k, field: time, detail: "expected nanoseconds since the epoch" })
    }
    text += begin + String(instant)
    for (const [i, { field, type }] of columns.entries()) {
      const value = row[field] ?? null
      if (value === null) continue
      const spelt = spellings[type](value)
      if (spelt === undefined) return Either.left({ row: k, field, detail: `expected ${type}` })
      text += (prefixes[i] ?? "") + spelt
    }
    text += "}\n"
  }
  return Either.right(Buffer.from(text))
}

/** The fields of a layout without its time, each once, with the type of its first column. */
export const fieldsOf = ({ columns, time }: RowLayout): ReadonlyArray<Column> =>
  columns.filter(({ field }, k) => field !== time.field && columns.findIndex((one) => one.field === field) === k)

// -----------------------------------------------------------------------------

/** A column or a field that differs from another one at most in its case, which DuckDB does not tell apart. */
const repeated = (layout: RowLayout): string | undefined => {
  const twice = (names: ReadonlyArray<string>) => {
    const seen = new Set<string>()
    return names.find((name) => seen.size === seen.add(name.toLowerCase()).size)
  }
  return (
    twice([layout.time.name, ...layout.columns.map(({ name }) => name)]) ??
    twice([layout.time.field, ...fieldsOf(layout).map(({ field }) => field)])
  )
}

const isInt64 = (value: bigint): boolean => BigInt.asIntN(64, value) === value

/** A cell as JSON; undefined for what the column can't hold. */
const spellings: Record<Column["type"], (value: NonNullable<Cell>) => string | undefined> = {
  int64: (value) => {
    if (typeof value === "bigint") return isInt64(value) ? String(value) : undefined
    if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : undefined
    return typeof value === "string" && /^-?\d{1,18}$/.test(value) ? String(BigInt(value)) : undefined
  },
  double: (value) => {
    if (typeof value === "bigint") return String(value)
    if (typeof value === "number") return number(value)
    if (typeof value !== "string") return undefined
    if (Numeral.isPlain(value)) return value
    return isNumeral(value) ? number(Number(value)) : undefined
  },
  boolean: (value) => (typeof value === "boolean" ? String(value) : undefined),
  // A half of a pair is no character, and could not be read back.
  text: (value) => JSON.stringify(String(value).replaceAll(/\p{Surrogate}/gu, "\uFFFD"))
}

const number = (value: number): string =>
  Number.isFinite(value) ? (Object.is(value, -0) ? "-0.0" : String(value)) : `"${value}"`

const isNumeral = (text: string): boolean => /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(text)
