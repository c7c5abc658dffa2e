import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { randomBytes } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Outgoing from "../../src/outgoing/Outgoing.js"
import { OutgoingSettings } from "../../src/outgoing/Settings.js"
import { download } from "../../src/update/Download.js"
import type { ArchivePlace, PreparedRelease } from "../../src/update/ReleaseSource.js"
import * as RawServer from "../support/RawServer.js"
import { manifestOf } from "../support/ReleaseMaker.js"

const archive = randomBytes(300_000)

const release = (place: ArchivePlace): PreparedRelease => ({
  place: "here",
  manifest: () => Effect.dieMessage("not asked here"),
  archive: () => Effect.succeed(place)
})

const from = (url: string) => release({ _tag: "Address", url, headers: {}, trusted: true })

const fetched = (
  source: PreparedRelease,
  path: string,
  options: { size?: number; maxBytes?: number; within?: Duration.DurationInput } = {}
) => {
  const seen: Array<number> = []
  const manifest = manifestOf({
    version: "1.0.0",
    archive,
    change: options.size === undefined ? {} : { size: options.size }
  })
  return download({
    release: source,
    manifest,
    path,
    maxBytes: options.maxBytes ?? 2 ** 20,
    within: Duration.decode(options.within ?? "20 seconds"),
    onProgress: (bytes) => seen.push(bytes)
  }).pipe(Effect.as(seen))
}

const place = Effect.map(
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped()),
  (directory) => join(directory, "downloads", "a.tgz")
)

const live = Layer.merge(NodeContext.layer, Outgoing.layer({ settings: new OutgoingSettings({ allow_private: [] }) }))

/** Serves the archive; the first `breaks` answers end in the middle. */
const server = (options: { breaks?: number; ranges?: boolean; body?: Buffer } = {}) => {
  const { body = archive, ranges = true } = options
  let left = options.breaks ?? 0
  return RawServer.make((request, response) => {
    const start = ranges ? Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0) : 0
    if (start >= body.length) return void response.writeHead(416).end()
    const head = start === 0 ? {} : { "content-range": `bytes ${start}-${body.length - 1}/${body.length}` }
    response.writeHead(start === 0 ? 200 : 206, { ...head, "content-length": body.length - start })
    if (left-- <= 0) return void response.end(body.subarray(start))
    response.write(body.subarray(start, start + 100_000), () => setImmediate(() => response.destroy()))
  })
}

const reasonOf = <A, R>(effect: Effect.Effect<A, { readonly reason: string }, R>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason)

describe("downloads", () => {
  it.scopedLive("a connection that breaks is resumed where it broke", () =>
    Effect.gen(function* () {
      const path = yield* place
      const { requests, url } = yield* server({ breaks: 2 })
      const seen = yield* fetched(from(url), path)
      assert.isTrue(readFileSync(path).equals(archive))
      assert.strictEqual(requests.length, 3)
      assert.match(String(requests[2]?.headers.range), /^bytes=[1-9]\d+-$/)
      assert.strictEqual(seen.at(-1), archive.length)
    }).pipe(Effect.provide(live))
  )

  it.scopedLive("what an earlier life has fetched is not fetched again, and a whole file is not asked for", () =>
    Effect.gen(function* () {
      const path = yield* place
      const { requests, url } = yield* server()
      yield* Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeDirectory(join(path, ".."), { recursive: true }))
      writeFileSync(path, archive.subarray(0, 200_000))
      yield* fetched(from(url), path)
      yield* fetched(from(url), path)
      assert.deepStrictEqual(
        requests.map(({ headers }) => headers.range),
        ["bytes=200000-"]
      )
    }).pipe(Effect.provide(live))
  )

  it.scopedLive("a server without ranges, or a part that was damaged, means from the beginning", () =>
    Effect.gen(function* () {
      const path = yield* place
      yield* Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeDirectory(join(path, ".."), { recursive: true }))
      writeFileSync(path, archive.subarray(0, 1000))
      const plain = yield* server({ ranges: false })
      yield* fetched(from(plain.url), path)
      assert.isTrue(readFileSync(path).equals(archive))
      writeFileSync(path, Buffer.alloc(1000))
      const { requests, url } = yield* server()
      yield* fetched(from(url), path)
      assert.isTrue(readFileSync(path).equals(archive))
      assert.strictEqual(requests.length, 2)
    }).pipe(Effect.provide(live))
  )

  it.scopedLive("bytes that are not those of the manifest are not kept", () =>
    Effect.gen(function* () {
      const path = yield* place
      const other = Buffer.from(archive)
      other[5] = (other[5] ?? 0) ^ 1
      const cases = [
        ["wrong hash", other],
        ["truncated", archive.subarray(0, 1000)],
        ["too long", Buffer.concat([archive, Buffer.from("x")])]
      ] as const
      for (const [name, body] of cases) {
        const { url } = yield* server({ body })
        assert.strictEqual(yield* reasonOf(fetched(from(url), path)), "Mismatch", name)
        const file = `${path}.${name}`
        writeFileSync(file, body)
        assert.strictEqual(yield* reasonOf(fetched(release({ _tag: "File", path: file }), path)), "Mismatch", name)
      }
      const kept = existsSync(path) ? readFileSync(path).length : 0
      assert.isAtMost(kept, archive.length)
    }).pipe(Effect.provide(live))
  )

  it.scopedLive("one that is too large is not begun; one that is gone, or never comes, ends", () =>
    Effect.gen(function* () {
      const path = yield* place
      const { requests, url } = yield* server()
      assert.strictEqual(yield* reasonOf(fetched(from(url), path, { maxBytes: 1000 })), "TooLarge")
      assert.strictEqual(requests.length, 0)
      const gone = yield* RawServer.make((_, response) => response.writeHead(404).end("gone"))
      assert.strictEqual(yield* reasonOf(fetched(from(gone.url), path)), "NotFound")
      const silent = yield* RawServer.make(() => undefined)
      assert.strictEqual(yield* reasonOf(fetched(from(silent.url), path, { within: "300 millis" })), "Unreachable")
    }).pipe(Effect.provide(live))
  )

  it.scopedLive("a file of this machine is copied", () =>
    Effect.gen(function* () {
      const path = yield* place
      const original = `${path.slice(0, path.lastIndexOf("/downloads"))}/original.tgz`
      writeFileSync(original, archive)
      yield* fetched(release({ _tag: "File", path: original }), path)
      assert.isTrue(readFileSync(path).equals(archive))
      assert.strictEqual(yield* reasonOf(fetched(release({ _tag: "File", path: "/nowhere" }), `${path}2`)), "NotFound")
    }).pipe(Effect.provide(live))
  )
})
