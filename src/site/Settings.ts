/** The config sections `general` and `logs`: what a site is called and where its own log lines go. */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { DurationText, optionalSetting, section, setting, ZoneName } from "./Setting.js"

export class GeneralSettings extends Schema.Class<GeneralSettings>("outpost/site/GeneralSettings")({
  name: optionalSetting(
    Schema.NonEmptyString.pipe(Schema.maxLength(200, { message: () => "expected 1 to 200 characters" })),
    "The site's name; default: the machine's"
  ),
  timezone: setting(ZoneName, "local", "Zone of the site's days and pages: local, utc or an IANA name"),
  config_revision: optionalSetting(
    Schema.Int.pipe(Schema.greaterThanOrEqualTo(-1, { message: () => "expected a whole number from -1" })),
    "Number of this document; a remote one is taken only if it is greater"
  ),
  software_version: optionalSetting(
    Schema.String.pipe(
      Schema.pattern(/^\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?$/, { message: () => "expected a version such as 1.2.3" })
    ),
    "The release this document is meant for, such as 1.2.3"
  ),
  system_identifier: optionalSetting(
    Schema.String.pipe(
      Schema.pattern(/^[^/+#\0]{1,512}$/, { message: () => "expected 1 to 512 characters without / + and #" })
    ),
    "What the station is called by those it sends to; default: its name, else the machine's"
  ),
  allow_env: setting(
    Schema.Array(
      Schema.String.pipe(Schema.pattern(/^[A-Za-z_][A-Za-z0-9_]*$/, { message: () => "expected a variable's name" }))
    ),
    [],
    "Environment variables that ${env:NAME} may read; counts in the local file only"
  )
}) {}

export const LogLevelName = Schema.Literal("trace", "debug", "info", "warning", "error", "fatal", "none")
export type LogLevelName = typeof LogLevelName.Type

export class LogBurstSettings extends Schema.Class<LogBurstSettings>("outpost/site/LogBurstSettings")({
  lines: setting(Schema.NonNegativeInt, 100, "Lines of one kind that are logged within the window; 0 logs them all"),
  within: setting(DurationText, Duration.seconds(10), "The window; how many lines were left out is logged behind it")
}) {}

export class LogSettings extends Schema.Class<LogSettings>("outpost/site/LogSettings")({
  level: setting(LogLevelName, "info", "The least level that is logged"),
  console: setting(
    Schema.Literal("auto", "pretty", "logfmt", "off"),
    "auto",
    "Log lines on stderr: pretty, logfmt, off; auto is pretty on a terminal and logfmt elsewhere"
  ),
  retention_days: setting(Schema.NonNegativeInt, 30, "Days that log files are kept; 0 keeps them all"),
  burst: section(
    LogBurstSettings,
    () => new LogBurstSettings({}),
    "Lines that differ only in their digits, of one level and one place"
  )
}) {}
