/** `update keygen|sign`: what whoever makes releases needs. They work on files; no site and no lock is taken. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Path from "@effect/platform/Path"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { ReleaseVersion } from "../domain/ReleaseVersion.js"
import { DurationText } from "../site/Setting.js"
import * as Manifest from "../update/Manifest.js"
import * as Signature from "../update/Signature.js"
import * as CommandSpec from "./CommandSpec.js"
import { AlreadyThere, CommandFailed, NotFound, UsageProblem } from "./Failure.js"
import * as Flags from "./Flags.js"
import * as Output from "./Output.js"

export const keygen = CommandSpec.make(
  "keygen",
  {
    summary: "Make a pair of keys for releases",
    about: [
      "The private key is written to FILE, for its owner's eyes alone; the public key is printed: it belongs into `update.keys` " +
        "of the config of every station. A file that is there stays as it is, and the exit code is 4."
    ],
    examples: [["outpost update keygen release.key", "keep the file off the stations, and a copy of it safe"]]
  },
  { file: Flags.argument("FILE", "Where the private key goes") },
  ({ file }) =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { privateKey, publicKey } = yield* Signature.keygen
      yield* fs
        .writeFileString(file, `${Redacted.value(privateKey)}\n`, { flag: "wx", mode: 0o600 })
        .pipe(
          Effect.mapError((error) =>
            error._tag === "SystemError" && error.reason === "AlreadyExists"
              ? new AlreadyThere({ path: file })
              : new CommandFailed({ message: `${file} can't be written: ${error.message}` })
          )
        )
      yield* Output.answer({ json: () => JSON.stringify({ file, key: publicKey }), text: () => [publicKey] })
    })
)

export const sign = CommandSpec.make(
  "sign",
  {
    summary: "Write the signed manifest of a release archive",
    about: ["The archive is a gzipped tar with one top directory, as `npm pack` makes it."],
    examples: [
      ["outpost update sign outpost-1.2.3.tgz 1.2.3 --key release.key", "release.json, valid for 90 days"],
      ["outpost update sign a.tgz 2.0.0 --key k --minimum 1.5.0 --platform linux-arm64", "for some stations"]
    ]
  },
  {
    archive: Flags.argument("ARCHIVE", "The archive, whole and final"),
    key: Flags.required("key", "FILE", "The private key, as update keygen has written it"),
    version: Flags.argument("VERSION", "Version of the release, such as 1.2.3"),
    name: Flags.text("name", "NAME", "What releases for these stations are called (default outpost)"),
    minimum: Flags.text("minimum", "VERSION", "Least version it may be installed over (default: any)"),
    expires: Flags.text("expires", "DURATION", "For how long it may be installed (default 90d)"),
    platform: Flags.many("platform", "PLATFORM", "Where it runs, such as linux-arm64 (default: everywhere)"),
    url: Flags.text("url", "URL", "Where the archive is, seen from the manifest (default: its name)"),
    entry: Flags.text("entry", "PATH", "What is started, inside of the release (default dist/main.js)"),
    out: Flags.text("out", "FILE", "Where the manifest goes (default release.json beside the archive)")
  },
  (input) =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const read = (file: string) =>
        Effect.mapError(
          fs.readFile(file),
          ({ message }) => new NotFound({ message: `${file} can't be read: ${message}` })
        )
      const bytes = yield* read(input.archive)
      const key = Redacted.make(Buffer.from(yield* read(input.key)).toString("utf8"))
      const now = yield* DateTime.now
      const lasts = yield* decoded(
        DurationText,
        Option.getOrElse(input.expires, () => "90d"),
        "--expires"
      )
      const version = yield* decoded(ReleaseVersion, input.version, "VERSION")
      const least = Option.getOrElse(input.minimum, () => "0.0.0-0")
      const minimum_version = yield* decoded(ReleaseVersion, least, "--minimum")
      const [first, ...others] = input.platform
      const manifest = yield* Effect.try({
        try: () =>
          new Manifest.Manifest({
            name: Option.getOrElse(input.name, () => "outpost"),
            version,
            sha256: createHash("sha256").update(bytes).digest("hex"),
            size: bytes.length,
            created: now,
            expires: DateTime.addDuration(now, lasts),
            minimum_version,
            url: Option.getOrElse(input.url, () => path.basename(input.archive)),
            entry: Option.getOrElse(input.entry, () => "dist/main.js"),
            ...(first === undefined ? {} : { platforms: [first, ...others] })
          }),
        catch: (error) => new UsageProblem({ message: `the manifest: ${String(error)}` })
      })
      const text = yield* Manifest.sign(manifest, key).pipe(
        Effect.mapError(({ message }) => new UsageProblem({ message }))
      )
      const out = Option.getOrElse(input.out, () => path.join(path.dirname(input.archive), "release.json"))
      yield* fs
        .writeFileString(out, text)
        .pipe(Effect.mapError(({ message }) => new CommandFailed({ message: `${out} can't be written: ${message}` })))
      const { sha256, size } = manifest
      yield* Output.answer({
        json: () => JSON.stringify({ manifest: out, version, size, sha256 }),
        text: () => [`wrote ${out} for ${version}: ${size} bytes, sha256 ${sha256}`]
      })
    })
)

// ------------------------------------------------------------------------------------------------------------------

const decoded = <A, I>(schema: Schema.Schema<A, I>, value: unknown, what: string) =>
  Effect.mapError(
    Schema.decodeUnknown(schema)(value),
    ({ message }) => new UsageProblem({ message: `${what}: ${message.split("\n").at(-1)?.trim() ?? message}` })
  )
