/**
 * A set of ranges that grows one range at a time: adding costs a binary search and the move of what lies behind, and what
 * touches becomes one range, so that years of windows side by side are one entry.
 *
 * @internal
 */
import type { TimeRange, TimeRanges } from "../../domain/TimeRange.js"

export class RangeSet {
  private readonly held: Array<TimeRange> = []

  get ranges(): TimeRanges {
    return this.held
  }

  add({ end, start }: TimeRange): void {
    if (end <= start) return
    const first = this.firstEndingAt(start)
    let behind = first
    let from = start
    let to = end
    for (; behind < this.held.length; behind++) {
      const next = this.held[behind]
      if (next === undefined || next.start > end) break
      from = Math.min(from, next.start)
      to = Math.max(to, next.end)
    }
    this.held.splice(first, behind - first, { start: from, end: to })
  }

  remove({ end, start }: TimeRange): void {
    if (end <= start) return
    const first = this.firstEndingAt(start)
    let behind = first
    const left: Array<TimeRange> = []
    for (; behind < this.held.length; behind++) {
      const next = this.held[behind]
      if (next === undefined || next.start >= end) break
      if (next.start < start) left.push({ start: next.start, end: Math.min(next.end, start) })
      if (next.end > end) left.push({ start: Math.max(next.start, end), end: next.end })
    }
    this.held.splice(first, behind - first, ...left)
  }

  /** The place of the first range that ends at or behind `at`. */
  private firstEndingAt(at: number): number {
    let low = 0
    let high = this.held.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.held[middle]?.end ?? Infinity) < at) low = middle + 1
      else high = middle
    }
    return low
  }
}
