/** What the times in files show: runs of rows that follow each other by one span, and what is missing between them. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { StorageFailed } from "../../domain/Refusal.js"
import type { TimeRange, TimeRanges } from "../../domain/TimeRange.js"
import { subtract, union } from "../../domain/TimeRange.js"
import type { Session } from "../DuckDb.js"
import * as Footer from "./footer.js"
import { real, scan, timeOf } from "./mergeSql.js"
import { isTime, millisOf } from "./timeForm.js"

/** Rows that were given, not invented. */
export const realRows = ({ provenance, rows }: Footer.Footer): number => rows - (provenance?.filled ?? 0)

/** Whether the footer alone shows that no row is missing: in a file of ours no key stands twice. */
export const isWhole = (footer: Footer.Footer, span: number): boolean => {
  const { first, last } = footer.time
  if (footer.provenance === undefined || first === undefined || last === undefined) return false
  return realRows(footer) === (last - first) / (span * 1_000) + 1
}

/** Runs of a file as ranges in ms, each to one span after its last row; `session` is asked for only where times are read. */
export const ofFile = (
  session: Effect.Effect<Session, StorageFailed>,
  path: string,
  footer: Footer.Footer,
  span: number | undefined
): Effect.Effect<TimeRanges, StorageFailed> => {
  const { first, last } = footer.time
  if (first === undefined || last === undefined) return Effect.succeed([])
  if (span === undefined) return Effect.succeed([{ start: first, end: last + 1 }])
  if (isWhole(footer, span)) return Effect.succeed([{ start: first, end: last + span * 1_000 }])
  return Effect.gen(function* () {
    const { rows } = yield* session
    const found = yield* rows(edges(path, footer, span))
    return rangesOf(found, footer, span)
  })
}

/** A file that can't be read shows nothing. */
export const readable = (
  path: string,
  time: string | undefined
): Effect.Effect<Option.Option<Footer.Footer>, StorageFailed> =>
  Footer.read(path, time).pipe(
    Effect.asSome,
    Effect.catchTag("Unreadable", () => Effect.succeedNone)
  )

/** What is missing between the beginning of the first range and the end of the last. */
export const between = (ranges: TimeRanges): TimeRanges => {
  const covered = union(ranges)
  const [first, last] = [covered[0], covered.at(-1)]
  return first === undefined || last === undefined ? [] : subtract([{ start: first.start, end: last.end }], covered)
}

// -----------------------------------------------------------------------------

const stepOf = ({ time }: Footer.Footer, span: number): number =>
  span * { s: 1, ms: 1e3, us: 1e6, ns: 1e9 }[time.unit] * (time.type === "double" ? 1.000001 : 1)

/** First and last times of the runs. */
const edges = (path: string, footer: Footer.Footer, span: number): string => {
  const times = `select ${timeOf(footer.time)} as t from ${scan(path)} where ${real(footer)}`
  const step = stepOf(footer, span)
  return `select case when before is null or t - before > ${step} then t end as begins,
      case when after is null or after - t > ${step} then t end as ends
    from (select t, lag(t) over (order by t) as before, lead(t) over (order by t) as after from (${times})
      where ${isTime(footer.time, "t")})
    where begins is not null or ends is not null order by t`
}

const rangesOf = (
  found: ReadonlyArray<Readonly<Record<string, unknown>>>,
  { time }: Footer.Footer,
  span: number
): TimeRanges => {
  const ranges: Array<TimeRange> = []
  let start: number | undefined
  for (const { begins, ends } of found) {
    if (isNumber(begins)) start = millisOf(time, begins)
    if (isNumber(ends) && start !== undefined) {
      ranges.push({ start, end: millisOf(time, ends) + span * 1_000 })
    }
  }
  return ranges
}

const isNumber = (value: unknown): value is bigint | number => typeof value === "bigint" || typeof value === "number"
