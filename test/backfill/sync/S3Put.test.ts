import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import { join } from "node:path"
import * as Database from "../../../src/database/Database.js"
import * as LocalFiles from "../../../src/backfill/sync/LocalFiles.js"
import * as S3Destination from "../../../src/backfill/sync/S3Destination.js"
import * as S3Put from "../../../src/backfill/sync/S3Put.js"
import * as SyncStore from "../../../src/backfill/sync/SyncStore.js"
import * as Outgoing from "../../../src/outgoing/Outgoing.js"
import { OutgoingSettings } from "../../../src/outgoing/Settings.js"
import { write } from "../../support/RealRclone.js"
import * as S3Server from "../../support/S3Server.js"
import { temporaryDirectory } from "../../support/Store.js"

const outgoing = Outgoing.layer({ settings: new OutgoingSettings({ allow_private: ["127.0.0.1"] }) })

const bucketAt = (endpoint: string, secret = S3Server.credentials.secret): S3Put.Bucket => ({
  endpoint,
  bucket: "station",
  region: "eu-central-1",
  pathStyle: true,
  credentials: {
    accessKeyId: Redacted.make(S3Server.credentials.id),
    secretAccessKey: Redacted.make(secret),
    sessionToken: Redacted.make(S3Server.credentials.token)
  },
  timeLimit: Duration.seconds(10)
})

const fileOf = (bytes: Buffer) =>
  Effect.map(temporaryDirectory, (directory) => {
    const path = join(directory, "file")
    fs.writeFileSync(path, bytes)
    return path
  })

describe("S3Put", () => {
  it.scopedLive("puts files of any size under keys of any spelling, signed, and finds them there", () =>
    Effect.gen(function* () {
      const server = yield* S3Server.make
      const bucket = bucketAt(server.endpoint)
      for (const [key, size] of [
        ["site-1/binance/ohlc/BTC-USDT/1h/2026.parquet", 3_000_000],
        ["ä ö+*'()!~=@/€ %41.parquet", 10],
        ["empty", 0]
      ] as const) {
        const bytes = randomBytes(size)
        const digest = yield* S3Put.put(bucket, key, yield* fileOf(bytes))
        assert.deepStrictEqual(server.objects.get(`station/${key}`)?.body, bytes)
        const found = Option.getOrThrow(yield* S3Put.head(bucket, key))
        assert.deepStrictEqual(found, { size, md5: digest.md5, sha256: digest.sha256 })
      }
      assert.deepStrictEqual(yield* S3Put.head(bucket, "nothing"), Option.none())
    }).pipe(Effect.provide(outgoing))
  )

  it.scopedLive("what the server made something else of is no upload", () =>
    Effect.gen(function* () {
      const server = yield* S3Server.make
      const path = yield* fileOf(Buffer.from("content"))
      const same = (facts: Partial<S3Put.ObjectFacts>): boolean =>
        S3Put.isCopy({ size: 7, md5: "m", sha256: "s", ...facts }, { size: 7, md5: "m", sha256: "s" })
      assert.isTrue(same({}))
      assert.isFalse(same({ size: 8 }))
      // Our own note is an echo: it counts only where the server has no count of its own.
      assert.isFalse(same({ md5: "other" }))
      assert.isTrue(same({ md5: undefined }))
      assert.isFalse(same({ md5: undefined, sha256: undefined }))
      server.trouble.store = (body) => body.subarray(1)
      const error = yield* Effect.flip(S3Put.put(bucketAt(server.endpoint), "k", path))
      assert.include(error, { _tag: "S3Failed", reason: "Differs" })
    }).pipe(Effect.provide(outgoing))
  )

  it.scopedLive("a refusal is told in the server's words and not repeated; a busy server is asked again", () =>
    Effect.gen(function* () {
      const server = yield* S3Server.make
      const path = yield* fileOf(Buffer.from("content"))
      const refused = yield* Effect.flip(S3Put.put(bucketAt(server.endpoint, "wrong"), "k", path))
      assert.include(refused, { reason: "Refused", status: 403 })
      assert.include(refused.message, "answered 403: SignatureDoesNotMatch")
      assert.strictEqual(server.requests.length, 1)
      server.trouble.status = (n) => (n <= 3 ? 503 : undefined)
      yield* S3Put.put(bucketAt(server.endpoint), "k", path)
      assert.strictEqual(server.objects.get("station/k")?.body.toString(), "content")
    }).pipe(Effect.provide(outgoing))
  )

  it.scopedLive("a private server has to be allowed", () =>
    Effect.gen(function* () {
      const server = yield* S3Server.make
      const error = yield* Effect.flip(S3Put.put(bucketAt(server.endpoint), "k", yield* fileOf(Buffer.from("x"))))
      assert.include(error.message, "outgoing.allow_private")
      assert.strictEqual(server.requests.length, 0)
    }).pipe(Effect.provide(Outgoing.layer({ settings: new OutgoingSettings({}) })))
  )
})

