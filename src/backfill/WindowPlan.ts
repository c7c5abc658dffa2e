/**
 * Which windows a series still needs: the requested range without what is covered, cut into windows of the source's page, of
 * a fixed length, or into calendar days or months of a zone. A window never reaches over what is covered already, so that
 * another start or another window size fetches nothing twice.
 */
import * as DateTime from "effect/DateTime"
import * as TimeRange from "../domain/TimeRange.js"

/** Milliseconds, or a calendar unit in a zone. */
export type WindowSize =
  { readonly millis: number } | { readonly calendar: "day" | "month"; readonly zone: DateTime.TimeZone }

export interface PlanOptions {
  readonly range: TimeRange.TimeRange
  readonly covered: TimeRange.TimeRanges
  readonly size: WindowSize
  /** Rows stand at multiples of so many milliseconds; 1 where they don't. */
  readonly grid: number
}

/** The missing ranges, widened to whole steps of the grid; what does not hold one whole step is not missing yet. */
export const missing = ({ covered, grid, range }: Omit<PlanOptions, "size">): TimeRange.TimeRanges => {
  const whole = { start: ceil(range.start, grid), end: floor(range.end, grid) }
  return TimeRange.union(
    TimeRange.subtract([whole], covered).map(({ end, start }) => ({ start: floor(start, grid), end: ceil(end, grid) }))
  )
}

/** In order of time. Lazily made: a plan of a hundred thousand windows costs nothing before it is walked. */
export function* windows(options: PlanOptions): Generator<TimeRange.TimeRange> {
  for (const range of missing(options)) yield* cut(range, options.size, options.grid)
}

/** How many there are. */
export const count = (options: PlanOptions): number =>
  missing(options).reduce((sum, range) => sum + pieces(range, options.size, options.grid), 0)

// -----------------------------------------------------------------------------

const floor = (at: number, grid: number): number => Math.floor(at / grid) * grid
const ceil = (at: number, grid: number): number => Math.ceil(at / grid) * grid

const step = (millis: number, grid: number): number => Math.max(grid, floor(millis, grid))

const pieces = (range: TimeRange.TimeRange, size: WindowSize, grid: number): number => {
  if ("millis" in size) return Math.ceil(TimeRange.length(range) / step(size.millis, grid))
  let n = 0
  for (const _ of cut(range, size, grid)) n++
  return n
}

function* cut(range: TimeRange.TimeRange, size: WindowSize, grid: number): Generator<TimeRange.TimeRange> {
  for (let { start } = range; start < range.end;) {
    const next = "millis" in size ? start + step(size.millis, grid) : turn(start, size.calendar, size.zone, grid)
    const end = Math.min(range.end, next)
    yield { start, end }
    start = end
  }
}

/** The first step of the grid at or behind the next turn of the calendar. */
const turn = (at: number, unit: "day" | "month", zone: DateTime.TimeZone, grid: number): number => {
  const local = DateTime.unsafeMakeZoned(at, { timeZone: zone })
  const begin = DateTime.startOf(local, unit)
  const next = DateTime.add(begin, unit === "day" ? { days: 1 } : { months: 1 })
  return Math.max(at + grid, ceil(DateTime.toEpochMillis(next), grid))
}
