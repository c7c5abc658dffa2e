/**
 * How the rows of a series stand in a file: the column of time and its unit, the other columns in their order, what makes a
 * row the same as another one (its natural key), and how much time one file holds. Rows themselves are plain records by the
 * name of a field, with the time as nanoseconds since the epoch, whatever the unit in the file.
 */

/** A value of a row. Numbers beyond 2^53 are bigints; what is unknown is null. */
export type Cell = string | number | bigint | boolean | null

/** One row. The field of its time holds nanoseconds since the epoch as a bigint. */
export type Row = Readonly<Record<string, Cell>>

export interface Column {
  /** As it stands in the file. */
  readonly name: string
  readonly type: "int64" | "double" | "text" | "boolean"
  /** The field of a row it is taken from. */
  readonly field: string
}

export interface RowLayout {
  readonly time: {
    readonly name: string
    readonly field: string
    readonly unit: "s" | "ms" | "us" | "ns"
    /** `double` keeps fractions of the unit. */
    readonly type: "int64" | "double"
  }
  /** Without the time, in the order of the file. */
  readonly columns: ReadonlyArray<Column>
  /** Fields that together tell rows apart. Where one of them is null in a row, `otherwise` counts for it. */
  readonly key: ReadonlyArray<string>
  readonly otherwise?: ReadonlyArray<string> | undefined
  /** UTC years, months or days of the time. */
  readonly period: "year" | "month" | "day"
}
