import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { join } from "node:path"
import * as RealRclone from "../../support/RealRclone.js"
import * as S3Server from "../../support/S3Server.js"
import * as SyncSite from "../../support/SyncSite.js"

const year = "b/ohlc/A-B/1h/2026.parquet"

describe("Uploads", () => {
  it.scopedLive("brings finished files to every remote at once, and tells where they are", () =>
    Effect.gen(function* () {
      const server = yield* S3Server.make
      const site = yield* SyncSite.make({ s3: [SyncSite.bucket(server.endpoint)] })
      RealRclone.write(site.root, { [year]: "rows", "b/ohlc/A-B/1h/2025.parquet": "not asked for" })
      const { uploads } = yield* SyncSite.open(site)
      assert.deepStrictEqual(yield* uploads.remotes, ["backup:site", "s3://station/site-1"])
      const file = join(site.root, year)
      const [uploaded] = yield* uploads.upload([file])
      assert.deepInclude(uploaded, {
        file,
        error: undefined,
        placed: [
          { remote: "backup:site", bucket: "backup:site", key: year },
          { remote: "s3://station/site-1", bucket: "station", key: `site-1/${year}` }
        ]
      })
      assert.isAbove(uploaded!.seconds, 0)
      assert.strictEqual(fs.readFileSync(join(site.target, year), "utf8"), "rows")
      assert.deepStrictEqual([...server.objects.keys()], [`station/site-1/${year}`])
    }).pipe(RealRclone.withRclone)
  )

  it.scopedLive("what could not be uploaded is an answer with its reason, for each file on its own", () =>
    Effect.gen(function* () {
      const site = yield* SyncSite.make({ remotes: [SyncSite.remote("backup:site"), SyncSite.remote("nosuch:x")] })
      RealRclone.write(site.root, { [year]: "rows", "s/2025.parquet": "x", "s/2025.parquet.unreadable-1": "y" })
      const { uploads } = yield* SyncSite.open(site)
      const answers = yield* uploads.upload([
        join(site.root, year),
        join(site.root, "s/2025.parquet"),
        join(site.root, "gone.parquet"),
        "/elsewhere/x.parquet"
      ])
      assert.deepStrictEqual(
        answers[0]?.placed.map(({ remote }) => remote),
        ["backup:site"]
      )
      assert.match(answers[0]?.error ?? "", /^nosuch:x: rclone ended with code 1/)
      assert.include(answers[1]?.error, "backup:site: held back: its former content was set aside")
      assert.include(answers[2]?.error, "backup:site: there is no such file")
      assert.strictEqual(answers[3]?.error, `it is not below storage.local_path (${site.root})`)
      site.settings.now = { ...site.settings.now, remotes: [] }
      assert.strictEqual((yield* uploads.upload([join(site.root, year)]))[0]?.error, "no remotes are configured")
    }).pipe(RealRclone.withRclone)
  )

  it.scopedLive("a file that grows while it is sent is sent again as it is then", () =>
    Effect.gen(function* () {
      const server = yield* S3Server.make
      const site = yield* SyncSite.make({ remotes: [], s3: [SyncSite.bucket(server.endpoint)] })
      RealRclone.write(site.root, { [year]: "first" })
      const { uploads } = yield* SyncSite.open(site)
      let replaced = false
      server.trouble.store = (body) => {
        if (!replaced) RealRclone.write(site.root, { [year]: "second, and longer" })
        replaced = true
        return body
      }
      const [answer] = yield* uploads.upload([join(site.root, year)])
      assert.isUndefined(answer?.error)
      assert.strictEqual(server.objects.get(`station/site-1/${year}`)?.body.toString(), "second, and longer")
    })
  )
})
