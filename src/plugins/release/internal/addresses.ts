/**
 * Addresses of releases: templates with a version in them, and archives beside their manifests.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { UpdateFailed } from "../../../domain/Update.js"
import type { Manifest } from "../../../update/Manifest.js"
import type { Address } from "../../../update/ReleaseSource.js"

/** An address that may have `{version}` in it. */
export const Template = Schema.String.pipe(
  Schema.filter((text) => {
    const fits = URL.canParse(inTemplate(text, "1.0.0")) && /^https?:/.test(text)
    return fits || "expected an address of http or https, such as https://releases.example/{version}/release.json"
  })
)

export const inTemplate = (template: string, version: string): string => template.replaceAll("{version}", version)

/** What an archive is called where nobody says it: as `npm pack` names it. */
export const archiveName = ({ name, version }: Manifest): string =>
  `${name.replace(/^@/, "").replaceAll("/", "-")}-${version}.tgz`

/** An address, asked with the secret only where it belongs to the operator's own machine. */
export const addressAt = (
  url: string,
  base: string,
  secret: Address["headers"],
  headers: Address["headers"] = {}
): Address => {
  const trusted = URL.canParse(url) && new URL(url).origin === new URL(base).origin
  return { _tag: "Address", url, headers: trusted ? { ...headers, ...secret } : headers, trusted }
}

/** The archive of a manifest that stands at an address. */
export const archiveBeside = (
  manifest: Manifest,
  base: string,
  secret: Address["headers"]
): Effect.Effect<Address, UpdateFailed> => {
  const url = manifest.url ?? archiveName(manifest)
  return URL.canParse(url, base)
    ? Effect.succeed(addressAt(new URL(url, base).href, base, secret))
    : Effect.fail(new UpdateFailed({ reason: "Malformed", detail: `the manifest's url is none: ${url}` }))
}

/** The file of this name among those of a release. */
export const named = <F extends { readonly name: string }>(
  files: ReadonlyArray<F>,
  name: string,
  missing: string
): Effect.Effect<F, UpdateFailed> =>
  Effect.mapError(
    Effect.fromNullable(files.find((file) => file.name === name)),
    () => new UpdateFailed({ reason: "NotFound", detail: `${missing} ${name}` })
  )

/** The header of a bearer token, if there is one. */
export const bearer = (token: Option.Option<Redacted.Redacted>): Address["headers"] =>
  Option.match(token, {
    onNone: () => ({}),
    onSome: (secret) => ({ authorization: Redacted.make(`Bearer ${Redacted.value(secret)}`) })
  })
