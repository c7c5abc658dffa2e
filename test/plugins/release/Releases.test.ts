import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Outgoing from "../../../src/outgoing/Outgoing.js"
import { OutgoingSettings } from "../../../src/outgoing/Settings.js"
import { releases } from "../../../src/plugins/release/Releases.js"
import { registry } from "../../../src/update/ReleaseSource.js"
import * as TemporarySite from "../../site/TemporarySite.js"
import * as RawServer from "../../support/RawServer.js"
import { manifestOf, signed } from "../../support/ReleaseMaker.js"

const archive = Buffer.from("bytes")
const text = signed({ version: "1.2.3", archive })
const manifest = manifestOf({ version: "1.2.3", archive })

const live = Layer.mergeAll(
  TemporarySite.withSecrets,
  NodeContext.layer,
  Outgoing.layer({ settings: new OutgoingSettings({}) })
)

/** A server that answers by path; `{url}` in an answer is its own address. */
const server = (answers: Readonly<Record<string, string>>) =>
  RawServer.make((request, response) => {
    const body = answers[request.url ?? ""]
    const url = `http://${request.headers.host}`
    response.writeHead(body === undefined ? 404 : 200).end(body?.replaceAll("{url}", url))
  })

/** What a source answers for a version and for the newest one. */
const asked = (name: string, settings: Readonly<Record<string, unknown>>) =>
  Effect.gen(function* () {
    const { prepare } = yield* registry(releases)
    const source = yield* prepare(name, settings)
    return {
      newest: yield* source.manifest(undefined),
      one: yield* source.manifest("1.2.3"),
      missing: (yield* Effect.flip(source.manifest("9.9.9"))).reason,
      archive: yield* source.archive(manifest),
      place: source.place
    }
  })

describe("sources of releases", () => {
  it.scopedLive("github: files of a release, asked with the token", () =>
    Effect.gen(function* () {
      const assets = [
        { name: "release.json", url: "{url}/files/1" },
        { name: "outpost-1.2.3.tgz", url: "{url}/files/2" }
      ]
      const release = JSON.stringify({ tag_name: "v1.2.3", assets })
      const { requests, url } = yield* server({
        "/repos/a/b/releases/latest": release,
        "/repos/a/b/releases/tags/v1.2.3": release,
        "/files/1": text
      })
      const found = yield* asked("github", { repository: "a/b", token: "hunter22", base_url: url })
      assert.deepStrictEqual([found.newest, found.one, found.missing], [text, text, "NotFound"])
      assert.deepInclude(found.archive, { url: `${url}/files/2`, trusted: true })
      assert.isTrue(requests.every(({ headers }) => headers.authorization === "Bearer hunter22"))
      assert.notInclude(JSON.stringify(found), "hunter22")
    }).pipe(Effect.provide(live))
  )

  it.scopedLive("gitlab: links of a release; the token does not go to where a link leads", () =>
    Effect.gen(function* () {
      const elsewhere = yield* server({ "/release.json": text })
      const links = [
        { name: "release.json", url: `${elsewhere.url}/release.json` },
        { name: "outpost-1.2.3.tgz", url: "https://cdn.example/a.tgz" }
      ]
      const release = JSON.stringify({ tag_name: "v1.2.3", assets: { links } })
      const { requests, url } = yield* server({
        "/projects/g%2Fp/releases/permalink/latest": release,
        "/projects/g%2Fp/releases/v1.2.3": release
      })
      const prepared = yield* (yield* registry(releases)).prepare("gitlab", {
        project: "g/p",
        token: "hunter22",
        base_url: url
      })
      // A link to this machine is not the operator's own address: it is not even asked.
      assert.strictEqual((yield* Effect.flip(prepared.manifest(undefined))).reason, "Unreachable")
      assert.strictEqual(elsewhere.requests.length, 0)
      assert.deepStrictEqual(yield* prepared.archive(manifest), {
        _tag: "Address",
        url: "https://cdn.example/a.tgz",
        headers: {},
        trusted: false
      })
      assert.isTrue(requests.every(({ headers }) => headers["private-token"] === "hunter22"))
    }).pipe(Effect.provide(live))
  )

  it.scopedLive("npm: the tag says which is the newest, the registry where the tarball is", () =>
    Effect.gen(function* () {
      const { url } = yield* server({
        "/@obs%2foutpost": JSON.stringify({
          "dist-tags": { latest: "1.2.3" },
          versions: { "1.2.3": { dist: { tarball: "{url}/tarballs/a.tgz" } } }
        }),
        "/m/1.2.3.json": text
      })
      const found = yield* asked("npm", { package: "@obs/outpost", manifest: `${url}/m/{version}.json`, base_url: url })
      assert.deepStrictEqual([found.newest, found.one, found.missing], [text, text, "NotFound"])
      assert.deepInclude(found.archive, { url: `${url}/tarballs/a.tgz`, trusted: true })
    }).pipe(Effect.provide(live))
  )

  it.scopedLive("url: the archive stands beside the manifest, or where that says", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ "/r/latest/release.json": text, "/r/1.2.3/release.json": text })
      const settings = { manifest: `${url}/r/{version}/release.json`, token: "hunter22" }
      const found = yield* asked("url", settings)
      assert.deepStrictEqual([found.newest, found.one, found.missing], [text, text, "NotFound"])
      assert.deepInclude(found.archive, { url: `${url}/r/1.2.3/outpost-1.2.3.tgz`, trusted: true })
      const { archive: place } = yield* (yield* registry(releases)).prepare("url", settings)
      const away = manifestOf({ version: "1.2.3", archive, change: { url: "https://cdn.example/x.tgz" } })
      assert.deepInclude(yield* place(away), { url: "https://cdn.example/x.tgz", headers: {}, trusted: false })
    }).pipe(Effect.provide(live))
  )

  it.scopedLive("ivy 14.22: a repository that is none is refused, and so is a source that nobody knows", () =>
    Effect.gen(function* () {
      const { prepare } = yield* registry(releases)
      for (const repository of ["a b/c d/e;rm", "a/b/c", "a", "a/b;id", "../x"]) {
        const error = yield* Effect.flip(prepare("github", { repository }))
        assert.strictEqual(error.reason, "NoSource", repository)
        assert.include(error.message, "OWNER/REPOSITORY")
      }
      assert.include((yield* Effect.flip(prepare("ftp", {}))).message, "file, github, gitlab, npm, url")
    }).pipe(Effect.provide(live))
  )
})
