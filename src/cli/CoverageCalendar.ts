/**
 * What is known of a series as a calendar: a row for each month, a cell for each day, one glyph for each state, so that it
 * reads without colours and fits into 80 columns. Pure. Days are those of a time zone, 23 and 25 hours long where its clocks
 * change.
 */
import * as DateTime from "effect/DateTime"
import type { SeriesCoverage } from "../domain/Backfill.js"
import * as Series from "../domain/Series.js"
import type { Style } from "./Output.js"
import * as Readable from "./Readable.js"

/**
 * - `fetched`: all of it is there, or is confirmed empty.
 * - `empty`: all of it is confirmed empty.
 * - `partly`: some of it is not fetched yet.
 * - `failed`: some of it failed.
 */
export type DayState = "fetched" | "empty" | "partly" | "failed" | "unknown"

export interface Day {
  readonly year: number
  /** From 1. */
  readonly month: number
  readonly day: number
  readonly state: DayState
  /** Milliseconds of the day that were asked for, and those of them that are fetched or confirmed empty. */
  readonly asked: number
  readonly known: number
}

type Ranges = SeriesCoverage["fetched"]

/** The days that the range touches, in order. */
export const days = (coverage: SeriesCoverage, zone: DateTime.TimeZone): ReadonlyArray<Day> => {
  const { end, start } = coverage
  if (end <= start) return []
  const starts: Array<DateTime.Zoned> = []
  let day = DateTime.startOf(DateTime.unsafeMakeZoned(start, { timeZone: zone }), "day")
  for (; DateTime.toEpochMillis(day) < end; day = DateTime.startOf(DateTime.add(day, { days: 1 }), "day")) {
    starts.push(day)
  }
  const bounds = [...starts, day].map((at) => Math.min(end, Math.max(start, DateTime.toEpochMillis(at))))
  const fetched = perDay(coverage.fetched, bounds)
  const empty = perDay(coverage.empty, bounds)
  const failed = perDay(coverage.failed, bounds)
  const least = leastHole(coverage)
  return starts.map((at, index) => {
    const asked = (bounds[index + 1] ?? end) - (bounds[index] ?? start)
    const [full, none, bad] = [fetched[index] ?? 0, empty[index] ?? 0, failed[index] ?? 0]
    const isWhole = asked - full - none < least
    return {
      year: DateTime.getPart(at, "year"),
      month: DateTime.getPart(at, "month"),
      day: DateTime.getPart(at, "day"),
      state: stateOf(full, none, bad, isWhole),
      asked,
      known: full + none
    }
  })
}

/** Rows of months under a ruler. What is not all there has its share beside it. */
export const lines = (all: ReadonlyArray<Day>, style: Style): ReadonlyArray<string> => {
  const months = new Map<string, Array<Day>>()
  for (const day of all) {
    const key = `${day.year}-${day.month}`
    const month = months.get(key)
    if (month === undefined) months.set(key, [day])
    else month.push(day)
  }
  let year = Number.NaN
  const rows = [...months.values()].flatMap((month) => {
    const [first] = month
    if (first === undefined) return []
    const label = first.year === year ? "    " : String(first.year).padStart(4)
    year = first.year
    return `${label} ${monthNames[first.month - 1] ?? ""}  ${cells(month, style)}${share(month, style)}`
  })
  return rows.length === 0 ? [] : [style.dim(`${" ".repeat(10)}${ruler}`), ...rows]
}

/** What the glyphs mean. */
export const legend = (style: Style): string =>
  states.map((state) => `${paint(state, style)(glyphs[state])} ${state}`).join("   ")

/** Less than this, in milliseconds, is no hole: no row of the series can be missing in it. */
export const leastHole = ({ series }: SeriesCoverage): number => {
  const span = Series.ofKey(series)?.span
  return span === undefined ? 1 : span * 1000
}

// ------------------------------------------------------------------------------------------------------------------

const states = ["fetched", "empty", "partly", "failed", "unknown"] as const

const glyphs: { readonly [State in DayState]: string } = {
  fetched: "█",
  empty: "○",
  partly: "▒",
  failed: "x",
  unknown: "·"
}

const monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

const longestMonth = 31
const ruler = "1   5    10   15   20   25   30"

const paint = (state: DayState, style: Style) =>
  ({ fetched: style.good, empty: style.dim, partly: style.doubtful, failed: style.bad, unknown: style.dim })[state]

const stateOf = (fetched: number, empty: number, failed: number, isWhole: boolean): DayState =>
  failed > 0 ? "failed" : isWhole ? (fetched > 0 ? "fetched" : "empty") : fetched + empty > 0 ? "partly" : "unknown"

/** Milliseconds of a set of ranges in each of the days between the bounds. One walk over both. */
const perDay = (ranges: Ranges, bounds: ReadonlyArray<number>): ReadonlyArray<number> => {
  let next = 0
  return bounds.slice(0, -1).map((from, index) => {
    const to = bounds[index + 1] ?? from
    let sum = 0
    for (; next < ranges.length; next++) {
      const [start, end] = ranges[next] ?? [0, 0]
      if (start >= to) break
      sum += Math.max(0, Math.min(end, to) - Math.max(start, from))
      // It may reach into the next day.
      if (end > to) break
    }
    return sum
  })
}

/** The cells of one month; days outside the range are blank. */
const cells = (month: ReadonlyArray<Day>, style: Style): string => {
  let text = " ".repeat((month[0]?.day ?? 1) - 1)
  for (let at = 0; at < month.length;) {
    const state = month[at]?.state ?? "unknown"
    let end = at
    while (month[end]?.state === state) end++
    text += paint(state, style)(glyphs[state].repeat(end - at))
    at = end
  }
  return text
}

const share = (month: ReadonlyArray<Day>, style: Style): string => {
  const sum = (of: (day: Day) => number) => month.reduce((total, day) => total + of(day), 0)
  const known = sum((day) => day.known)
  const asked = sum((day) => day.asked)
  if (month.every(({ state }) => state === "fetched" || state === "empty")) return ""
  const last = month[month.length - 1]?.day ?? longestMonth
  return `${" ".repeat(longestMonth - last + 2)}${style.dim(Readable.percent(known, asked))}`
}
