/** A site with a config file, for tests of the config. */
import { FileSystem } from "@effect/platform"
import { ConfigProvider, Effect, Layer, Option } from "effect"
import * as ConfigEnvironment from "../../src/app/ConfigEnvironment.js"
import * as ConfigFile from "../../src/app/ConfigFile.js"
import { Site } from "../../src/site/Site.js"
import * as TemporarySite from "../site/TemporarySite.js"

export interface Setup {
  readonly flags?: ConfigEnvironment.ConfigFlags
  readonly environment?: Readonly<Record<string, string>>
  readonly secretFiles?: Readonly<Record<string, string>>
  readonly poll?: Option.Option<"1 second">
}

/** The config service over this text, or without a file. */
export const layer = (text: string | undefined, setup: Setup = {}) =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { paths, secretsDirectory } = yield* Site
      if (text !== undefined) yield* fs.writeFileString(paths.config, text)
      for (const [name, value] of Object.entries(setup.secretFiles ?? {})) {
        yield* fs.writeFileString(`${secretsDirectory}/${name}`, value)
      }
      const overrides = yield* ConfigEnvironment.overrides(setup.flags ?? {})
      return ConfigFile.layer({ path: Option.none(), overrides, poll: setup.poll ?? Option.none() })
    })
  ).pipe(Layer.provideMerge(TemporarySite.withSecrets), Layer.provide(environment(setup.environment ?? {})))

export const environment = (variables: Readonly<Record<string, string>>) =>
  Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables))))

/** Runs a body over a config file of this text. */
export const over = <A, E, R>(text: string | undefined, body: Effect.Effect<A, E, R>, setup: Setup = {}) =>
  body.pipe(
    Effect.provide(layer(text, setup)),
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(setup.environment ?? {}))))
  )

/** The issues with which a text is refused, by path. */
export const refused = (text: string, setup: Setup = {}) =>
  over(text, Effect.void, setup).pipe(
    Effect.flip,
    Effect.flatMap((error) => (error._tag === "ConfigInvalid" ? Effect.succeed(error.issues) : Effect.die(error)))
  )

/** The file as it stands. */
export const onDisk = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.readFileString((yield* ConfigFile.ConfigFile).path)
})

export const writeDisk = (text: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    yield* fs.writeFileString((yield* ConfigFile.ConfigFile).path, text)
  })
