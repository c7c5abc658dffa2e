/** Rows of a series on disk, made ready for a plot. */
import { TypeSeries } from "./TypeSeries.js"

export type DataRow = { readonly [column: string]: unknown }

/** Unix milliseconds of a time in seconds, milli-, micro- or nanoseconds, or written out; NaN where it is none. */
export const millisOf = (value: unknown): number => {
  if (typeof value === "string" && Number.isNaN(Number(value))) return Date.parse(value)
  const time = typeof value === "string" ? Number(value) : typeof value === "number" ? value : Number.NaN
  const size = Math.abs(time)
  return size < 1e11 ? time * 1e3 : size < 1e14 ? time : size < 1e17 ? time / 1e3 : time / 1e6
}

/** The column that bears the time. */
export const timeColumn = (row: DataRow): string | undefined =>
  Object.keys(row).find((name) => /^(ts|time|timestamp)$/i.test(name)) ?? Object.keys(row)[0]

/** Columns with numbers to plot, the one that tells most first. */
export const valueColumns = (rows: ReadonlyArray<DataRow>): ReadonlyArray<string> => {
  const names = new Set<string>()
  for (const row of rows)
    for (const [name, value] of Object.entries(row)) if (typeof value === "number") names.add(name)
  const time = rows[0] === undefined ? undefined : timeColumn(rows[0])
  const found = Array.from(names).filter((name) => name !== time && !/^(tid|id)$/.test(name))
  const first = ["close", "price"].find((name) => names.has(name))
  return first === undefined ? found : [first, ...found.filter((name) => name !== first)]
}

/** One column over time. A step longer than `step` (milliseconds; undefined: as they come) is a break in the line. */
export const seriesOf = (
  name: string,
  rows: ReadonlyArray<DataRow>,
  column: string,
  step: number | undefined
): TypeSeries => {
  const series = new TypeSeries(name)
  const first = rows[0]
  const time = first === undefined ? undefined : timeColumn(first)
  if (time === undefined) return series
  const points = rows
    .map((row) => ({ at: millisOf(row[time]), value: row[column] }))
    .filter(({ at }) => Number.isFinite(at))
    .sort((a, b) => a.at - b.at)
  for (const { at, value } of points) series.add(at, typeof value === "number" ? [{ path: column, value }] : [])
  for (let row = 1; row < series.times.length; row++) {
    const gap = (series.times[row] ?? 0) - (series.times[row - 1] ?? 0)
    series.breaks[row] = step !== undefined && gap > 1.5 * step
  }
  return series
}

/** Milliseconds of a span's label such as `1m`, `4h`, `1d`; undefined where rows come when they come. */
export const spanMillis = (label: string): number | undefined => {
  const found = /^(\d+)(s|m|h|d|w)$/.exec(label)
  const unit = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 }[found?.[2] ?? ""]
  return found === null || unit === undefined ? undefined : Number(found[1]) * unit
}
