import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { StorageSettings } from "../../src/backfill/Settings.js"
import { Secrets, type SecretsService } from "../../src/site/Secrets.js"

const secrets: SecretsService = {
  reveal: (text) => Effect.succeed(Redacted.make(`revealed ${text}`)),
  allowing: () => secrets,
  allowEnvironment: () => Effect.void
}
const decode = (document: unknown) =>
  Effect.runSync(
    Effect.either(Schema.decodeUnknown(StorageSettings)(document)).pipe(Effect.provideService(Secrets, secrets))
  )
const s3 = {
  endpoint: "https://minio.lan:9000",
  bucket: "station",
  access_key_id: "a",
  secret_access_key: "${file:key}"
}

describe("storage", () => {
  it("a section as the daemon wrote it is one; nothing is checked, removed or bounded by it", () => {
    const storage = Either.getOrThrow(
      decode({ local_path: "", remotes: [{ provider: "s3", remote: "b:x" }], sync_interval: "60" })
    )
    assert.strictEqual(storage.sync_interval, 60)
    assert.include(storage, { min_free: 0, upload: false, verify: "size" })
    assert.deepStrictEqual(storage.s3, [])
    assert.deepStrictEqual([storage.retention.after, storage.retention.max_bytes], [Option.none(), Option.none()])
  })

  it("takes sizes and durations as people write them", () => {
    const storage = Either.getOrThrow(
      decode({ min_free: "2 GiB", sync_time_limit: "12h", retention: { after: "90d", max_bytes: 1e9 } })
    )
    assert.strictEqual(storage.min_free, 2 * 1024 ** 3)
    assert.strictEqual(Duration.toHours(storage.sync_time_limit), 12)
    assert.deepStrictEqual(Option.map(storage.retention.after, Duration.toDays), Option.some(90))
  })

  it("a bucket needs a server, a name and keys; the keys are secrets", () => {
    const [remote] = Either.getOrThrow(decode({ s3: [s3] })).s3
    assert.strictEqual(Redacted.value(remote!.secret_access_key), "revealed ${file:key}")
    assert.include(remote, { region: "us-east-1", prefix: "", path_style: true })
    for (const wrong of [
      { endpoint: "minio.lan" },
      { endpoint: "https://user:pw@host" },
      { endpoint: "https://host/path" },
      { endpoint: "ftp://host" },
      { endpoint: "http://host:99999" },
      { bucket: "a/b" },
      { bucket: "" },
      { prefix: "../x" },
      { secret_access_key: undefined }
    ])
      assert.isTrue(Either.isLeft(decode({ s3: [{ ...s3, ...wrong }] })), JSON.stringify(wrong))
  })
})