describe("S3Destination", () => {
  const scene = (verify: "size" | "checksum") =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const root = join(directory, "data")
      write(root, { "x/2025.parquet": "old", "x/2026.parquet": "new" })
      const server = yield* S3Server.make
      const database = yield* Database.make(join(directory, "state.sqlite"), SyncStore.migrations, "T")
      const destination = S3Destination.make({
        bucket: bucketAt(server.endpoint),
        prefix: "site-1",
        verify,
        timeLimit: Duration.seconds(20),
        outgoing: yield* Outgoing.Outgoing,
        store: SyncStore.make(database)
      })
      const batch = Effect.map(LocalFiles.list(root, { never: [], purged: new Map() }), ({ files }) => ({
        root,
        files
      }))
      return { root, server, destination, batch }
    })
  const silent = () => Effect.void

  it.scopedLive("sends what changed since, and nothing twice", () =>
    Effect.gen(function* () {
      const { batch, destination, root, server } = yield* scene("size")
      const first = yield* destination.copy(yield* batch, silent)
      assert.include(first, { files: 2, bytes: 6 })
      assert.deepStrictEqual([...server.objects.keys()].sort(), [
        "station/site-1/x/2025.parquet",
        "station/site-1/x/2026.parquet"
      ])
      const asked = server.requests.length
      const second = yield* destination.copy(yield* batch, silent)
      assert.include(second, { files: 0, bytes: 0 })
      assert.strictEqual(second.verified.length, 2)
      assert.strictEqual(server.requests.length, asked)
      write(root, { "x/2026.parquet": "newer" })
      assert.include(yield* destination.copy(yield* batch, silent), { files: 1, bytes: 5 })
      assert.deepStrictEqual(destination.place("x/2026.parquet"), { bucket: "station", key: "site-1/x/2026.parquet" })
    }).pipe(Effect.provide(outgoing))
  )

  it.scopedLive("by checksum it asks for every object, and sends again what is gone", () =>
    Effect.gen(function* () {
      const { batch, destination, server } = yield* scene("checksum")
      yield* destination.copy(yield* batch, silent)
      server.objects.delete("station/site-1/x/2025.parquet")
      assert.deepStrictEqual([...(yield* destination.holds(yield* batch))], ["x/2026.parquet"])
      assert.include(yield* destination.copy(yield* batch, silent), { files: 1 })
      assert.isTrue(server.objects.has("station/site-1/x/2025.parquet"))
    }).pipe(Effect.provide(outgoing))
  )

  it.scopedLive("one object that does not arrive whole leaves the others; a server that refuses ends the copy", () =>
    Effect.gen(function* () {
      const { batch, destination, server } = yield* scene("size")
      server.trouble.store = (body) => (body.toString() === "old" ? Buffer.from("odd") : body)
      const copied = yield* destination.copy(yield* batch, silent)
      assert.deepStrictEqual(
        copied.missing.map(({ path }) => path),
        ["x/2025.parquet"]
      )
      assert.deepStrictEqual(
        copied.verified.map(({ path }) => path),
        ["x/2026.parquet"]
      )
      server.trouble.status = () => 403
      const error = yield* Effect.flip(destination.copy(yield* batch, silent))
      assert.include(error, { _tag: "CopyFailed", reason: "Misconfigured", remote: "s3://station/site-1" })
    }).pipe(Effect.provide(outgoing))
  )
})
