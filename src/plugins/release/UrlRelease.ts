/** A manifest at an address, its archive beside it: any web server will do. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { SecretReference } from "../../site/Secrets.js"
import { optionalSetting } from "../../site/Setting.js"
import * as ReleaseSource from "../../update/ReleaseSource.js"
import { addressAt, archiveBeside, bearer, inTemplate, Template } from "./internal/addresses.js"

const Settings = Schema.Struct({
  manifest: Template.annotations({
    description: "Address of the signed manifest; {version} in it stands for a version, or for `latest`"
  }),
  token: optionalSetting(SecretReference, "Sent as a bearer token")
})

export const UrlRelease = ReleaseSource.make({
  name: "url",
  description: "A signed manifest on a web server, with its archive beside it",
  settings: Settings,
  prepare: ({ manifest, token }, { text }) => {
    const secret = bearer(token)
    const at = (version: string) => inTemplate(manifest, version)
    return Effect.succeed({
      place: manifest,
      manifest: (version = "latest") => text(addressAt(at(version), at(version), secret)),
      archive: (release) => archiveBeside(release, at(release.version), secret)
    })
  }
})
