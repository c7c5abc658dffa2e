/**
 * The environment variables of dranspose that services of an ensemble honour when they run by themselves. Lists are JSON. An
 * empty variable counts as unset.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
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

/** Where the services meet. */
export const redis: Effect.Effect<Redacted.Redacted> = Effect.map(text("REDIS_URL", "SERVICE_REDIS_DSN"), (url) =>
  Redacted.make(Option.getOrElse(url, () => "redis://localhost:6379/0"))
)

// -----------------------------------------------------------------------------

const decodeList = Schema.decode(Schema.parseJson(Schema.Array(Schema.String)))
