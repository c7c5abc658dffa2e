/**
 * Releases as packages of an npm registry. A package can't hold a signature over itself, so the signed manifest stands at an
 * address of its own; the registry has the archive.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { UpdateFailed } from "../../domain/Update.js"
import { SecretReference } from "../../site/Secrets.js"
import { baseUrl, optionalSetting, setting } from "../../site/Setting.js"
import * as ReleaseSource from "../../update/ReleaseSource.js"
import { addressAt, bearer, inTemplate, Template } from "./internal/addresses.js"

const Settings = Schema.Struct({
  package: Schema.String.pipe(
    Schema.pattern(/^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/, { message: () => "expected a package's name" })
  ).annotations({ description: "The package's name" }),
  manifest: Template.annotations({ description: "Address of the signed manifest of {version}" }),
  tag: setting(Schema.NonEmptyTrimmedString, "latest", "The tag whose version is the newest"),
  token: optionalSetting(SecretReference, "For a registry that is not public"),
  base_url: setting(baseUrl("http"), "https://registry.npmjs.org", "Address of the registry")
})

const Package = Schema.Struct({
  "dist-tags": Schema.Record({ key: Schema.String, value: Schema.String }),
  versions: Schema.Record({
    key: Schema.String,
    value: Schema.Struct({ dist: Schema.Struct({ tarball: Schema.String }) })
  })
})

export const NpmRelease = ReleaseSource.make({
  name: "npm",
  description: "Tarballs of an npm registry, with signed manifests on a web server",
  settings: Settings,
  prepare: (settings, { json, text }) => {
    const { base_url, tag, token } = settings
    const url = `${base_url}/${settings.package.replace("/", "%2f")}`
    const document = json(Package, addressAt(url, base_url, bearer(token)))
    const found = <A>(value: A | undefined, what: string) =>
      Effect.mapError(
        Effect.fromNullable(value),
        () => new UpdateFailed({ reason: "NotFound", detail: `${settings.package} has no ${what} in the registry` })
      )
    const newest = Effect.flatMap(document, (known) => found(known["dist-tags"][tag], `tag ${tag}`))
    return Effect.succeed({
      place: url,
      manifest: (version) =>
        Effect.flatMap(version === undefined ? newest : Effect.succeed(version), (wanted) => {
          const address = inTemplate(settings.manifest, wanted)
          return text(addressAt(address, address, {}))
        }),
      archive: ({ version }) =>
        Effect.flatMap(document, ({ versions }) => found(versions[version], `version ${version}`)).pipe(
          Effect.map(({ dist }) => addressAt(dist.tarball, base_url, bearer(token)))
        )
    })
  }
})
