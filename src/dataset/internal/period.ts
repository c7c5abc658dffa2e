/** Periods as file names: UTC years `2026`, months `2026-03`, days `2026-03-17`. */
import type { RowLayout } from "../../domain/RowLayout.js"
import type { TimeRange } from "../../domain/TimeRange.js"

export type PeriodKind = RowLayout["period"]

/** For DuckDB's `strftime`. */
export const format: Record<PeriodKind, string> = { year: "%Y", month: "%Y-%m", day: "%Y-%m-%d" }

const lengths: ReadonlyMap<number, PeriodKind> = new Map([
  [4, "year"],
  [7, "month"],
  [10, "day"]
])

export interface Period {
  readonly name: string
  readonly kind: PeriodKind
  /** In ms. */
  readonly range: TimeRange
}

/** The period that a name names; undefined for other names. */
export const parse = (name: string): Period | undefined => {
  const found = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/.exec(name)
  const kind = lengths.get(name.length)
  if (found === null || kind === undefined) return undefined
  const [year, month, day] = [Number(found[1]), Number(found[2] ?? 1) - 1, Number(found[3] ?? 1)]
  const start = Date.UTC(year, month, day)
  const end =
    kind === "year" ? Date.UTC(year + 1, 0) : kind === "month" ? Date.UTC(year, month + 1) : start + 86_400_000
  // A month 13 or a 30 February would roll over.
  return toText(start, kind) === name ? { name, kind, range: { start, end } } : undefined
}

/** The number of a period among those of its kind. */
export const ordinal = ({ kind, name, range }: Period): number => {
  if (kind === "day") return Math.floor(range.start / 86_400_000)
  const [year, month] = name.split("-").map(Number)
  return kind === "year" ? (year ?? 0) : (year ?? 0) * 12 + (month ?? 1)
}

const toText = (ms: number, kind: PeriodKind): string =>
  Number.isNaN(ms) ? "" : new Date(ms).toISOString().slice(0, kind === "year" ? 4 : kind === "month" ? 7 : 10)
