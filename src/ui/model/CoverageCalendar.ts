/** What is known of a series, day by day (UTC): a year is a band of weeks, a cell is a day. */
import type { SeriesCoverage } from "../../domain/Backfill.js"

export const dayMillis = 86_400_000

/**
 * - `fetched`: all of the day is known and there are rows; `empty`: all of it is confirmed to have none.
 * - `failed`: some of it was given up; `partly`: some is known and some is not; `unknown`: nothing is.
 */
export type DayState = "fetched" | "empty" | "failed" | "partly" | "unknown"

export interface Day {
  /** Midnight, Unix milliseconds. */
  readonly at: number
  readonly state: DayState
  /** Shares of the part of the day that was asked for, between 0 and 1. */
  readonly fetched: number
  readonly empty: number
  readonly failed: number
}

export interface Year {
  readonly year: number
  readonly days: ReadonlyArray<Day>
}

/** Years with their days, the newest year first, from the first to the last day of the range. */
export const yearsOf = (coverage: SeriesCoverage): ReadonlyArray<Year> => {
  const fetched = walker(coverage.fetched)
  const empty = walker(coverage.empty)
  const failed = walker(coverage.failed)
  const years: Array<{ year: number; days: Array<Day> }> = []
  for (let at = midnight(coverage.start); at < coverage.end; at += dayMillis) {
    const from = Math.max(at, coverage.start)
    const to = Math.min(at + dayMillis, coverage.end)
    const length = to - from
    const day = dayOf(at, fetched(from, to) / length, empty(from, to) / length, failed(from, to) / length)
    const year = new Date(at).getUTCFullYear()
    const last = years.at(-1)
    if (last?.year === year) last.days.push(day)
    else years.push({ year, days: [day] })
  }
  return years.reverse()
}

/** Days of each state. */
export const tally = (years: ReadonlyArray<Year>): Readonly<Record<DayState, number>> => {
  const counts = { fetched: 0, empty: 0, failed: 0, partly: 0, unknown: 0 }
  for (const { days } of years) for (const { state } of days) counts[state]++
  return counts
}

/** Where a day stands in its year's band: the week from the left, Monday at the top. */
export const placeOf = (at: number): { readonly week: number; readonly row: number } => {
  const date = new Date(at)
  const first = Date.UTC(date.getUTCFullYear(), 0, 1)
  const row = weekday(at)
  return { row, week: Math.floor((Math.round((at - first) / dayMillis) + weekday(first)) / 7) }
}

/** The day that a key leads to, or undefined where it is none of the calendar's keys. */
export const moved = (at: number, key: string, first: number, last: number): number | undefined => {
  const steps: { readonly [key: string]: number | undefined } = {
    ArrowUp: -1,
    ArrowDown: 1,
    ArrowLeft: -7,
    ArrowRight: 7,
    PageUp: -28,
    PageDown: 28
  }
  const target = key === "Home" ? first : key === "End" ? last : at + (steps[key] ?? Number.NaN) * dayMillis
  return Number.isNaN(target) ? undefined : Math.min(last, Math.max(first, target))
}

/** `2026-11-22` */
export const dateOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** `fetched 80 %, empty 20 %` */
export const told = ({ empty, failed, fetched }: Day): string => {
  const unknown = Math.max(0, 1 - fetched - empty - failed)
  const parts = [
    ["fetched", fetched],
    ["confirmed empty", empty],
    ["failed", failed],
    ["unknown", unknown]
  ] as const
  return parts
    .filter(([, share]) => share > slack)
    .map(([word, share]) => `${word} ${percent(share)}`)
    .join(", ")
}

// ------------------------------------------------------------------------------------------------------------------

/** Less than a second of a day is no part of it. */
const slack = 1 / 86_400

const midnight = (at: number): number => Math.floor(at / dayMillis) * dayMillis

/** 0 for Monday. The first of January 1970 was a Thursday. */
const weekday = (at: number): number => (((Math.floor(at / dayMillis) + 3) % 7) + 7) % 7

const dayOf = (at: number, fetched: number, empty: number, failed: number): Day => {
  const known = fetched + empty
  const state =
    failed > slack
      ? "failed"
      : known >= 1 - slack
        ? fetched > slack
          ? "fetched"
          : "empty"
        : known > slack
          ? "partly"
          : "unknown"
  return { at, state, fetched, empty, failed }
}

/** Length of the ranges inside a stretch; stretches have to be asked for in order of time. */
const walker = (ranges: SeriesCoverage["fetched"]) => {
  let index = 0
  return (from: number, to: number): number => {
    while (index < ranges.length && (ranges[index]?.[1] ?? 0) <= from) index++
    let sum = 0
    for (let at = index; at < ranges.length; at++) {
      const range = ranges[at]
      if (range === undefined || range[0] >= to) break
      sum += Math.min(range[1], to) - Math.max(range[0], from)
    }
    return sum
  }
}

const percent = (share: number): string =>
  share >= 1 - slack ? "100 %" : share < 0.01 ? "<1 %" : `${Math.min(99, Math.round(share * 100))} %`
