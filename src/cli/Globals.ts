/**
 * The options every command takes, before or after its words, and the environment that stands in for some of them.
 * An empty variable counts as unset.
 */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { OptionShape } from "./CommandShape.js"
import { UsageProblem } from "./Failure.js"

export class Globals extends Context.Tag("outpost/cli/Globals")<
  Globals,
  {
    /** The site directory. */
    readonly site: string
    /** The config file; none means `<site>/outpost.yaml` if it is there. */
    readonly config: Option.Option<string>
    /** A running server to talk to. */
    readonly url: Option.Option<string>
    readonly token: Option.Option<Redacted.Redacted>
    readonly json: boolean
    readonly quiet: boolean
    readonly logLevel: Option.Option<LogLevel.LogLevel>
  }
>() {}

const option = (name: string, value: string | undefined, description: string): OptionShape => ({
  names: [`--${name}`],
  value: Option.fromNullable(value),
  repeated: false,
  description
})

export const shapes: ReadonlyArray<OptionShape> = [
  option("site", "DIR", "The site directory (default ./site, or OUTPOST_SITE)"),
  option("config", "FILE", "The config file (default outpost.yaml in the site, if there; or OUTPOST_CONFIG)"),
  option("url", "URL", "Talk to the server at this address (or OUTPOST_URL)"),
  option("token", "TOKEN", "Token of that server (or OUTPOST_TOKEN)"),
  option("json", undefined, "Print JSON for programs instead of text for people"),
  option("quiet", undefined, "Print nothing but the answer and errors"),
  option("log-level", "LEVEL", "trace, debug, info, warning, error, fatal or none")
]

/** What stood on the command line: the last value of each option, `true` for a flag. */
export type Given = { readonly [name: string]: string | true | undefined }

/** Flags first, then the environment, then the defaults. */
export const decode: (given: Given) => Effect.Effect<Globals["Type"], UsageProblem> = Effect.fn("Globals.decode")(
  function* (given) {
    const value = (name: string, ...variables: ReadonlyArray<string>) => {
      const own = given[name]
      return typeof own === "string" ? Effect.succeed(Option.some(own)) : fromEnvironment(variables)
    }
    const site = yield* value("--site", "OUTPOST_SITE", "PANOPTES_TELEMETRY_SITE_DIR")
    if (Option.contains(site, "")) return yield* empty("--site", "a directory")
    const config = yield* value("--config", "OUTPOST_CONFIG")
    if (Option.contains(config, "")) return yield* empty("--config", "a file")
    const url = yield* value("--url", "OUTPOST_URL")
    const token = yield* value("--token", "OUTPOST_TOKEN")
    const level = yield* value("--log-level")
    return Globals.of({
      site: Option.getOrElse(site, () => "./site"),
      config,
      url: yield* Effect.transposeMapOption(url, address),
      token: Option.map(token, Redacted.make),
      json: given["--json"] === true,
      quiet: given["--quiet"] === true,
      logLevel: yield* Effect.transposeMapOption(level, logLevel)
    })
  }
)

// ------------------------------------------------------------------------------------------------------------------

/** The first of these variables that is set and not empty. */
const fromEnvironment = (names: ReadonlyArray<string>): Effect.Effect<Option.Option<string>> =>
  Effect.map(
    Effect.forEach(names, (name) => Effect.option(Config.nonEmptyString(name))),
    Option.firstSomeOf
  )

const empty = (name: string, what: string) => new UsageProblem({ message: `${name} is empty; name ${what}` })

const address = (text: string): Effect.Effect<string, UsageProblem> =>
  URL.canParse(text) && /^https?:\/\/[^/]/.test(text)
    ? Effect.succeed(text.replace(/\/+$/, ""))
    : new UsageProblem({
        message: `'${text}' is not the address of a server`,
        hint: "write it like http://127.0.0.1:6562"
      })

const logLevel = (text: string): Effect.Effect<LogLevel.LogLevel, UsageProblem> =>
  Option.match(
    Option.fromNullable(LogLevel.allLevels.find((level) => level._tag.toLowerCase() === text.toLowerCase())),
    {
      onNone: () =>
        new UsageProblem({
          message: `--log-level does not know '${text}'`,
          hint: "choose one of trace, debug, info, warning, error, fatal, none"
        }),
      onSome: Effect.succeed
    }
  )
