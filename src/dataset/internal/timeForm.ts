/**
 * How the time of a row stands in a column: a unit, as integers or as doubles with fractions of it. Expressions in SQL and
 * the same for single values. A double is read to the microsecond, which is what it can hold of times of this century.
 */
import type { RowLayout } from "../../domain/RowLayout.js"

export type TimeUnit = RowLayout["time"]["unit"]

export interface TimeForm {
  readonly unit: TimeUnit
  readonly type: "int64" | "double"
}

const nanos: Record<TimeUnit, number> = { s: 1e9, ms: 1e6, us: 1e3, ns: 1 }

/** Nanoseconds between two times that the form can tell apart, near the present. */
const resolution = ({ type, unit }: TimeForm): number => (type === "int64" ? nanos[unit] : unit === "s" ? 238 : 256)

/** The one that loses nothing of the other; the first where they are equal. */
export const finer = (a: TimeForm, b: TimeForm): TimeForm => (resolution(b) < resolution(a) ? b : a)

export const isSame = (a: TimeForm, b: TimeForm): boolean => a.unit === b.unit && a.type === b.type

/** SQL type of the column. */
export const sqlType = ({ type }: TimeForm): string => (type === "int64" ? "BIGINT" : "DOUBLE")

/** Nanoseconds as BIGINT of a column in this form; null for what is no time. */
export const toNanos = ({ type, unit }: TimeForm, sql: string): string => {
  const scale = nanos[unit]
  if (type === "int64") return scale === 1 ? sql : `try_cast(${sql}::hugeint * ${scale} as bigint)`
  if (scale < 1e6) return `(try_cast(round(${sql} * ${scale / 1e3}) as bigint) * 1000)`
  return `(try_cast(floor(${sql}) as bigint) * ${scale} + try_cast(round((${sql} - floor(${sql})) * ${scale / 1e3}) as bigint) * 1000)`
}

/** A column of this form from nanoseconds, rounded down. */
export const fromNanos = ({ type, unit }: TimeForm, sql: string): string => {
  const scale = nanos[unit]
  if (type === "int64") return scale === 1 ? sql : `(${sql} // ${scale})`
  return `((${sql} // ${scale})::double + (${sql} % ${scale})::double / ${scale})`
}

/** Whether a column holds a time: after the epoch, and a number. */
export const isTime = ({ type }: TimeForm, sql: string): string =>
  type === "int64" ? `${sql} > 0` : `(${sql} > 0 and ${sql} < 'infinity'::double)`

/** A value of this form that is not after an instant in ms, and the next one is; as SQL. */
export const atMillis = ({ type, unit }: TimeForm, ms: number): string =>
  type === "int64"
    ? String(unit === "s" ? Math.ceil(ms / 1e3) : BigInt(ms) * BigInt(1e6 / nanos[unit]))
    : `${(ms * 1e6) / nanos[unit]}::double`

/** Milliseconds of a value as it stands in the column, whole ones below it. */
export const millisOf = ({ type, unit }: TimeForm, value: bigint | number): number =>
  type === "int64"
    ? unit === "s"
      ? Number(value) * 1e3
      : Number(BigInt(value) / BigInt(1e6 / nanos[unit]))
    : Math.floor(Math.round((Number(value) * nanos[unit]) / 1e3) / 1e3)

/** The unit of a foreign column, by the size of its largest value: times are after 1973 and before 5138. */
export const guessUnit = (largest: number): TimeUnit =>
  largest < 1e11 ? "s" : largest < 1e14 ? "ms" : largest < 1e17 ? "us" : "ns"
