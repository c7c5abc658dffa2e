import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { unpack } from "../../src/update/Unpack.js"
import { archiveOf, type Item, tar, tgz } from "../support/ReleaseMaker.js"

const bounds = { bytes: 64 * 2 ** 20, files: 100, ratio: 100 }

/** Unpacks into `place/inside`; answers what stands in `place` afterwards. */
const unpacked = (archive: Buffer, limits = bounds) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const place = yield* fs.makeTempDirectoryScoped()
    const inside = join(place, "inside")
    mkdirSync(inside)
    writeFileSync(join(place, "archive.tgz"), archive)
    const outcome = yield* Effect.either(unpack(join(place, "archive.tgz"), inside, limits))
    const names = readdirSync(place, { recursive: true, encoding: "utf8" }).filter((name) => name !== "archive.tgz")
    return { outcome, names: names.sort(), inside }
  }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))

const refusal = (archive: Buffer, limits = bounds) =>
  Effect.map(unpacked(archive, limits), ({ names, outcome }) => ({
    reason: outcome._tag === "Left" ? outcome.left.reason : "none",
    text: outcome._tag === "Left" ? outcome.left.message : "",
    outside: names.filter((name) => !name.startsWith("inside"))
  }))

const honest: Item = { path: "package/a.txt", content: "a" }

describe("archives", () => {
  it.live("the files of the one top directory come out, without rights beyond the owner's", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const place = yield* fs.makeTempDirectoryScoped()
      writeFileSync(
        join(place, "x.tgz"),
        tgz([
          { path: "package/", type: "Directory", mode: 0o777 },
          { path: "package/bin/run", content: "#!/bin/sh", mode: 0o4777 },
          { path: "package/dist/main.js", content: "1" }
        ])
      )
      mkdirSync(join(place, "out"))
      yield* unpack(join(place, "x.tgz"), join(place, "out"), bounds)
      assert.strictEqual(readFileSync(join(place, "out/dist/main.js"), "utf8"), "1")
      assert.strictEqual(statSync(join(place, "out/bin/run")).mode & 0o7777, 0o755)
    }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))
  )

  it.live("no path leads out", () =>
    Effect.gen(function* () {
      const paths = [
        "package/../../evil",
        "../evil",
        "/tmp/evil",
        "package//evil",
        "package/./evil",
        "package/..\\evil"
      ]
      for (const path of paths) {
        const { outside, reason } = yield* refusal(tgz([honest, { path, content: "evil" }]))
        assert.deepStrictEqual([reason, outside], ["UnsafeArchive", []], path)
      }
      const two = yield* refusal(tgz([honest, { path: "other/b.txt", content: "b" }]))
      assert.include(two.text, "more than one top directory")
    })
  )

  it.live("links and devices are refused, and nothing is written through them", () =>
    Effect.gen(function* () {
      const kinds: ReadonlyArray<Item> = [
        { path: "package/l", type: "SymbolicLink", linkpath: ".." },
        { path: "package/l", type: "Link", linkpath: "package/a.txt" },
        { path: "package/l", type: "CharacterDevice" },
        { path: "package/l", type: "FIFO" }
      ]
      for (const item of kinds) {
        const { outside, reason } = yield* refusal(tgz([honest, item, { path: "package/l/evil", content: "evil" }]))
        assert.deepStrictEqual([reason, outside], ["UnsafeArchive", []], item.type)
      }
    })
  )

  it.live("bombs end before they fill the disk: by bytes, by files, by ratio, in layers", () =>
    Effect.gen(function* () {
      const zeros = tgz([honest, { path: "package/zeros", content: Buffer.alloc(32 * 2 ** 20) }])
      const ratio = yield* refusal(zeros)
      assert.include(ratio.text, "100 times its own size")
      const bytes = yield* refusal(zeros, { ...bounds, bytes: 2 ** 20, ratio: 100_000 })
      assert.include(bytes.text, "more than 1048576 bytes")
      const many = Array.from({ length: 101 }, (_, n): Item => ({ path: `package/${n}`, content: "" }))
      assert.include((yield* refusal(tgz(many))).text, "more than 100 files")
      const layered = yield* refusal(gzipSync(tgz([honest])))
      assert.include(layered.text, "more than once")
      for (const { reason } of [ratio, bytes, layered]) assert.strictEqual(reason, "UnsafeArchive")
    })
  )

  it.live("a truncated archive, or what is none, is broken", () =>
    Effect.gen(function* () {
      const content = Buffer.from(Array.from({ length: 200_000 }, (_, n) => (n * 7919) % 251))
      const whole = tgz([honest, { path: "package/b", content }])
      const cases: ReadonlyArray<readonly [string, Buffer]> = [
        ["cut gzip", whole.subarray(0, whole.length / 2)],
        ["cut tar", gzipSync(tar([honest, { path: "package/b", content }]).subarray(0, 100_000))],
        ["no archive", gzipSync("this is no archive at all")],
        ["no gzip", Buffer.from("this is no gzip")],
        ["empty", Buffer.alloc(0)],
        ["flipped", flipped(archiveOf({ "a.txt": "a".repeat(5000) }))]
      ]
      for (const [name, archive] of cases) assert.strictEqual((yield* refusal(archive)).reason, "BrokenArchive", name)
    })
  )
})

/** One byte in the middle of the compressed data is another one. */
const flipped = (archive: Buffer): Buffer => {
  const bytes = Buffer.from(archive)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 0xff
  return bytes
}
