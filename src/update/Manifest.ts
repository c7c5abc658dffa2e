/**
 * The manifest of a release: what it is, how to tell it from any other bytes, and until when it may be installed. It is
 * signed with Ed25519 over canonical bytes: the JSON of the manifest with its keys in order and without blanks, behind a line
 * that says what is signed. Keys that are not known here are signed as well.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { lessThan, ReleaseVersion } from "../domain/ReleaseVersion.js"
import { UpdateFailed } from "../domain/Update.js"
import * as Signature from "./Signature.js"

/** `<platform>-<architecture>` as Node names them: `linux-x64`, `linux-arm64`. */
export const Platform = Schema.String.pipe(
  Schema.pattern(/^[a-z0-9]+-[a-z0-9]+$/, { message: () => "expected a platform such as linux-x64" })
)

const Entry = Schema.String.pipe(
  Schema.pattern(/^(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./-]*\.m?js$/, {
    message: () => "expected the path of a module inside the release, such as dist/main.js"
  })
)

export class Manifest extends Schema.Class<Manifest>("outpost/update/Manifest")({
  name: Schema.NonEmptyTrimmedString,
  version: ReleaseVersion,
  /** Of the archive, in lower case hex. */
  sha256: Schema.String.pipe(Schema.pattern(/^[0-9a-f]{64}$/, { message: () => "expected 64 hex digits" })),
  /** Of the archive, in bytes. */
  size: Schema.Int.pipe(Schema.positive()),
  created: Schema.DateTimeUtc,
  /** From then on it is refused, so that nobody can keep a station on a release that is known to be bad. */
  expires: Schema.DateTimeUtc,
  /** The least version it may be installed over. */
  minimum_version: ReleaseVersion,
  /** Where it runs; absent: everywhere. */
  platforms: Schema.optionalWith(Schema.NonEmptyArray(Platform), { exact: true }),
  /** Where the archive is; relative to the manifest's own address. */
  url: Schema.optionalWith(Schema.NonEmptyTrimmedString, { exact: true }),
  /** What is started, relative to the release's directory. */
  entry: Schema.optionalWith(Entry, { exact: true, default: () => "dist/main.js" })
}) {}

/** A manifest that was taken for true, with its text as it came. */
export interface Trusted {
  readonly manifest: Manifest
  /** The signed document: it is kept beside what is installed. */
  readonly text: string
  /** Which of the known keys has signed it; none for an unsigned one. */
  readonly key: Signature.PublicKey | undefined
}

/** The signed document. */
const Signed = Schema.Struct({
  manifest: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  signatures: Schema.optionalWith(Schema.Array(Signature.Mark), { default: () => [] })
})

const decodeSigned = Schema.decodeUnknownEither(Schema.parseJson(Signed), { errors: "all" })
const decodeManifest = Schema.decodeUnknownEither(Manifest, { errors: "all" })

/** Longer texts are no manifests. */
export const longest = 256 * 1024

/** Signs a manifest; answers the document that belongs beside the archive. */
export const sign = (
  manifest: Manifest,
  key: Signature.PrivateKey
): Effect.Effect<string, Signature.KeyInvalid | ParseResult.ParseError> =>
  Effect.gen(function* () {
    const encoded: Record<string, unknown> = { ...(yield* Schema.encode(Manifest)(manifest)) }
    const mark = yield* Signature.sign(canonical(encoded), key)
    return `${JSON.stringify({ manifest: encoded, signatures: [mark] }, null, 2)}\n`
  })

/** Reads a signed document. One that no known key has signed fails, unless `allowUnsigned`. */
export const verify = (
  text: string,
  options: { readonly keys: ReadonlyArray<Signature.PublicKey>; readonly allowUnsigned: boolean }
): Effect.Effect<Trusted, UpdateFailed> =>
  Effect.gen(function* () {
    if (text.length > longest) return yield* failed("Malformed", "the manifest is too long to be one")
    const signed = yield* Either.mapLeft(decodeSigned(text), malformed("the signed manifest"))
    const key = Signature.verified(canonical(signed.manifest), signed.signatures, options.keys)
    if (key === undefined && !options.allowUnsigned) {
      return yield* signed.signatures.length === 0
        ? failed("Unsigned", "the manifest is not signed")
        : failed(
            "BadSignature",
            options.keys.length === 0
              ? "the manifest is signed, and this station knows no key: see update.keys"
              : "no signature on the manifest is valid for a key this station knows"
          )
    }
    const manifest = yield* Either.mapLeft(decodeManifest(signed.manifest), malformed("the manifest"))
    return { manifest, text, key }
  })

/** What a station knows of itself when it judges a release. */
export interface Station {
  readonly name: string
  readonly version: string
  readonly platform: string
  readonly now: DateTime.Utc
  readonly allowOlder: boolean
}

/** Whether a release is for this station, now. */
export const judge = (manifest: Manifest, station: Station): Effect.Effect<void, UpdateFailed> => {
  const { expires, minimum_version, name, platforms, version } = manifest
  if (name !== station.name) return failed("WrongName", `this is a release of ${name}, not of ${station.name}`)
  if (platforms !== undefined && !platforms.includes(station.platform))
    return failed("WrongPlatform", `it runs on ${platforms.join(", ")}; this machine is ${station.platform}`)
  if (DateTime.lessThanOrEqualTo(expires, station.now))
    return failed("Expired", `its manifest expired at ${DateTime.formatIso(expires)}`)
  if (lessThan(station.version, minimum_version))
    return failed("NeedsNewer", `it takes ${minimum_version} or newer to install it; this is ${station.version}`)
  if (version === station.version) return failed("Older", `${version} is what runs already`)
  return !station.allowOlder && lessThan(version, station.version)
    ? failed("Older", `${version} is older than ${station.version}, which runs now`)
    : Effect.void
}

// ---------------------------------------------------------------------------------------------------------------------

const failed = (reason: UpdateFailed["reason"], detail: string) => Effect.fail(new UpdateFailed({ reason, detail }))

const malformed = (what: string) => (error: ParseResult.ParseError) => {
  const [first] = ParseResult.ArrayFormatter.formatErrorSync(error)
  const place = first?.path.join(".") ?? ""
  const detail = `${what} can't be read: ${place === "" ? "" : `${place}: `}${first?.message ?? error.message}`
  return new UpdateFailed({ reason: "Malformed", detail })
}

/** What is signed: the same bytes for the same manifest, however it was laid out. */
const canonical = (manifest: Readonly<Record<string, unknown>>): Buffer =>
  Buffer.from(`outpost release manifest 1\n${JSON.stringify(ordered(manifest))}`)

const ordered = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== "object" || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, ordered(inner)]))
}
