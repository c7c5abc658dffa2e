/**
 * The settings that are in force: the file's document under what flags and environment say, with the collector's other
 * names for our settings, paths made absolute, and defaults that depend on other settings filled in. Pure.
 */
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { CollectorSettings, StorageSettings } from "../backfill/Settings.js"
import { HttpSettings } from "../http/Settings.js"
import { ConfigInvalid } from "../operations/ConfigOperations.js"
import { effective as withSystemChecks } from "../procedure/Settings.js"
import { RunSettings } from "../run/Settings.js"
import { Port } from "../site/Setting.js"
import { LogSettings } from "../site/Settings.js"
import { type ConfigDocument, type SectionName, sectionNames } from "./ConfigDocument.js"
import type { Decoded } from "./ConfigDecode.js"
import type { Overrides } from "./ConfigEnvironment.js"
import * as Shape from "./ConfigShape.js"

/** @param absolute makes a path of the file absolute: `~` expanded, relative to the site. */
export const effective = (
  { document, raw }: Decoded,
  overrides: Overrides,
  absolute: (path: string) => string
): Either.Either<ConfigDocument, ConfigInvalid> => {
  const writes = (...path: ReadonlyArray<string>) => Shape.get(raw, path) !== undefined
  const aliased = <A>(name: "host" | "port", other: A) =>
    !writes("http", name) && writes("settings", `ui_${name}`) ? Option.some(other) : Option.none<A>()

  const uiPort = aliased("port", document.settings.ui_port)
  if (Option.isSome(uiPort) && Option.isNone(Schema.decodeOption(Port)(uiPort.value))) {
    const issue = { path: "settings.ui_port", message: "expected a port, 0 to 65535", value: uiPort.value }
    return Either.left(new ConfigInvalid({ issues: [issue] }))
  }
  const host = Option.orElse(overrides.host, () => aliased("host", document.settings.ui_host || document.http.host))
  const http = new HttpSettings({
    ...document.http,
    host: Option.getOrElse(host, () => document.http.host),
    port: Option.getOrElse(
      Option.orElse(overrides.port, () => uiPort),
      () => document.http.port
    ),
    token: Option.firstSomeOf(
      [overrides.token, document.http.token, Option.fromNullable(document.settings.ui_auth_token)].map(
        Option.filter((token) => Redacted.value(token) !== "")
      )
    )
  })
  const dataPath = document.settings.data_path
  return Either.right({
    ...document,
    http,
    procedures: withSystemChecks(document.procedures),
    runs: new RunSettings({
      allow_absolute: Option.orElseSome(document.runs.allow_absolute, () => isLoopback(http.host))
    }),
    logs: new LogSettings({ ...document.logs, level: Option.getOrElse(overrides.logLevel, () => document.logs.level) }),
    settings: new CollectorSettings({ ...document.settings, data_path: absolute(dataPath) }),
    storage: new StorageSettings({ ...document.storage, local_path: absolute(document.storage.local_path || dataPath) })
  })
}

/** Fails where the server would listen for others without a token, which it refuses to. */
export const servable = ({ http }: ConfigDocument): Either.Either<void, ConfigInvalid> => {
  if (isLoopback(http.host) || Option.isSome(http.token)) return Either.void
  const message = `needed to listen on ${http.host}, which other machines can reach`
  const remedy = "write one into secrets/token in the site's directory and set http.token: ${file:token}"
  return Either.left(new ConfigInvalid({ issues: [{ path: "http.token", message, remedy }] }))
}

/** Whether only this machine can reach an address. */
export const isLoopback = (host: string): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?|\[?::ffff:127(\.\d{1,3}){3}\]?)$/i.test(host)

/** The sections that differ. */
export const changed = (before: ConfigDocument, after: ConfigDocument): ReadonlyArray<SectionName> =>
  sectionNames.filter((name) => fingerprint(before[name]) !== fingerprint(after[name]))

/**
 * A text that is equal for equal settings, for telling which child's slice changed. It holds the values of secrets, so it
 * must not leave memory.
 */
export const fingerprint = (settings: unknown): string => JSON.stringify(plain(settings))

// ------------------------------------------------------------------------------------------------------------------

const plain = (value: unknown): unknown => {
  if (Redacted.isRedacted(value)) return { secret: Redacted.value(value) }
  if (Duration.isDuration(value)) return { millis: Duration.toMillis(value) }
  if (Option.isOption(value)) return Option.isSome(value) ? [plain(value.value)] : []
  if (Array.isArray(value)) return value.map(plain)
  if (!Shape.isMapping(value)) return value
  return Object.fromEntries(Object.keys(value).map((key) => [key, plain(value[key])]))
}
