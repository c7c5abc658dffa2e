/**
 * The config of an ivy station (1.1.0, `config/config.json`) as an Outpost document. What has no counterpart is told. Secrets
 * leave the document for files of their own. Pure.
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { stringify } from "yaml"

export interface Converted {
  /** The document as YAML. */
  readonly text: string
  /** Contents of files below `<site>/secrets/`, by name. */
  readonly secrets: Readonly<Record<string, string>>
  /** What a person should know of what was left out or changed. */
  readonly notes: ReadonlyArray<string>
}

/** Where it is no config of ivy's: each place and what is wrong there. */
export const convert = (text: string): Either.Either<Converted, ReadonlyArray<string>> =>
  Either.map(Either.mapLeft(decode(text), issuesOf), (ivy) => {
    const { backend, general } = ivy
    const document = {
      general: { system_identifier: general.system_identifier, config_revision: general.config_revision },
      logs: logsOf(ivy.logging_verbosity),
      procedures: {
        ...(ivy.dummy_procedure === undefined
          ? {}
          : { "random-walk": { use: "random-walk", every: `${ivy.dummy_procedure.seconds_between_datapoints}s` } }),
        ...(ivy.system_checks === undefined
          ? {}
          : { "system-checks": { every: `${ivy.system_checks.seconds_between_checks}s` } })
      },
      ...(backend === undefined || backend === null ? {} : sendingOf(backend, ivy.logging_verbosity.message_sending))
    }
    return {
      text: `# Taken over from the config of an ivy station.\n${stringify(document)}`,
      secrets: backend === undefined || backend === null ? {} : { [secretName]: backend.mqtt_connection.password },
      notes: [
        `general.software_version (${general.software_version}) is that of ivy and was left out`,
        ...(ivy.updater === undefined || ivy.updater === null
          ? []
          : ["updater was left out: releases of Outpost are signed archives, see docs/updates.md"]),
        ...Object.keys(ivy)
          .filter((key) => !known.has(key))
          .map((key) => `${key} has no counterpart: write it as a procedure, see docs/procedures.md`)
      ]
    }
  })

// -----------------------------------------------------------------------------

const secretName = "mqtt"

/** ivy takes numbers that are written as texts, too. */
const Whole = Schema.Union(Schema.Int, Schema.NumberFromString.pipe(Schema.int()))
const Level = Schema.NullOr(Schema.Literal("DEBUG", "INFO", "WARNING", "ERROR", "EXCEPTION"))

const Backend = Schema.Struct({
  provider: Schema.Literal("tenta", "thingsboard"),
  mqtt_connection: Schema.Struct({
    host: Schema.NonEmptyString,
    port: Whole,
    client_id: Schema.NonEmptyString,
    username: Schema.NonEmptyString,
    password: Schema.NonEmptyString
  }),
  max_parallel_messages: Schema.optionalWith(Whole, { default: () => 50 }),
  max_drain_time: Schema.optionalWith(Whole, { default: () => 600 })
})

const Verbosity = Schema.Struct({ file_archive: Level, console_prints: Level, message_sending: Level })

const Ivy = Schema.Struct(
  {
    general: Schema.Struct({
      config_revision: Whole,
      software_version: Schema.String,
      system_identifier: Schema.NonEmptyString
    }),
    logging_verbosity: Verbosity,
    updater: Schema.optional(Schema.NullOr(Schema.Unknown)),
    backend: Schema.optional(Schema.NullOr(Backend)),
    dummy_procedure: Schema.optional(Schema.Struct({ seconds_between_datapoints: Whole })),
    system_checks: Schema.optional(Schema.Struct({ seconds_between_checks: Whole }))
  },
  { key: Schema.String, value: Schema.Unknown }
)

const known = new Set(Object.keys(Ivy.fields))

const decode = Schema.decodeUnknownEither(Schema.parseJson(Ivy), { errors: "all" })

const issuesOf = (error: ParseResult.ParseError): ReadonlyArray<string> =>
  ParseResult.ArrayFormatter.formatErrorSync(error).map(({ message, path }) =>
    path.length === 0 ? message : `${path.join(".")}: ${message}`
  )

const levels = ["DEBUG", "INFO", "WARNING", "ERROR", "EXCEPTION"] as const
const ours = { DEBUG: "debug", INFO: "info", WARNING: "warning", ERROR: "error", EXCEPTION: "error" } as const

/** There is one level for console and files: the lower of the two. */
const logsOf = ({ console_prints, file_archive }: typeof Verbosity.Type) => {
  const least = levels.find((level) => level === console_prints || level === file_archive)
  return { level: least === undefined ? "none" : ours[least], ...(console_prints === null ? { console: "off" } : {}) }
}

const sendingOf = (
  { max_drain_time, max_parallel_messages, mqtt_connection, provider }: typeof Backend.Type,
  level: typeof Level.Type
) => ({
  uplinks: {
    office: {
      use: provider,
      max_parallel_messages,
      max_drain_time: `${max_drain_time}s`,
      settings: { ...mqtt_connection, password: `\${file:${secretName}}` }
    }
  },
  ...(level === null ? {} : { routes: { logs: { from: "logs", level: ours[level] } } })
})
