/**
 * The numbers of one event type over time, bounded: rows in order of time, a column per field. Silence that is longer than
 * the type's usual pace is marked as a break, so that it can be drawn as one. Beyond its capacity the older rows are thinned
 * (their peaks stay), and rows beyond the horizon are let go.
 */
import { downsample } from "./Downsample.js"
import type { Leaf } from "./NumericLeaves.js"

/** Most rows of one type. */
export const capacity = 6_000

/** How many times the usual pace a silence must last to count as one, and its least length. */
const patience = 5
const leastSilence = 3_000

const remembered = 15

export class TypeSeries {
  /** Unix milliseconds, ascending. */
  readonly times: Array<number> = []
  readonly columns = new Map<string, Array<number | undefined>>()
  /** True where silence came before the row. */
  readonly breaks: Array<boolean> = []
  private readonly intervals: Array<number> = []
  private readonly sizes = new Map<string, number>()

  constructor(readonly type: string) {}

  get paths(): ReadonlyArray<string> {
    return Array.from(this.columns.keys())
  }

  get lastAt(): number | undefined {
    return this.times.at(-1)
  }

  /** The usual time between two events, once there have been a few. */
  get pace(): number | undefined {
    if (this.intervals.length < 3) return undefined
    const sorted = this.intervals.toSorted((a, b) => a - b)
    return sorted[Math.floor(sorted.length / 2)]
  }

  /** How long a silence is normal. */
  get longestSilence(): number {
    return Math.max(leastSilence, patience * (this.pace ?? 0))
  }

  add(at: number, leaves: ReadonlyArray<Leaf>): void {
    const last = this.lastAt
    if (last === undefined || at >= last) this.append(at, leaves, last)
    else this.insert(at, leaves)
    if (this.times.length > capacity) this.thin()
  }

  /** Lets go of rows older than a time. */
  forgetBefore(time: number): void {
    const first = this.times.findIndex((at) => at >= time)
    this.drop(first < 0 ? this.times.length : first)
  }

  /** The newest value of a field. */
  latest(path: string): number | undefined {
    return this.columns.get(path)?.findLast((value) => value !== undefined)
  }

  /** The greatest size a field has had. */
  greatest(path: string): number {
    return this.sizes.get(path) ?? 0
  }

  private append(at: number, leaves: ReadonlyArray<Leaf>, last: number | undefined): void {
    const silence = last === undefined ? 0 : at - last
    const broken = this.pace !== undefined && silence > this.longestSilence
    if (last !== undefined && !broken) {
      this.intervals.push(silence)
      if (this.intervals.length > remembered) this.intervals.shift()
    }
    this.fill(this.times.length, leaves)
    this.times.push(at)
    this.breaks.push(broken)
    for (const column of this.columns.values()) if (column.length < this.times.length) column.push(undefined)
  }

  private insert(at: number, leaves: ReadonlyArray<Leaf>): void {
    const row = this.times.findLastIndex((time) => time <= at) + 1
    for (const column of this.columns.values()) column.splice(row, 0, undefined)
    this.times.splice(row, 0, at)
    this.breaks.splice(row, 0, false)
    this.fill(row, leaves)
  }

  private fill(row: number, leaves: ReadonlyArray<Leaf>): void {
    for (const { path, value } of leaves) {
      let column = this.columns.get(path)
      if (column === undefined) {
        column = Array.from({ length: this.times.length }, () => undefined)
        this.columns.set(path, column)
      }
      column[row] = value
      if (Math.abs(value) > this.greatest(path)) this.sizes.set(path, Math.abs(value))
    }
  }

  private drop(rows: number): void {
    if (rows === 0) return
    this.times.splice(0, rows)
    this.breaks.splice(0, rows)
    for (const column of this.columns.values()) column.splice(0, rows)
  }

  /** The older three quarters are thinned to half as many rows. */
  private thin(): void {
    const old = Math.floor((this.times.length * 3) / 4)
    const columns = Array.from(this.columns.values(), (column) => column.slice(0, old))
    const kept = downsample(old, columns, Math.floor(old / 2), (row) => this.breaks[row] === true)
    const take = <A>(values: Array<A>) => {
      const chosen = kept.flatMap((row) => values.slice(row, row + 1))
      values.splice(0, old, ...chosen)
    }
    take(this.times)
    take(this.breaks)
    for (const column of this.columns.values()) take(column)
    // Thinning bears on rows with many fields: where it gains nothing the oldest rows go.
    if (this.times.length > capacity) this.drop(this.times.length - capacity)
  }
}
