import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as os from "node:os"
import * as Site from "../../src/site/Site.js"
import * as TemporarySite from "./TemporarySite.js"
import { layer as sharing } from "../support/SharedLayer.js"

describe("Site", () => {
  sharing(TemporarySite.layer)((it) => {
    it.effect("makes its directories, closed to others", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const site = yield* Site.Site
        for (const directory of [site.outpostDirectory, site.secretsDirectory]) {
          assert.strictEqual((yield* fs.stat(directory)).mode & 0o777, 0o700, directory)
        }
        assert.isTrue(site.directory.startsWith("/"))
      })
    )

    it.effect("closes directories that were open", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const site = yield* Site.Site
        yield* fs.chmod(site.secretsDirectory, 0o755)
        yield* Site.make(site.directory)
        assert.strictEqual((yield* fs.stat(site.secretsDirectory)).mode & 0o777, 0o700)
      })
    )

    it.effect("resolves what stays inside", () =>
      Effect.gen(function* () {
        const site = yield* Site.Site
        assert.strictEqual(yield* site.resolve("a/b/c.txt"), `${site.directory}/a/b/c.txt`)
        assert.strictEqual(yield* site.resolve("."), site.directory)
        assert.strictEqual(yield* site.resolve("a..b"), `${site.directory}/a..b`)
      })
    )

    for (const path of ["..", "../x", "a/../../x", "a/../b", "a\\..\\b", "/etc/passwd", "a\0b"]) {
      it.effect(`refuses ${JSON.stringify(path)}`, () =>
        Effect.gen(function* () {
          const error = yield* Effect.flip((yield* Site.Site).resolve(path))
          assert.strictEqual(error._tag, "PathEscapes")
          assert.strictEqual(error.path, path)
        })
      )
    }

    it.effect("refuses to leave through symbolic links, also to what does not exist", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const site = yield* Site.Site
        const outside = yield* fs.makeTempDirectoryScoped()
        yield* fs.symlink(outside, `${site.directory}/out`)
        yield* fs.symlink(`${outside}/absent`, `${site.directory}/dangling`)
        yield* fs.makeDirectory(`${site.directory}/real`, { recursive: true })
        yield* fs.symlink(`${site.directory}/real`, `${site.directory}/inner`)
        for (const path of ["out", "out/new/file", "dangling", "dangling/x"]) {
          const exit = yield* Effect.exit(site.resolve(path))
          assert.isTrue(exit._tag === "Failure", path)
        }
        assert.strictEqual(yield* site.resolve("inner/x"), `${site.directory}/inner/x`)
      }).pipe(Effect.scoped)
    )
  })

  it.effect("fails with a reason where the directory can't be one", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const file = yield* fs.makeTempFileScoped()
      const error = yield* Effect.flip(Site.make(`${file}/site`))
      assert.strictEqual(error._tag, "SiteUnusable")
      assert.include(error.message, file)
    }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))
  )

  it("expands the home directory only where it leads", () => {
    assert.strictEqual(Site.expandHome("~"), os.homedir())
    assert.strictEqual(Site.expandHome("~/x"), `${os.homedir()}/x`)
    assert.strictEqual(Site.expandHome("~x"), "~x")
    assert.strictEqual(Site.expandHome("a/~"), "a/~")
  })
})
