/**
 * The little of this process's environment that a command of an update gets: enough to find programs and a home. What else is
 * set here, secrets among it, is not for a release that has not proved itself.
 *
 * @internal
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const names = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "npm_config_registry"]

export const hostEnvironment: Effect.Effect<Readonly<Record<string, string>>> = Effect.forEach(names, (name) =>
  Effect.map(
    Effect.orElseSucceed(Config.option(Config.string(name)), () => Option.none<string>()),
    Option.map((value) => [name, value] as const)
  )
).pipe(Effect.map((found) => Object.fromEntries(found.flatMap((pair) => Option.toArray(pair)))))
