import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Manifest from "../../src/update/Manifest.js"
import { PublicKey } from "../../src/update/Signature.js"
import { CommandLine, layer } from "../support/CommandLine.js"

const directory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(join(tmpdir(), "outpost-update-cli-"))),
  (path) => Effect.sync(() => fs.rmSync(path, { recursive: true }))
)

it.scoped("keygen and sign make what a station verifies, without a site", () =>
  Effect.gen(function* () {
    const { run } = yield* CommandLine
    const place = yield* directory
    const [key, archive] = [join(place, "release.key"), join(place, "outpost-1.2.3.tgz")]
    const made = yield* run(["update", "keygen", key])
    assert.strictEqual(made.code, 0, made.err)
    const publicKey = PublicKey.make(made.out.trim())
    assert.strictEqual(fs.statSync(key).mode & 0o777, 0o600)
    const secret = fs.readFileSync(key, "utf8")
    assert.notInclude(made.out, secret.trim())
    assert.strictEqual((yield* run(["update", "keygen", key])).code, 4)
    assert.strictEqual(fs.readFileSync(key, "utf8"), secret)

    fs.writeFileSync(archive, "bytes of an archive")
    const options = ["1.2.3", "--key", key, "--minimum", "1.0.0", "--platform", "linux-arm64", "--json"]
    const signed = yield* run(["update", "sign", archive, ...options])
    assert.strictEqual(signed.code, 0, signed.err)
    const { manifest: file, size } = JSON.parse(signed.out)
    assert.deepStrictEqual([file, size], [join(place, "release.json"), 19])
    const { manifest } = yield* Manifest.verify(fs.readFileSync(file, "utf8"), {
      keys: [publicKey],
      allowUnsigned: false
    })
    const { minimum_version, name, url, version } = manifest
    assert.deepEqual([name, version, minimum_version, url], ["outpost", "1.2.3", "1.0.0", "outpost-1.2.3.tgz"])
    assert.deepStrictEqual(manifest.platforms, ["linux-arm64"])
  }).pipe(Effect.provide(layer))
)

it.scoped("what can't be signed is said, with nothing written", () =>
  Effect.gen(function* () {
    const { run } = yield* CommandLine
    const place = yield* directory
    const [key, archive] = [join(place, "k"), join(place, "a.tgz")]
    yield* run(["update", "keygen", key])
    fs.writeFileSync(archive, "x")
    const refused = (...options: ReadonlyArray<string>) => run(["update", "sign", archive, "--key", key, ...options])
    for (const [options, code] of [
      [["v1.2.3"], 2],
      [["1.2.3", "--expires", "soon"], 2],
      [["1.2.3", "--platform", "Linux"], 2],
      [["1.2.3", "--key", join(place, "none")], 3],
      [["1.2.3", "--entry", "../x.js"], 2]
    ] as const) {
      const { code: found, err } = yield* refused(...options)
      assert.strictEqual(found, code, `${options.join(" ")}: ${err}`)
    }
    assert.deepStrictEqual(fs.readdirSync(place).sort(), ["a.tgz", "k"])
  }).pipe(Effect.provide(layer))
)

it.scoped("check, status, apply and rollback say what the station answers", () =>
  Effect.gen(function* () {
    const { run } = yield* CommandLine
    const check = yield* run(["update", "check"])
    assert.strictEqual(check.code, 0, check.err)
    assert.match(check.out, /^1\.2\.0, 100 B/)
    const refused = yield* run(["update", "check", "1.0.0"])
    assert.strictEqual(refused.code, 1)
    assert.include(refused.err, "would be refused: it is older")
    const status = yield* run(["update", "status"])
    assert.match(status.out, /to 1\.2\.0, by operator: fetching, 10 B of 100 B/)
    assert.match(status.out, /Unproven: version 1\.1\.0 was not healthy within 10m/)
    assert.strictEqual(JSON.parse((yield* run(["update", "status", "--json"])).out).current, "1.1.0")
    assert.strictEqual((yield* run(["update", "apply", "2.0.1"])).code, 4)
    assert.strictEqual((yield* run(["update", "apply", "2.0.2"])).code, 4)
    assert.strictEqual((yield* run(["update", "apply", "2.0.3"])).code, 1)
    assert.strictEqual((yield* run(["update", "rollback"])).code, 3)
  }).pipe(Effect.provide(layer))
)
