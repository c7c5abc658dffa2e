import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Versions from "../../src/update/Versions.js"
import { signed } from "../support/ReleaseMaker.js"

const place = Effect.map(
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped()),
  Versions.at
)

const install = (versions: Versions.Versions, version: string, entry = "dist/main.js") => {
  mkdirSync(versions.of(version), { recursive: true })
  const text = signed({ version, archive: Buffer.from(version), change: { entry } })
  writeFileSync(join(versions.of(version), Versions.mark), text)
}

describe("versions on the disk", () => {
  it.scopedLive(
    "ivy 12: pointer file names the right version 5 times (ivy 14.16: the pointer to a version is replaced as a whole)",
    () =>
      Effect.gen(function* () {
        const versions = yield* place
        for (const version of ["1.0.0", "1.1.0"]) install(versions, version)
        assert.isNull(yield* Versions.current(versions))
        // What a power cut between the two names leaves behind is no obstacle.
        writeFileSync(`${versions.current}.new`, "")
        for (const version of ["1.0.0", "1.1.0", "1.0.0", "1.1.0", "1.0.0"]) {
          yield* Versions.point(versions, version)
          assert.strictEqual(readlinkSync(versions.current), version)
          assert.strictEqual(yield* Versions.current(versions), version)
        }
        yield* Versions.point(versions, null)
        yield* Versions.point(versions, null)
        assert.isNull(yield* Versions.current(versions))
      }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scopedLive("only what was installed whole is a version, and a link to what is gone is none", () =>
    Effect.gen(function* () {
      const versions = yield* place
      install(versions, "1.10.0")
      install(versions, "1.9.0", "lib/start.mjs")
      mkdirSync(versions.of("1.11.0"), { recursive: true })
      mkdirSync(versions.unfinished("1.12.0"), { recursive: true })
      assert.deepStrictEqual(yield* Versions.installed(versions), ["1.9.0", "1.10.0"])
      assert.strictEqual(yield* Versions.entryOf(versions, "1.9.0"), join(versions.of("1.9.0"), "lib/start.mjs"))
      yield* Versions.point(versions, "1.9.0")
      rmSync(versions.of("1.9.0"), { recursive: true })
      assert.isNull(yield* Versions.current(versions))
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scopedLive(
    "ivy 12: venv creation and removal (current kept, other removed): a version is a directory with all it needs; pruning leaves what is named",
    () =>
      Effect.gen(function* () {
        const versions = yield* place
        for (const version of ["1.0.0", "1.1.0", "1.2.0"]) install(versions, version)
        mkdirSync(versions.unfinished("1.3.0"), { recursive: true })
        mkdirSync(versions.downloads)
        yield* Versions.point(versions, "1.2.0")
        assert.deepStrictEqual(yield* Versions.prune(versions, new Set(["1.1.0", "1.2.0"])), ["1.0.0"])
        assert.deepStrictEqual(readdirSync(versions.directory).sort(), ["1.1.0", "1.2.0", "current"])
      }).pipe(Effect.provide(NodeContext.layer))
  )
})
