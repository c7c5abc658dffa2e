/** Releases of a repository on GitHub: the signed manifest and the archive are among the files of each release. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { SecretReference } from "../../site/Secrets.js"
import { baseUrl, optionalSetting, setting } from "../../site/Setting.js"
import * as ReleaseSource from "../../update/ReleaseSource.js"
import { addressAt, archiveName, bearer, named } from "./internal/addresses.js"

const Settings = Schema.Struct({
  repository: Schema.String.pipe(
    Schema.pattern(/^[A-Za-z0-9][A-Za-z0-9-]*\/[A-Za-z0-9._-]+$/, { message: () => "expected OWNER/REPOSITORY" })
  ).annotations({ description: "OWNER/REPOSITORY" }),
  token: optionalSetting(SecretReference, "For a repository that is not public"),
  manifest: setting(Schema.NonEmptyTrimmedString, ReleaseSource.manifestName, "Name of the manifest among the files"),
  base_url: setting(baseUrl("http"), "https://api.github.com", "Address of the API")
})

const Release = Schema.Struct({
  tag_name: Schema.String,
  assets: Schema.Array(Schema.Struct({ name: Schema.String, url: Schema.String }))
})

export const GithubRelease = ReleaseSource.make({
  name: "github",
  description: "Files of a release on GitHub, its tag being v and the version",
  settings: Settings,
  prepare: (settings, { json, text }) => {
    const { base_url, repository, token } = settings
    const at = (url: string, accept: string) =>
      addressAt(url, base_url, bearer(token), { accept, "user-agent": "outpost" })
    const releases = `${base_url}/repos/${repository}/releases`
    const release = (version: string | undefined) =>
      json(
        Release,
        at(`${releases}/${version === undefined ? "latest" : `tags/v${version}`}`, "application/vnd.github+json")
      )
    const asset = (version: string | undefined, name: string) =>
      Effect.flatMap(release(version), ({ assets, tag_name }) =>
        Effect.map(named(assets, name, `release ${tag_name} of ${repository} has no file`), ({ url }) =>
          at(url, "application/octet-stream")
        )
      )
    return Effect.succeed({
      place: `${base_url}/repos/${repository}`,
      manifest: (version) => Effect.flatMap(asset(version, settings.manifest), text),
      archive: (manifest) => asset(manifest.version, manifest.url ?? archiveName(manifest))
    })
  }
})
