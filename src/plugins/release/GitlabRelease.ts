/** Releases of a project on GitLab: the signed manifest and the archive are links of each release. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { SecretReference } from "../../site/Secrets.js"
import { baseUrl, optionalSetting, setting } from "../../site/Setting.js"
import * as ReleaseSource from "../../update/ReleaseSource.js"
import { addressAt, archiveName, named } from "./internal/addresses.js"

const Settings = Schema.Struct({
  project: Schema.String.pipe(
    Schema.pattern(/^[A-Za-z0-9_][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/, {
      message: () => "expected GROUP/PROJECT or a project's number"
    })
  ).annotations({ description: "GROUP/PROJECT, or the project's number" }),
  token: optionalSetting(SecretReference, "For a project that is not public"),
  manifest: setting(Schema.NonEmptyTrimmedString, ReleaseSource.manifestName, "Name of the manifest among the links"),
  base_url: setting(baseUrl("http"), "https://gitlab.com/api/v4", "Address of the API")
})

const Release = Schema.Struct({
  tag_name: Schema.String,
  assets: Schema.Struct({
    links: Schema.Array(Schema.Struct({ name: Schema.String, url: Schema.String }))
  })
})

export const GitlabRelease = ReleaseSource.make({
  name: "gitlab",
  description: "Links of a release on GitLab, its tag being v and the version",
  settings: Settings,
  prepare: (settings, { json, text }) => {
    const { base_url, project, token } = settings
    const secret = Option.match(token, { onNone: () => ({}), onSome: (value) => ({ "private-token": value }) })
    const releases = `${base_url}/projects/${encodeURIComponent(project)}/releases`
    const release = (version: string | undefined) =>
      json(
        Release,
        addressAt(`${releases}/${version === undefined ? "permalink/latest" : `v${version}`}`, base_url, secret)
      )
    const link = (version: string | undefined, name: string) =>
      Effect.flatMap(release(version), ({ assets, tag_name }) =>
        // The token is for the API's own machine, and a link may lead anywhere.
        Effect.map(named(assets.links, name, `release ${tag_name} of ${project} has no link`), ({ url }) =>
          addressAt(url, base_url, secret)
        )
      )
    return Effect.succeed({
      place: `${base_url}/projects/${project}`,
      manifest: (version) => Effect.flatMap(link(version, settings.manifest), text),
      archive: (manifest) => link(manifest.version, manifest.url ?? archiveName(manifest))
    })
  }
})
