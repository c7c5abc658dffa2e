/**
 * The environment variables of dranspose that services of an ensemble honour when they run by themselves. Lists are JSON. An
 * empty variable counts as unset.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as RedisAddress from "../assignment/RedisAddress.js"
import { RoleRefused } from "../cli/EnsembleRoles.js"

/** The text of the first of these variables that is set. */
export const text = (...names: ReadonlyArray<string>): Effect.Effect<Option.Option<string>> =>
  Effect.map(
    Effect.forEach(names, (name) => Effect.option(Config.nonEmptyString(name))),
    Option.firstSomeOf
  )

/** A list of texts as JSON. */
export const list = (name: string): Effect.Effect<Option.Option<ReadonlyArray<string>>, RoleRefused> =>
  Effect.flatMap(
    text(name),
    Option.match({
      onNone: () => Effect.succeedNone,
      onSome: (given) =>
        decodeList(given).pipe(
          Effect.asSome,
          Effect.mapError(
            () => new RoleRefused({ message: `${name}: expected a JSON list of texts such as ["eiger"]` })
          )
        )
    })
  )

/** Where the services meet: as it is given, else by the environment. What is no address is refused and not shown. */
export const redis = (given: Option.Option<Redacted.Redacted>): Effect.Effect<Redacted.Redacted, RoleRefused> =>
  Effect.gen(function* () {
    const found = Option.isSome(given)
      ? ["--redis", Redacted.value(given.value)]
      : Option.getOrElse(yield* named("REDIS_URL", "SERVICE_REDIS_DSN"), () => ["", "redis://localhost:6379/0"])
    const [where = "", url = ""] = found
    if (RedisAddress.isAddress(url)) return Redacted.make(url)
    return yield* new RoleRefused({
      message: `${where}: ${RedisAddress.expected}`,
      hint: "redis://[user:password@]host[:port][/database], rediss:// for TLS"
    })
  })

// -----------------------------------------------------------------------------

/** The first of these variables that is set, with its name. */
const named = (...names: ReadonlyArray<string>) =>
  Effect.map(
    Effect.forEach(names, (name) =>
      Effect.map(
        text(name),
        Option.map((value) => [name, value])
      )
    ),
    Option.firstSomeOf
  )

const decodeList = Schema.decode(Schema.parseJson(Schema.Array(Schema.String)))
