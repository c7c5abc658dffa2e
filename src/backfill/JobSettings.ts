/**
 * The section `jobs`: what is fetched beyond the collector's own candles. Each entry names a history, the series it gives
 * and the range that must be whole.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { SeriesPart } from "../domain/Series.js"
import { CronText } from "../schedule/Trigger.js"
import * as Instant from "../site/Instant.js"
import { Count, DurationText, optionalSetting, setting, ZoneName } from "../site/Setting.js"

/** `day`, `month`, or a duration. */
export const WindowText = Schema.Union(Schema.Literal("day", "month"), DurationText).annotations({
  description: "day, month, or a duration such as 6h"
})

const utc = DateTime.zoneUnsafeMakeNamed("UTC")

const MomentText = Schema.String.pipe(
  Schema.filter((text) => Option.isSome(Instant.parse(text, 0, utc)) || `expected a time: ${Instant.spellings}`)
)

const LedgerPath = Schema.NonEmptyString.pipe(
  Schema.filter(
    (text) =>
      !(text.startsWith("/") || text.includes("\0") || text.split(/[/\\]/).includes("..")) ||
      "expected a path inside the site's directory: relative, without .."
  )
)

export class JobSettings extends Schema.Class<JobSettings>("outpost/backfill/JobSettings")({
  source: Schema.String.annotations({
    description: "The history: an exchange, http, files, generator, telemetry, ccxt"
  }),
  settings: setting(
    Schema.Record({ key: Schema.String, value: Schema.Unknown }),
    {},
    "What the history needs to know; see its page in the manual"
  ),
  as: optionalSetting(SeriesPart, "Name of the source in paths and ledgers; default the history's or the job's name"),
  type: setting(SeriesPart, "ohlc", "Kind of rows: ohlc, trades, orderbook, or one of the history's own"),
  pairs: setting(Schema.Array(Schema.String), [], "Whose rows: pairs such as BTC/USDT, stations, sensors"),
  span: optionalSetting(DurationText, "Time between rows, such as 1h; needed for ohlc"),
  start: setting(MomentText, "2020-01-01", "Where the range begins: a date, an instant, or a time ago such as 30d"),
  end: optionalSetting(MomentText, "Where it ends; default now"),
  timezone: optionalSetting(ZoneName, "Zone of start, end and calendar windows; default settings.timezone"),
  window: optionalSetting(WindowText, "How much one request asks for; default what the source gives at once"),
  concurrency: setting(Count, 4, "Windows of one series at the same time"),
  max_retries: setting(Count, 3, "Attempts per window"),
  retry_delay: setting(DurationText, Duration.seconds(2), "Wait before the second attempt; doubled for each more"),
  fill: setting(Schema.Literal("none", "forward"), "none", "forward invents the rows a source does not have"),
  upload: setting(Schema.Boolean, false, "Copy finished files to storage.remotes as part of each window's pipeline"),
  ledger: optionalSetting(LedgerPath, "The ledger file, inside the site; default .outpost/ledgers/<series>.csv"),
  every: optionalSetting(DurationText, "Fetch what is new at this interval"),
  cron: optionalSetting(CronText, "Fetch what is new at these times: five or six cron fields"),
  auto_heal: setting(Schema.Boolean, false, "Fetch a hole that is found by itself"),
  enabled: setting(Schema.Boolean, true, "Off keeps the entry without running it")
}) {}

export const Jobs = Schema.Record({ key: SeriesPart, value: JobSettings })
export type Jobs = typeof Jobs.Type
