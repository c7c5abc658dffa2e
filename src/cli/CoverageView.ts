/** What is known of series, for people: totals, calendars, and the holes one by one. Pure. */
import type * as DateTime from "effect/DateTime"
import type { SeriesCoverage } from "../domain/Backfill.js"
import * as CoverageCalendar from "./CoverageCalendar.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

/** A stretch that is not there. */
export interface Hole {
  readonly start: number
  readonly end: number
  readonly state: "failed" | "unknown"
}

/** What failed and what nobody has asked for yet, in order of time. */
export const holes = (one: SeriesCoverage): ReadonlyArray<Hole> => {
  const least = CoverageCalendar.leastHole(one)
  return [
    ...one.failed.map(([start, end]): Hole => ({ start, end, state: "failed" })),
    ...one.unknown
      .map(([start, end]): Hole => ({ start, end, state: "unknown" }))
      .filter((hole) => hole.end - hole.start >= least)
  ].sort((a, b) => a.start - b.start)
}

/** A row for each series. */
export const table = (all: ReadonlyArray<SeriesCoverage>, style: Output.Style): ReadonlyArray<string> =>
  Output.table(
    [
      ["SERIES", "FROM", "TO", "FETCHED", "EMPTY", "FAILED", "UNKNOWN", "HOLES"],
      ...all.map((one) => {
        const share = shares(one)
        return [
          one.series,
          Readable.utc(one.start),
          Readable.utc(one.end),
          share.fetched,
          share.empty,
          one.failed.length === 0 ? share.failed : style.bad(share.failed),
          share.unknown,
          Readable.count(holes(one).length)
        ]
      })
    ],
    style
  )

/** A calendar of each, and below them what the glyphs mean. */
export const calendars = (
  all: ReadonlyArray<SeriesCoverage>,
  zone: DateTime.TimeZone,
  mostHoles: number,
  style: Output.Style
): ReadonlyArray<string> =>
  all.length === 0
    ? ["no series; the config has no jobs"]
    : [...all.flatMap((one) => [...calendar(one, zone, mostHoles, style), ""]), CoverageCalendar.legend(style)]

// ------------------------------------------------------------------------------------------------------------------

const calendar = (
  one: SeriesCoverage,
  zone: DateTime.TimeZone,
  mostHoles: number,
  style: Output.Style
): ReadonlyArray<string> => {
  const share = shares(one)
  const at = (millis: number) => Readable.wallClock(millis, zone)
  const found = holes(one)
  const rows = found.slice(0, mostHoles).map(({ end, start, state }) => {
    const text = `${at(start)} to ${at(end)}  ${Readable.span(end - start)}`
    return `  ${state === "failed" ? style.bad("failed ") : style.dim("unknown")}  ${text}`
  })
  return [
    `${style.bold(one.series)}  ${at(one.start)} to ${at(one.end)}`,
    `${share.fetched} fetched, ${share.empty} empty, ${share.failed} failed, ${share.unknown} unknown`,
    ...CoverageCalendar.lines(CoverageCalendar.days(one, zone), style),
    ...(found.length === 0 ? ["no holes"] : [`${Readable.plural(found.length, "hole")}:`, ...rows]),
    ...(found.length > rows.length ? [`  and ${Readable.count(found.length - rows.length)} more`] : [])
  ]
}

const shares = ({ empty, end, failed, fetched, start, unknown }: SeriesCoverage) => {
  const share = (ranges: SeriesCoverage["fetched"]) =>
    end <= start
      ? "0 %"
      : Readable.percent(
          ranges.reduce((sum, range) => sum + range[1] - range[0], 0),
          end - start
        )
  return { fetched: share(fetched), empty: share(empty), failed: share(failed), unknown: share(unknown) }
}
