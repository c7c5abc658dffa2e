/** The config file as it lies there, without a site that is opened: checked, shown, written, taken over from elsewhere. */
import * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as os from "node:os"
import { NotFound, UsageProblem } from "../cli/Failure.js"
import * as Cli from "../cli/Launcher.js"
import { ConfigInvalid, ConfigVerdict } from "../operations/ConfigOperations.js"
import * as DurableFile from "../site/DurableFile.js"
import * as Redaction from "../site/Redaction.js"
import * as Secrets from "../site/Secrets.js"
import * as Site from "../site/Site.js"
import * as ConfigEnvironment from "./ConfigEnvironment.js"
import * as ConfigFile from "./ConfigFile.js"
import * as ConfigIvy from "./ConfigIvy.js"
import * as ConfigStarter from "./ConfigStarter.js"

type Files = FileSystem.FileSystem | Path.Path

/** Where it is looked for. */
export const pathOf = (place: Cli.Place): string => Option.getOrElse(place.config, () => `${place.site}/outpost.yaml`)

/** For the command line. */
export const rejected = (file: string) => (error: ConfigInvalid) =>
  new Cli.ConfigRejected({ file, issues: error.issues })

/** With all defaults, secrets masked. */
export const show = (place: Cli.Place) => withFile(place, (file) => file.show)

/** Whether a site would start with it. */
export const validate = (place: Cli.Place) =>
  withFile(place, (file) =>
    Effect.flatMap(file.doubts, (issues) =>
      issues.length === 0
        ? Effect.succeed(new ConfigVerdict({ valid: true, error: null, issues: [] }))
        : Effect.fail(new ConfigInvalid({ issues }))
    )
  ).pipe(
    Effect.catchTags({
      ConfigInvalid: ({ issues, message }) => notValid(message, issues),
      ConfigRejected: ({ issues, message }) => notValid(message, issues)
    })
  )

/** Writes the file that a newcomer starts with; one that is there stays as it is. */
export const init = (place: Cli.Place) =>
  Effect.gen(function* () {
    const path = Option.isSome(place.config) ? place.config.value : (yield* Site.make(place.site)).paths.config
    const written = yield* ConfigStarter.init(path, os.hostname()).pipe(
      Effect.mapError((error) => new Cli.LaunchFailed({ reason: error.message }))
    )
    return { path, written }
  })

/** Writes the config of an ivy station as ours, its passwords beside it; a file that is there stays as it is. */
export const importIvy = (place: Cli.Place, text: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const converted = yield* Effect.mapError(
      ConfigIvy.convert(text),
      (issues) => new UsageProblem({ message: ["this is no config of an ivy station", ...issues].join("\n  ") })
    )
    const site = yield* Site.make(place.site)
    const path = Option.getOrElse(place.config, () => site.paths.config)
    const refused = (error: { readonly message: string }) => new Cli.LaunchFailed({ reason: error.message })
    if (yield* Effect.mapError(fs.exists(path), refused)) return { path, written: false, notes: [] }
    yield* Effect.forEach(Object.entries(converted.secrets), ([name, secret]) =>
      DurableFile.replace(`${site.secretsDirectory}/${name}`, `${secret}\n`, { mode: 0o600 })
    ).pipe(Effect.zipRight(DurableFile.replace(path, converted.text, { mode: 0o600 })), Effect.mapError(refused))
    return { path, written: true, notes: converted.notes }
  })

/** A site without a config runs on the defaults, which is not what one wants who stands in the directory of another. */
export const warnOfAnother = (place: Cli.Place): Effect.Effect<void, never, Files> =>
  Effect.whenEffect(
    Effect.logWarning(`${pathOf(place)} is not there, outpost.yaml is: --site . serves the directory you are in`),
    liesHere(place)
  )

// -----------------------------------------------------------------------------

/** Whether the site has no config, and the working directory does. */
const liesHere = (place: Cli.Place) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => {
    const exists = (path: string) => Effect.orElseSucceed(fs.exists(path), () => false)
    return Effect.zipWith(exists(pathOf(place)), exists("outpost.yaml"), (its, here) => !its && here)
  })

/** The file alone, without a site or a lock. */
const withFile = <A, E>(
  place: Cli.Place,
  use: (file: ConfigFile.ConfigFileService) => Effect.Effect<A, E>
): Effect.Effect<A, E | NotFound | Cli.LaunchError, Files> =>
  Effect.scoped(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = pathOf(place)
      if (!(yield* Effect.orElseSucceed(fs.exists(path), () => false))) {
        return yield* new NotFound({
          message: `there is no config file ${path}`,
          hint: (yield* liesHere(place))
            ? "the directory you are in has one: add --site ."
            : `write one with: outpost config init --site ${place.site}`
        })
      }
      const file = yield* ConfigFile.make({
        path: Option.some(path),
        overrides: ConfigEnvironment.noOverrides,
        poll: Option.none()
      }).pipe(
        Effect.provide(Secrets.layer.pipe(Layer.provide(Redaction.layer))),
        Effect.provideServiceEffect(Site.Site, Site.locate(place.site)),
        Effect.mapError(rejected(path))
      )
      return yield* use(file)
    })
  )

const notValid = (error: string, issues: ConfigVerdict["issues"]) =>
  Effect.succeed(new ConfigVerdict({ valid: false, error, issues }))
