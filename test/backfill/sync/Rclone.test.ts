import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { join } from "node:path"
import type { CopyProgress } from "../../../src/backfill/sync/Destination.js"
import * as LocalFiles from "../../../src/backfill/sync/LocalFiles.js"
import * as Rclone from "../../../src/backfill/sync/Rclone.js"
import * as RcloneDestination from "../../../src/backfill/sync/RcloneDestination.js"
import * as RealRclone from "../../support/RealRclone.js"
import { temporaryDirectory } from "../../support/Store.js"
import { imitation } from "../../support/SyncSite.js"
import * as Duration from "effect/Duration"

const batchOf = (root: string) =>
  Effect.map(LocalFiles.list(root, { never: [], purged: new Map() }), ({ files }) => ({ root, files }))

const scene = Effect.gen(function* () {
  const directory = yield* temporaryDirectory
  const root = join(directory, "data")
  RealRclone.write(root, { "x/2025.parquet": "old", "x/2026.parquet": "new", "-odd name/é.parquet": "odd" })
  return { ...RealRclone.make(directory), directory, root }
})

const silent = () => Effect.void

describe("Rclone", () => {
  it.scopedLive("copies what is listed and nothing else, and tells what it sent", () =>
    Effect.gen(function* () {
      const { rclone, root, target } = yield* scene
      RealRclone.write(root, { ".dccd/state": "x" })
      const told: Array<CopyProgress> = []
      const tell = (progress: CopyProgress) => Effect.sync(() => void told.push(progress))
      const sent = yield* rclone.copy(yield* batchOf(root), "backup:site", tell)
      assert.deepStrictEqual(sent, { files: 3, bytes: 9 })
      assert.strictEqual(told.at(-1)?.bytes, 9)
      assert.strictEqual(fs.readFileSync(join(target, "site/-odd name/é.parquet"), "utf8"), "odd")
      assert.isFalse(fs.existsSync(join(target, "site/.dccd")))
      // The second one has nothing to do.
      assert.deepStrictEqual(yield* rclone.copy(yield* batchOf(root), "backup:site", tell), { files: 0, bytes: 0 })
      assert.match(yield* rclone.version, /^v1\./)
    }).pipe(RealRclone.withRclone)
  )

  it.scopedLive("tells what is the same, what differs and what is not there", () =>
    Effect.gen(function* () {
      const { rclone, root, target } = yield* scene
      const batch = yield* batchOf(root)
      yield* rclone.copy(batch, "backup:", silent)
      fs.writeFileSync(join(target, "x/2025.parquet"), "OLD")
      fs.rmSync(join(target, "x/2026.parquet"))
      const bySize = yield* rclone.check(batch, "backup:", "size")
      assert.deepStrictEqual([...bySize.same].sort(), ["-odd name/é.parquet", "x/2025.parquet"])
      const byHash = yield* rclone.check(batch, "backup:", "checksum")
      assert.deepStrictEqual([...byHash.differing.keys()].sort(), ["x/2025.parquet", "x/2026.parquet"])
    }).pipe(RealRclone.withRclone)
  )

  it.scopedLive("its failures keep the code and the words: no such remote, nobody there", () =>
    Effect.gen(function* () {
      const { rclone, root } = yield* scene
      const batch = yield* batchOf(root)
      const unknown = yield* Effect.flip(rclone.copy(batch, "nosuch:x", silent))
      assert.match(unknown.message, /rclone ended with code 1: Failed to create file system.*didn't find section/)
      const absent = yield* Effect.flip(rclone.check(batch, "nowhere:x", "size"))
      assert.strictEqual(absent._tag, "RcloneFailed")
      const made = yield* Effect.flip(
        RcloneDestination.make({
          rclone,
          remote: "nosuch:x",
          provider: "rclone",
          verify: "size",
          timeLimit: Duration.minutes(1)
        }).copy(batch, silent)
      )
      assert.include(made, { _tag: "CopyFailed", reason: "Misconfigured", remote: "nosuch:x" })
    }).pipe(RealRclone.withRclone)
  )

  it.scopedLive("where it is not installed it says how to install it", () =>
    Effect.gen(function* () {
      const { directory } = yield* scene
      const rclone = Rclone.make({ env: { PATH: join(directory, "nothing") } })
      const error = yield* Effect.flip(rclone.version)
      assert.strictEqual(error._tag, "RcloneMissing")
      assert.include(error.message, "apt-get install rclone")
    })
  )

  it.scopedLive("exit codes are told with their meaning, and a signal as a signal", () =>
    Effect.gen(function* () {
      const { directory, root } = yield* scene
      const batch = yield* batchOf(root)
      const says = (script: string) =>
        Effect.map(Effect.flip(imitation(directory, script).copy(batch, "r:", silent)), String)
      assert.include(yield* says("exit 5"), "code 5 (a temporary error)")
      assert.include(
        yield* says(`echo '{"level":"error","msg":"quota","object":"a/b"}' >&2; exit 7`),
        "fatal error): a/b: quota"
      )
      assert.include(yield* says("cat >/dev/null; kill -9 $$"), "ended by SIGKILL")
      assert.include(yield* says("echo 'panic: no JSON at all' >&2; exit 2"), "no JSON at all")
    })
  )

  it.scopedLive("a remote is never taken for an option", () =>
    Effect.gen(function* () {
      const { directory, root } = yield* scene
      const rclone = imitation(directory, `cat >/dev/null; printf '%s\\n' "$@" > ${directory}/args`)
      yield* rclone.copy(yield* batchOf(root), "--config=/tmp/x", silent)
      const args = fs.readFileSync(join(directory, "args"), "utf8").trim().split("\n")
      assert.deepStrictEqual(args.slice(-3), ["--", root, "--config=/tmp/x"])
    })
  )

  it.scopedLive("a copy that takes too long, or is interrupted, leaves no process behind", () =>
    Effect.gen(function* () {
      const { directory, root } = yield* scene
      const batch = yield* batchOf(root)
      const rclone = imitation(directory, `echo $$ > ${directory}/pid; trap '' TERM; sleep 571 & sleep 572`)
      const slow = RcloneDestination.make({
        rclone,
        remote: "r:",
        provider: "rclone",
        verify: "size",
        timeLimit: Duration.millis(300)
      })
      const error = yield* Effect.flip(slow.copy(batch, silent))
      assert.include(error, { _tag: "CopyFailed", reason: "TimedOut" })
      assert.strictEqual(spawnSync("pgrep", ["-f", "sleep 57[12]"]).stdout.toString(), "")

      const fiber = yield* Effect.fork(rclone.copy(batch, "r:", silent))
      yield* Effect.sleep("300 millis")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(spawnSync("pgrep", ["-f", "sleep 57[12]"]).stdout.toString(), "")
    })
  )
})
