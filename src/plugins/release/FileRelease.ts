/** Releases in a directory of this machine: a memory stick, a shared disk. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { order } from "../../domain/ReleaseVersion.js"
import { UpdateFailed } from "../../domain/Update.js"
import { reasonOf } from "../../site/FileReason.js"
import { longest } from "../../update/Manifest.js"
import * as ReleaseSource from "../../update/ReleaseSource.js"
import { archiveName } from "./internal/addresses.js"

const Settings = Schema.Struct({
  directory: Schema.NonEmptyTrimmedString.annotations({
    description: "Directory with signed manifests, named *.json, and their archives beside them"
  })
})

export const FileRelease = ReleaseSource.make({
  name: "file",
  description: "Signed manifests with their archives in a directory of this machine",
  settings: Settings,
  prepare: Effect.fnUntraced(function* ({ directory }) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path

    /** Text and version of all manifests; what is none is passed over. */
    const manifests = Effect.gen(function* () {
      const names = yield* fs.readDirectory(directory)
      return yield* Effect.forEach(
        names.filter((name) => name.endsWith(".json")),
        (name) =>
          fs.stat(path.join(directory, name)).pipe(
            Effect.filterOrFail(({ size, type }) => type === "File" && size <= longest),
            Effect.zipRight(fs.readFileString(path.join(directory, name))),
            Effect.map((text) => ({ text, version: versionIn(text) })),
            Effect.orElseSucceed(() => ({ text: "", version: undefined }))
          )
      )
    }).pipe(
      Effect.mapError(
        (error) => new UpdateFailed({ reason: "Unreachable", detail: `${directory}: ${reasonOf(error)}` })
      )
    )

    return {
      place: directory,
      manifest: (version) =>
        Effect.flatMap(manifests, (all) => {
          const wanted = all.filter(
            (found) => found.version !== undefined && (version ?? found.version) === found.version
          )
          const [newest] = wanted.sort((a, b) => order(b.version ?? "", a.version ?? ""))
          return newest === undefined
            ? Effect.fail(
                new UpdateFailed({ reason: "NotFound", detail: `${directory} has no manifest${of(version)}` })
              )
            : Effect.succeed(newest.text)
        }),
      archive: (manifest) => {
        const name = manifest.url ?? archiveName(manifest)
        return name === path.basename(name)
          ? Effect.succeed<ReleaseSource.ArchivePlace>({ _tag: "File", path: path.join(directory, name) })
          : Effect.fail(
              new UpdateFailed({ reason: "Malformed", detail: `the manifest's url is no name of a file: ${name}` })
            )
      }
    }
  })
})

// ---------------------------------------------------------------------------------------------------------------------

const of = (version: string | undefined): string => (version === undefined ? "" : ` of version ${version}`)

const decode = Schema.decodeUnknownEither(
  Schema.parseJson(Schema.Struct({ manifest: Schema.Struct({ version: Schema.String }) }))
)

const versionIn = (text: string): string | undefined =>
  Either.getOrUndefined(Either.map(decode(text), ({ manifest }) => manifest.version))
