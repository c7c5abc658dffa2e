/**
 * The config section `procedures`: a record from a name to what runs under it. Exactly one of `use`, `command` and
 * `module` says what; `every` or `cron` says when, and without either it runs once and is kept running.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { PartName } from "../domain/State.js"
import { CronText } from "../schedule/Trigger.js"
import { SecretReference } from "../site/Secrets.js"
import { ByteCount, Count, DurationText, optionalSetting, section, setting, ZoneName } from "../site/Setting.js"

export class ProcedureLimits extends Schema.Class<ProcedureLimits>("outpost/procedure/Limits")({
  line_bytes: setting(ByteCount, 2 ** 20, "Longest line read from a command; a longer one is cut"),
  run_time: optionalSetting(DurationText, "Longest time one run of it may take"),
  memory_bytes: optionalSetting(ByteCount, "Most memory a command may use"),
  restarts: setting(Count, 10, "Restarts within `restart_window` after which it is quarantined"),
  restart_window: setting(DurationText, Duration.minutes(10), "The window in which restarts are counted")
}) {}

/** The built-in that runs unless its entry says `enabled: false`. */
export const alwaysOn = "system-checks"

/** A procedure's name: one path segment of letters, digits, `.`, `_` and `-`. */
export const ProcedureName = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/, {
    message: () => "expected a name of letters, digits, '.', '_' and '-'"
  })
)

const VariableName = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z_][A-Za-z0-9_]*$/, { message: () => "expected a variable's name" })
)

export class ProcedureSettings extends Schema.Class<ProcedureSettings>("outpost/procedure/Settings")({
  enabled: setting(Schema.Boolean, true, "false keeps the entry but does not start it"),
  use: optionalSetting(Schema.NonEmptyTrimmedString, "The name of a built-in or of a plug-in's procedure"),
  command: optionalSetting(
    Schema.NonEmptyArray(Schema.String).pipe(
      Schema.filter(([program]) => program.trim() !== "" || "the program's name is empty")
    ),
    "A program and its arguments; never given to a shell"
  ),
  module: optionalSetting(Schema.NonEmptyTrimmedString, "Path of a module that exports a procedure"),
  every: optionalSetting(
    DurationText.pipe(Schema.greaterThanOrEqualToDuration("100 millis", { message: () => "expected at least 100ms" })),
    "Time from one start to the next"
  ),
  cron: optionalSetting(CronText, "Cron expression of its starts"),
  timezone: optionalSetting(ZoneName, "Zone of `cron`; default: the site's"),
  overlap: setting(
    Schema.Literal("skip", "queue"),
    "skip",
    "A start that comes due while a run is under way: left out, or one run behind it"
  ),
  missed: setting(
    Schema.Literal("skip", "run-once"),
    "run-once",
    "A start that came due while nobody was there: left out, or made up for once"
  ),
  restart: setting(
    Schema.Literal("always", "on-failure", "never"),
    "always",
    "What follows when it ends: another life always, after a failure only, or never"
  ),
  settings: setting(
    Schema.Record({ key: Schema.String, value: Schema.Unknown }),
    {},
    "Handed to the procedure and checked by its own schema"
  ),
  env: setting(
    Schema.Record({ key: VariableName, value: SecretReference }),
    {},
    "Environment of a command, beside the little it gets by default"
  ),
  state: setting(Schema.Array(PartName), [], "Parts of the state document it may write, beside one of its own name"),
  directory: optionalSetting(Schema.NonEmptyTrimmedString, "Working directory of a command; relative to the site"),
  heartbeat: optionalSetting(DurationText, "Silence for longer than this restarts it"),
  shutdown: setting(DurationText, Duration.seconds(5), "Time it gets to end by itself"),
  singleton: setting(Schema.Boolean, false, "In a cluster: run on one machine only"),
  limits: section(ProcedureLimits, () => new ProcedureLimits({}), "Bounds")
}) {}

/** What is wrong with an entry as a whole, told from its name and the keys it has; or undefined. */
export const problemOf = (
  name: string,
  has: (key: "use" | "command" | "module" | "every" | "cron" | "env") => boolean
) => {
  const named = (["use", "command", "module"] as const).filter(has)
  if (named.length > 1) return `says ${named.join(" and ")}; keep one`
  if (named.length === 0 && name !== alwaysOn) return "says none of use, command and module; add one"
  if (has("every") && has("cron")) return "says both every and cron; keep one"
  if (has("env") && !has("command")) return "has env but no command to give it to"
  return undefined
}

export const Procedures = Schema.Record({ key: ProcedureName, value: ProcedureSettings })
export type Procedures = typeof Procedures.Type

/** The entries that run: the file's own and `system-checks`, which is on unless its entry is disabled. */
export const effective = (procedures: Procedures): Procedures => {
  const own = procedures[alwaysOn]
  const checks =
    own === undefined
      ? new ProcedureSettings({ use: Option.some(alwaysOn), every: Option.some(Duration.seconds(60)) })
      : new ProcedureSettings({
          ...own,
          use:
            Option.isNone(own.command) && Option.isNone(own.module)
              ? Option.orElseSome(own.use, () => alwaysOn)
              : own.use,
          every: Option.isNone(own.cron) ? Option.orElseSome(own.every, () => Duration.seconds(60)) : own.every
        })
  return { ...procedures, [alwaysOn]: checks }
}
