/** What a plot is given: aligned columns for a stretch of time, with gaps where there was silence. */
import { downsample } from "./Downsample.js"
import { unitOf, type Unit } from "./Quantity.js"
import type { TypeSeries } from "./TypeSeries.js"

/** Fields that can share an axis: of one unit, and of like size. */
export interface Group {
  readonly unit: Unit
  readonly paths: ReadonlyArray<string>
}

/** As many lines as there are colours. */
export const mostLines = 8

/** Sizes further apart than this can't be told from zero on one axis. */
const widest = 50

/** The groups of a type's fields; each keeps the fields' own order. */
export const groupsOf = (series: TypeSeries): ReadonlyArray<Group> => {
  const groups: Array<{ unit: Unit; paths: Array<string>; least: number; greatest: number }> = []
  for (const path of series.paths) {
    const unit = unitOf(series.type, path)
    const size = series.greatest(path)
    const fits = groups.find(
      (group) =>
        group.unit === unit &&
        group.paths.length < mostLines &&
        (size === 0 || group.greatest === 0 || (size <= group.least * widest && size * widest >= group.greatest))
    )
    if (fits === undefined) {
      groups.push({ unit, paths: [path], least: size === 0 ? Number.POSITIVE_INFINITY : size, greatest: size })
    } else {
      fits.paths.push(path)
      if (size > 0) fits.least = Math.min(fits.least, size)
      fits.greatest = Math.max(fits.greatest, size)
    }
  }
  return groups.map(({ paths, unit }) => ({ paths, unit }))
}

/** Null is a gap; undefined is a field that this row does not have. */
export type Cell = number | null | undefined

export interface Table {
  /** Unix seconds. */
  readonly x: Array<number>
  readonly ys: Array<Array<Cell>>
}

/** The rows from one time to another (Unix milliseconds), thinned to what so many points can show. */
export const tableOf = (
  series: TypeSeries,
  paths: ReadonlyArray<string>,
  from: number,
  to: number,
  points: number
): Table => {
  // One row beyond either edge, so that lines run out of the picture instead of ending before it.
  const first = Math.max(
    0,
    series.times.findLastIndex((time) => time < from)
  )
  const after = series.times.findIndex((time) => time > to)
  const end = after < 0 ? series.times.length : after + 1
  const columns = paths.map((path) => (series.columns.get(path) ?? []).slice(first, end))
  const kept = downsample(end - first, columns, points, (row) => series.breaks[first + row] === true)
  const x: Array<number> = []
  const ys: Array<Array<Cell>> = columns.map(() => [])
  for (const row of kept) {
    const at = series.times[first + row] ?? 0
    const before = series.times[first + row - 1]
    if (series.breaks[first + row] === true && before !== undefined && x.length > 0) {
      x.push((before + at) / 2000)
      for (const y of ys) y.push(null)
    }
    x.push(at / 1000)
    for (const [index, y] of ys.entries()) y.push(columns[index]?.[row])
  }
  return { x, ys }
}

/** Moves labels apart along a line so that none is nearer to its neighbour than `apart`; all stay between 0 and `height`. */
export const spread = (wanted: ReadonlyArray<number>, apart: number, height: number): ReadonlyArray<number> => {
  const order = wanted.map((place, index) => ({ place, index })).sort((a, b) => a.place - b.place)
  let floor = apart / 2
  for (const label of order) {
    label.place = Math.max(label.place, floor)
    floor = label.place + apart
  }
  let ceiling = height - apart / 2
  for (const label of order.toReversed()) {
    label.place = Math.min(label.place, ceiling)
    ceiling = label.place - apart
  }
  const placed = wanted.slice()
  for (const { index, place } of order) placed[index] = place
  return placed
}
