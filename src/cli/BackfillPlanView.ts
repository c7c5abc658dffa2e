/** What a backfill would do, for people and programs. */
import * as Schema from "effect/Schema"
import { PlannedSeries } from "../domain/Backfill.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

export class Plan extends Schema.Class<Plan>("outpost/cli/BackfillPlanView/Plan")({
  windows: Schema.NonNegativeInt,
  /** Milliseconds. */
  missing: Schema.NonNegativeInt,
  /** One series after the other, at the pace the sources allow; null where one of them says none. */
  seconds: Schema.NullOr(Schema.Number),
  series: Schema.Array(PlannedSeries)
}) {}

/** A series that is planned twice counts once. */
export const make = (planned: ReadonlyArray<PlannedSeries>): Plan => {
  const series = [...new Map(planned.map((one) => [one.series, one])).values()]
  const sum = (of: (one: PlannedSeries) => number) => series.reduce((total, one) => total + of(one), 0)
  return new Plan({
    windows: sum(({ windows }) => windows),
    missing: sum(({ missing }) => missing),
    seconds: series.some(({ seconds, windows }) => windows > 0 && seconds === null)
      ? null
      : sum(({ seconds }) => seconds ?? 0),
    series
  })
}

export const encode = Output.encode(Plan)

export const lines = ({ missing, seconds, series, windows }: Plan, style: Output.Style): ReadonlyArray<string> => {
  const failed = series.reduce((sum, one) => sum + one.failed, 0)
  return [
    ...Output.table(
      [["SERIES", "WINDOWS", "MISSING", "FROM", "TO", "TAKES", "FAILED BEFORE"], ...series.map(row)],
      style
    ),
    [
      Readable.plural(series.length, "series", "series"),
      Readable.plural(windows, "window"),
      missing === 0 ? "nothing missing" : `${Readable.span(missing)} missing`,
      ...(windows > 0 && seconds !== null ? [`at least ${Readable.span(seconds * 1000)} of fetching`] : [])
    ].join(", "),
    ...series.flatMap((one) => (one.error === undefined ? [] : [`${one.series} can't be fetched: ${one.error}`])),
    ...(failed === 0
      ? []
      : [
          `${Readable.plural(failed, "window")} failed before and ${failed === 1 ? "is" : "are"} tried with --retry-failed`
        ])
  ]
}

// ------------------------------------------------------------------------------------------------------------------

const row = (one: PlannedSeries): ReadonlyArray<string> => [
  one.series,
  Readable.count(one.windows),
  one.missing === 0 ? "nothing" : Readable.span(one.missing),
  one.first === null ? "" : Readable.utc(one.first),
  one.last === null ? "" : Readable.utc(one.last),
  one.seconds === null || one.windows === 0 ? "" : Readable.span(one.seconds * 1000),
  one.failed === 0 ? "" : Readable.count(one.failed)
]
