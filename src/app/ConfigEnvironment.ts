/**
 * The only place where flags and environment variables are read. An empty variable counts as unset. Order: flag,
 * `OUTPOST_*`, the systems' own variables, then (elsewhere) the file and the default.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { ConfigInvalid, type ConfigIssue } from "../operations/ConfigOperations.js"
import { Port } from "../site/Setting.js"
import { LogLevelName } from "../site/Settings.js"

/** The global options of the command line that bear on the config. */
export interface ConfigFlags {
  readonly site?: string | undefined
  readonly config?: string | undefined
  readonly host?: string | undefined
  /** 0 always means a free port. */
  readonly port?: number | undefined
  readonly url?: string | undefined
  readonly token?: string | undefined
  readonly logLevel?: string | undefined
}

/** What flags and environment put over the file. */
export interface Overrides {
  readonly host: Option.Option<string>
  readonly port: Option.Option<number>
  readonly token: Option.Option<Redacted.Redacted>
  readonly logLevel: Option.Option<LogLevelName>
}

export const noOverrides: Overrides = {
  host: Option.none(),
  port: Option.none(),
  token: Option.none(),
  logLevel: Option.none()
}

/** The first of these variables that is set and not empty, with its name. */
const variable = (...names: ReadonlyArray<string>): Effect.Effect<Option.Option<Found>> =>
  Effect.map(
    Effect.forEach(names, (name) =>
      Effect.option(Config.string(name)).pipe(
        Effect.map(Option.map((value): Found => ({ name, value: value.trim() }))),
        Effect.map(Option.filter(({ value }) => value !== ""))
      )
    ),
    Option.firstSomeOf
  )

const text = (flag: string | undefined, ...names: ReadonlyArray<string>): Effect.Effect<Option.Option<string>> =>
  flag !== undefined && flag !== ""
    ? Effect.succeedSome(flag)
    : Effect.map(
        variable(...names),
        Option.map(({ value }) => value)
      )

/** The directory of the site: `--site`, `OUTPOST_SITE`, `PANOPTES_TELEMETRY_SITE_DIR`, `./site`. */
export const siteDirectory = (flags: ConfigFlags): Effect.Effect<string> =>
  Effect.map(
    text(flags.site, "OUTPOST_SITE", "PANOPTES_TELEMETRY_SITE_DIR"),
    Option.getOrElse(() => "./site")
  )

/** The config file asked for: `--config` or `OUTPOST_CONFIG`; none means the site's own, if it is there. */
export const configPath = (flags: ConfigFlags): Effect.Effect<Option.Option<string>> =>
  text(flags.config, "OUTPOST_CONFIG")

/** The running server to talk to: `--url` or `OUTPOST_URL`, with `--token` or `OUTPOST_TOKEN`. */
export const server = (
  flags: ConfigFlags
): Effect.Effect<Option.Option<{ readonly url: string; readonly token: Option.Option<Redacted.Redacted> }>> =>
  Effect.gen(function* () {
    const url = yield* text(flags.url, "OUTPOST_URL")
    const token = Option.map(yield* text(flags.token, "OUTPOST_TOKEN"), Redacted.make)
    return Option.map(url, (url) => ({ url, token }))
  })

/** Host, port, token and log level from flags and environment, or everything wrong with them. */
export const overrides: (flags: ConfigFlags) => Effect.Effect<Overrides, ConfigInvalid> = Effect.fn(
  "ConfigEnvironment.overrides"
)(function* (flags) {
  const issues: Array<ConfigIssue> = []
  const checked = <A, I extends string>(schema: Schema.Schema<A, I>, message: string) =>
    Option.flatMap(({ name, value }: Found) => {
      const result = Schema.decodeUnknownOption(schema)(value)
      if (Option.isNone(result)) issues.push({ path: name, message, value })
      return result
    })
  const host = yield* text(flags.host, "OUTPOST_HOST", "PANOPTES_TELEMETRY_HOST")
  const port = yield* found("--port", flags.port, variable("OUTPOST_PORT", "PANOPTES_TELEMETRY_PORT"))
  const level = yield* found("--log-level", flags.logLevel, variable("OUTPOST_LOG_LEVEL"))
  const token = yield* text(undefined, "OUTPOST_HTTP_TOKEN")
  const result: Overrides = {
    host,
    port: checked(Schema.compose(Schema.NumberFromString, Port), "expected a port, 0 to 65535")(port),
    token: Option.map(token, Redacted.make),
    logLevel: checked(LogLevelName, `expected one of ${LogLevelName.literals.join(", ")}`)(Option.map(level, levelName))
  }
  return issues.length > 0 ? yield* new ConfigInvalid({ issues }) : result
})

/** Base addresses that replace an exchange's own, from `DCCD_<EXCHANGE>_REST_URL` and `_WS_URL`. */
export const exchangeBases = (
  exchange: string
): Effect.Effect<{ readonly rest: Option.Option<string>; readonly socket: Option.Option<string> }> => {
  const name = exchange.toUpperCase().replace(/[^A-Z0-9]/g, "_")
  const base = (kind: string) => Effect.map(text(undefined, `DCCD_${name}_${kind}_URL`), Option.map(withoutSlash))
  return Effect.all({ rest: base("REST"), socket: base("WS") })
}

// ------------------------------------------------------------------------------------------------------------------

interface Found {
  readonly name: string
  readonly value: string
}

const found = (name: string, value: string | number | undefined, rest: Effect.Effect<Option.Option<Found>>) =>
  value === undefined || value === "" ? rest : Effect.succeedSome({ name, value: String(value) })

const levelName = (level: Found): Found => ({ ...level, value: level.value.toLowerCase().replace(/^warn$/, "warning") })

const withoutSlash = (url: string): string => url.replace(/\/+$/, "")
