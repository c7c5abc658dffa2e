/** `coverage`: what is fetched of each series, what is confirmed empty, what failed, and what nobody has asked for yet. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { SeriesCoverage } from "../domain/Backfill.js"
import * as Series from "../domain/Series.js"
import { BackfillOperations } from "../operations/BackfillOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import * as CoverageView from "./CoverageView.js"
import { NotFound, UsageProblem } from "./Failure.js"
import * as Flags from "./Flags.js"
import * as Instant from "./Instant.js"
import * as Output from "./Output.js"

/** Of more series than these nobody reads the calendars. */
const mostCalendars = 12

export const coverage = CommandSpec.make(
  "coverage",
  {
    summary: "A calendar of each series: fetched, empty, failed, unknown; and its holes",
    about: [
      "A cell is a day. One that is fetched has all its windows, or the source has confirmed that there is nothing in them. " +
        `Of more than ${mostCalendars} series a table is shown instead; name one for its calendar. With --json the ranges.`
    ],
    examples: [
      ["outpost coverage", "the series of the config's jobs"],
      ["outpost coverage binance/ohlc/BTC-USDT/1h --start 2024-01-01", "one of them, from a day on"],
      ["outpost coverage --json | jq '.coverage[] | {series, unknown}'", "for programs, in milliseconds"]
    ]
  },
  {
    series: Flags.optionalArgument("SERIES", "Its key, as outpost inventory shows it (default those of all jobs)"),
    start: Flags.text("start", "T", `From this moment on (default as the job says): ${Instant.spellings}`),
    end: Flags.text("end", "T", "Up to this moment (default now)"),
    zone: Flags.text("zone", "ZONE", "Days of this time zone, such as Europe/Berlin (default UTC)"),
    holes: Flags.integer("holes", { least: 0 }, "List at most so many holes of each series (default 10)")
  },
  ({ holes, series, ...asked }) =>
    Effect.gen(function* () {
      if (Option.isSome(series) && Series.ofKey(series.value) === undefined) {
        return yield* new UsageProblem({
          message: `'${series.value}' is no key of a series`,
          hint: "write it like binance/ohlc/BTC-USDT/1h; see what there is with: outpost inventory"
        })
      }
      const zone = yield* Option.match(asked.zone, { onNone: () => Effect.succeed(zoneUtc), onSome: zoneOf })
      const start = yield* Instant.option("start", asked.start)
      const end = yield* Instant.option("end", asked.end)
      if (start !== undefined && end !== undefined && start >= end) {
        return yield* new UsageProblem({ message: "--start is not before --end" })
      }
      const query = { series: Option.getOrUndefined(series), start, end }
      const found = yield* Effect.flatMap(BackfillOperations, (operations) => operations.coverage(query)).pipe(
        Connect.reading
      )
      if (Option.isSome(series) && found.every(({ end, start }) => end <= start)) {
        return yield* new NotFound({
          message: `nothing is known of ${series.value}`,
          hint: `see what there is with: outpost inventory; fetch it with: outpost backfill --series ${series.value}`
        })
      }
      const shown = Option.getOrElse(holes, () => 10)
      yield* Output.answer({
        json: () => encode({ coverage: found }),
        text: (style) =>
          found.length > mostCalendars
            ? CoverageView.table(found, style)
            : CoverageView.calendars(found, zone, shown, style)
      })
    })
)

// ------------------------------------------------------------------------------------------------------------------

const encode = Output.encode(Schema.Struct({ coverage: Schema.Array(SeriesCoverage) }))

const zoneUtc: DateTime.TimeZone = DateTime.zoneMakeOffset(0)

const zoneOf = (name: string): Effect.Effect<DateTime.TimeZone, UsageProblem, DateTime.CurrentTimeZone> =>
  name === "local"
    ? DateTime.CurrentTimeZone
    : Option.match(DateTime.zoneFromString(name), {
        onSome: Effect.succeed,
        onNone: () =>
          new UsageProblem({
            message: `--zone does not know '${name}'`,
            hint: "write a name such as Europe/Berlin, UTC, local, or +01:00"
          })
      })
