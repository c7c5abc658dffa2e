import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Exit, Redacted } from "effect"
import { ReleaseVersion } from "../../src/domain/ReleaseVersion.js"
import * as Manifest from "../../src/update/Manifest.js"
import * as Signature from "../../src/update/Signature.js"
import * as ReleaseMaker from "../support/ReleaseMaker.js"

const archive = Buffer.from("bytes of an archive")
const text = ReleaseMaker.signed({ version: "1.2.3", archive })
const known = { keys: [ReleaseMaker.keys.publicKey], allowUnsigned: false }

const reasonOf = <A, R>(effect: Effect.Effect<A, { readonly reason: string }, R>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason)

interface SignedDocument {
  manifest: Record<string, unknown>
  signatures: Array<{ key: string; signature: string }>
}
const changed = (change: (document: SignedDocument) => void): string => {
  const document = JSON.parse(text) as SignedDocument
  change(document)
  return JSON.stringify(document)
}

const station: Manifest.Station = {
  name: "outpost",
  version: "1.2.2",
  platform: "linux-x64",
  now: DateTime.unsafeMake("2026-06-01T00:00:00Z"),
  allowOlder: false
}
const judge = (change: Partial<typeof Manifest.Manifest.Type>, at: Partial<Manifest.Station> = {}) =>
  Manifest.judge(ReleaseMaker.manifestOf({ version: "1.2.3", archive, change }), { ...station, ...at })

describe("signatures", () => {
  it.effect("a manifest that a known key has signed is taken, however it is laid out", () =>
    Effect.gen(function* () {
      const { key, manifest } = yield* Manifest.verify(text, known)
      assert.strictEqual(key, ReleaseMaker.keys.publicKey)
      assert.strictEqual(manifest.version, "1.2.3")
      const shuffled = changed((document) => {
        document.manifest = Object.fromEntries(Object.entries(document.manifest).reverse())
      })
      assert.deepStrictEqual((yield* Manifest.verify(shuffled, known)).manifest, manifest)
    })
  )

  it.effect("ivy 14.22: code without a valid signature of a known key is refused", () =>
    Effect.gen(function* () {
      const stranger = yield* Signature.keygen
      const unsigned = changed((document) => void (document.signatures = []))
      const bySomebody = ReleaseMaker.signed({ version: "1.2.3", archive, signer: stranger })
      const underOurName = changed((document) => {
        document.signatures = (JSON.parse(bySomebody) as SignedDocument).signatures.map(({ signature }) => ({
          key: ReleaseMaker.keys.publicKey,
          signature
        }))
      })
      assert.strictEqual(yield* reasonOf(Manifest.verify(unsigned, known)), "Unsigned")
      assert.strictEqual(yield* reasonOf(Manifest.verify(bySomebody, known)), "BadSignature")
      assert.strictEqual(yield* reasonOf(Manifest.verify(underOurName, known)), "BadSignature")
      assert.strictEqual(yield* reasonOf(Manifest.verify(text, { keys: [], allowUnsigned: false })), "BadSignature")
      assert.strictEqual((yield* Manifest.verify(unsigned, { keys: [], allowUnsigned: true })).key, undefined)
    })
  )

  it.effect("one changed value, or one that was added, makes a signature worthless", () =>
    Effect.forEach(["version", "sha256", "size", "expires", "minimum_version", "name", "added"], (name) =>
      Effect.gen(function* () {
        const other = changed((document) => void (document.manifest[name] = name === "size" ? 1 : "9.9.9"))
        assert.strictEqual(yield* reasonOf(Manifest.verify(other, known)), "BadSignature", name)
      })
    )
  )

  it.effect("what is no manifest is told with its place, and a text that is no key is not shown", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* reasonOf(Manifest.verify("{", known)), "Malformed")
      const bad = changed((document) => void (document.manifest["sha256"] = "abc"))
      const failure = yield* Effect.flip(Manifest.verify(bad, { keys: [], allowUnsigned: true }))
      assert.include(failure.message, "sha256: expected 64 hex digits")
      const manifest = ReleaseMaker.manifestOf({ version: "1.0.0", archive })
      const refused = yield* Effect.exit(Manifest.sign(manifest, Redacted.make("hunter2")))
      assert.isTrue(Exit.isFailure(refused))
      assert.notInclude(JSON.stringify(refused), "hunter2")
    })
  )
})

describe("whether a release is for this station", () => {
  it.effect("one that is newer, in time, and for this platform is", () =>
    Effect.gen(function* () {
      yield* judge({})
      yield* judge({ platforms: ["linux-arm64", "linux-x64"] })
      yield* judge({ version: ReleaseVersion.make("1.0.0") }, { allowOlder: true })
    })
  )

  it.effect("others are refused, each with its reason", () =>
    Effect.gen(function* () {
      const cases = [
        [judge({ name: "other" }), "WrongName"],
        [judge({ platforms: ["darwin-arm64"] }), "WrongPlatform"],
        [judge({ expires: station.now }), "Expired"],
        [judge({ minimum_version: ReleaseVersion.make("1.2.3-rc.1") }), "NeedsNewer"],
        [judge({}, { version: "1.2.3" }), "Older"],
        [judge({}, { version: "1.2.3", allowOlder: true }), "Older"],
        [judge({}, { version: "1.3.0-rc.1" }), "Older"]
      ] as const
      for (const [effect, reason] of cases) assert.strictEqual(yield* reasonOf(effect), reason)
    })
  )

  it("an entry stays inside of the release", () => {
    for (const entry of ["../main.js", "/main.js", "dist/../../x.js", "dist/main.sh", "-e.js"]) {
      assert.throws(() => ReleaseMaker.manifestOf({ version: "1.0.0", archive, change: { entry } }))
    }
  })
})
