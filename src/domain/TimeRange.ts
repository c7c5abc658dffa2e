/**
 * Ranges of time, `[start, end)` in whole milliseconds since the epoch, and sets of them. A set is an array of ranges that
 * are sorted, not empty and do not touch; every function here answers such a set and takes any array of ranges.
 */

export interface TimeRange {
  readonly start: number
  /** Not part of it. */
  readonly end: number
}

export type TimeRanges = ReadonlyArray<TimeRange>

export const isEmpty = (range: TimeRange): boolean => range.end <= range.start

export const length = (range: TimeRange): number => Math.max(0, range.end - range.start)

/** Milliseconds that a set covers. */
export const total = (ranges: TimeRanges): number => union(ranges).reduce((sum, range) => sum + length(range), 0)

/** Everything that is in one of them. */
export const union = (...sets: ReadonlyArray<TimeRanges>): TimeRanges => {
  const sorted = sets
    .flat()
    .filter((range) => !isEmpty(range))
    .sort((a, b) => a.start - b.start)
  const joined: Array<{ start: number; end: number }> = []
  for (const { end, start } of sorted) {
    const last = joined[joined.length - 1]
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else joined.push({ start, end })
  }
  return joined
}

/** What is in `from` and not in `taken`. */
export const subtract = (from: TimeRanges, taken: TimeRanges): TimeRanges => {
  const holes = union(taken)
  const left: Array<TimeRange> = []
  let k = 0
  for (const range of union(from)) {
    let { start } = range
    while (k > 0 && (holes[k - 1]?.end ?? 0) > start) k--
    for (; k < holes.length; k++) {
      const hole = holes[k]
      if (hole === undefined || hole.start >= range.end) break
      if (hole.end <= start) continue
      if (hole.start > start) left.push({ start, end: hole.start })
      start = Math.max(start, hole.end)
    }
    if (start < range.end) left.push({ start, end: range.end })
  }
  return left
}

/** What is in both. */
export const intersect = (a: TimeRanges, b: TimeRanges): TimeRanges => {
  const left = union(a)
  const right = union(b)
  const both: Array<TimeRange> = []
  for (let i = 0, j = 0; i < left.length && j < right.length;) {
    const x = left[i]
    const y = right[j]
    if (x === undefined || y === undefined) break
    const start = Math.max(x.start, y.start)
    const end = Math.min(x.end, y.end)
    if (start < end) both.push({ start, end })
    if (x.end < y.end) i++
    else j++
  }
  return both
}

/** Whether all of `range` is in the set. */
export const covers = (ranges: TimeRanges, range: TimeRange): boolean => subtract([range], ranges).length === 0
