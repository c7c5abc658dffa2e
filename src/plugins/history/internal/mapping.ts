/**
 * How the rows of a foreign document become ours: which field is the time, which become columns, what tells rows apart. The
 * part of the settings that histories over HTTP and of files have in common.
 *
 * @internal
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Cell, Column, Row, RowLayout } from "../../../domain/RowLayout.js"
import { optionalSetting, setting } from "../../../site/Setting.js"
import { at, numberOf } from "./fields.js"
import { follow, isPath } from "./jsonPath.js"
import { isTimeFormat, read } from "./timeText.js"

export const PathText = Schema.String.pipe(
  Schema.filter((path) => isPath(path) || "expected a path such as data.items or links[rel=next].href")
)

/** A path or a name, or for rows that are lists, an index. */
const FieldPlace = Schema.Union(Schema.NonNegativeInt, PathText)
type FieldPlace = typeof FieldPlace.Type

const TimeFormat = Schema.String.pipe(
  Schema.filter((format) => isTimeFormat(format) || "expected iso, date, s, ms, us, ns or a pattern such as %Y-%m-%d")
)

const ColumnName = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/, { message: () => "expected a name of letters, digits and _ . -" })
)

const ColumnSettings = Schema.Struct({
  field: optionalSetting(FieldPlace, "Path, name or index in a row; default the column's name"),
  type: setting(Schema.Literal("double", "int64", "text", "boolean"), "double", "double, int64, text or boolean")
})

const TimeSettings = Schema.Struct({
  field: setting(FieldPlace, "time", "Path, name or index of the time in a row"),
  format: setting(TimeFormat, "iso", "iso, date, s, ms, us, ns, or a pattern such as %Y%m%d%H; UTC"),
  column: setting(ColumnName, "TS", "What the column of time is called in the files"),
  unit: setting(Schema.Literal("s", "ms", "us", "ns"), "ms", "Unit of the time in the files")
})

export const mappingFields = {
  format: setting(Schema.Literal("json", "ndjson", "csv"), "json", "What a document is: json, ndjson or csv"),
  rows: setting(PathText, "", "json: path to the rows; empty where the document is the list itself"),
  shape: setting(Schema.Literal("rows", "columns"), "rows", "json: a list of rows, or columns of one length by name"),
  delimiter: setting(Schema.String.pipe(Schema.length(1)), ",", "csv: what stands between fields"),
  header: setting(Schema.Boolean, true, "csv: whether the first row has the names"),
  comment: optionalSetting(Schema.NonEmptyString, "csv: rows that begin with it are left out"),
  time: Schema.optionalWith(TimeSettings, { exact: true, default: () => Schema.decodeSync(TimeSettings)({}) }),
  columns: Schema.Record({ key: ColumnName, value: Schema.Union(FieldPlace, ColumnSettings) }).pipe(
    Schema.filter((columns) => Object.keys(columns).length > 0 || "expected at least one column")
  ),
  key: setting(Schema.Array(ColumnName), [], "Columns that tell rows of one time apart"),
  period: setting(Schema.Literal("year", "month", "day"), "month", "How much time one file holds"),
  missing: setting(
    Schema.Array(Schema.String),
    ["", "NA", "N/A", "NaN", "nan", "null", "-"],
    "Texts that stand for no value"
  )
} as const

const MappingSettings = Schema.Struct(mappingFields)
export type Mapping = typeof MappingSettings.Type

/** Columns that a key names and that are not there. */
export const unknownKeys = ({ columns, key }: Pick<Mapping, "columns" | "key">): ReadonlyArray<string> =>
  key.filter((name) => !Object.hasOwn(columns, name))

export const layoutOf = (mapping: Mapping): RowLayout => {
  const { column, unit } = mapping.time
  return {
    time: { name: column, field: column, unit, type: "int64" },
    columns: columnsOf(mapping).map(({ name, type }) => ({ name, type, field: name })),
    key: [column, ...mapping.key],
    period: mapping.period
  }
}

export interface MappedRow {
  readonly row: Row
  /** Nanoseconds. */
  readonly time: bigint
}

/** Reads rows of documents; undefined for one without a readable time, or with a cell that is not of its column's type. */
export const readerOf = (mapping: Mapping): ((item: unknown) => MappedRow | undefined) => {
  const columns = columnsOf(mapping)
  const missing = new Set(mapping.missing)
  const { column, field, format } = mapping.time
  return (item) => {
    const time = read(valueAt(item, field), format)
    if (time === undefined) return undefined
    const row: Record<string, Cell> = { [column]: time }
    for (const { name, place, type } of columns) {
      const value = valueAt(item, place)
      const isMissing =
        value === undefined || value === null || (typeof value === "string" && missing.has(value.trim()))
      const cell = isMissing ? null : cellOf(value, type)
      if (cell === undefined) return undefined
      row[name] = cell
    }
    return { row, time }
  }
}

// ------------------------------------------------------------------------------------------------------------------

const columnsOf = ({ columns }: Mapping) =>
  Object.entries(columns).map(([name, spec]) =>
    typeof spec === "object"
      ? { name, place: Option.getOrElse(spec.field, (): FieldPlace => name), type: spec.type }
      : { name, place: spec, type: "double" as const }
  )

const valueAt = (item: unknown, place: FieldPlace): unknown => {
  const direct = at(item, place)
  return direct === undefined && typeof place === "string" && place.includes(".") ? follow(item, place) : direct
}

const cellOf = (value: unknown, type: Column["type"]): Cell | undefined => {
  switch (type) {
    case "double":
      return numberOf(typeof value === "string" ? value.trim() : value)
    case "int64":
      return integerOf(value)
    case "boolean":
      return booleans.get(String(value).toLowerCase())
    case "text":
      return typeof value === "object" ? JSON.stringify(value) : String(value)
  }
}

const integerOf = (value: unknown): number | bigint | undefined => {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : undefined
  if (typeof value !== "string" || !/^\s*[+-]?\d{1,18}\s*$/.test(value)) return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : BigInt(value.trim())
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["1", true],
  ["yes", true],
  ["false", false],
  ["0", false],
  ["no", false]
])
