import { FileSystem } from "@effect/platform"
import { assert, describe } from "@effect/vitest"
import { ConfigProvider, Effect, Either, Redacted, Schema } from "effect"
import { Redaction } from "../../src/site/Redaction.js"
import { SecretReference, Secrets, mask } from "../../src/site/Secrets.js"
import { Site } from "../../src/site/Site.js"
import * as TemporarySite from "./TemporarySite.js"
import { layer as sharing } from "../support/SharedLayer.js"

const environment = Effect.withConfigProvider(
  ConfigProvider.fromMap(
    new Map([
      ["BROKER_PASSWORD", "from-the-environment"],
      ["EMPTY", ""]
    ])
  )
)
const reveal = (text: string) => Effect.flatMap(Secrets, (secrets) => secrets.reveal(text)).pipe(environment)

describe("Secrets", () => {
  sharing(TemporarySite.withSecrets)((it) => {
    it.effect("plain text is the secret, and known to the redaction", () =>
      Effect.gen(function* () {
        assert.strictEqual(Redacted.value(yield* reveal("plain-secret")), "plain-secret")
        assert.strictEqual((yield* Redaction).redact("a plain-secret b"), `a ${mask} b`)
      })
    )

    it.effect("reads the environment only by allowed names", () =>
      Effect.gen(function* () {
        const secrets = yield* Secrets
        const refused = yield* Effect.flip(reveal("${env:BROKER_PASSWORD}"))
        assert.include(refused.message, "general.allow_env")
        yield* secrets.allowEnvironment(["BROKER_PASSWORD", "EMPTY", "ABSENT"])
        assert.strictEqual(Redacted.value(yield* reveal("${env:BROKER_PASSWORD}")), "from-the-environment")
        assert.strictEqual((yield* Redaction).redact("from-the-environment"), mask)
        assert.include((yield* Effect.flip(reveal("${env:EMPTY}"))).message, "not set")
        assert.include((yield* Effect.flip(reveal("${env:ABSENT}"))).message, "not set")
        yield* Effect.flip(secrets.allowing([]).reveal("${env:BROKER_PASSWORD}").pipe(environment))
        yield* secrets.allowEnvironment([])
        yield* Effect.flip(reveal("${env:BROKER_PASSWORD}"))
      })
    )

    it.effect("reads files below secrets/ only, without the last line end", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { directory, secretsDirectory } = yield* Site
        yield* fs.writeFileString(`${secretsDirectory}/mqtt`, "file secret\n")
        yield* fs.writeFileString(`${directory}/outside`, "not for you")
        yield* fs.writeFileString(`${secretsDirectory}/empty`, "\n")
        yield* fs.writeFileString(`${secretsDirectory}/large`, "x".repeat(70_000))
        yield* fs.symlink(`${directory}/outside`, `${secretsDirectory}/link`)
        assert.strictEqual(Redacted.value(yield* reveal("${file:mqtt}")), "file secret")
        for (const path of ["../outside", `${directory}/outside`, "link", "absent", "empty", "large", "."]) {
          const error = yield* Effect.flip(reveal(`\${file:${path}}`))
          assert.include(error.message, path)
          assert.notInclude(error.message, "not for you")
        }
      })
    )

    it.effect("a reference is the whole value or an error that does not show the rest", () =>
      Effect.gen(function* () {
        for (const text of ["pre${env:X}", "${env:X}post-secret", "${ env:X}", "${file:a}${file:b}"]) {
          const error = yield* Effect.flip(reveal(text))
          assert.notInclude(error.message, "post-secret")
        }
        assert.strictEqual(Redacted.value(yield* reveal("$dollar{env}")), "$dollar{env}")
      })
    )

    it.effect("the mask itself is no secret", () => Effect.flip(reveal(mask)))

    it.effect("as a field: decoded to Redacted, encoded to the mask, absent from errors", () =>
      Effect.gen(function* () {
        const Settings = Schema.Struct({ token: SecretReference })
        const settings = yield* Schema.decode(Settings)({ token: "swordfish" })
        assert.strictEqual(Redacted.value(settings.token), "swordfish")
        assert.deepStrictEqual(yield* Schema.encode(Settings)(settings), { token: mask })
        const failed = yield* Effect.either(Schema.decode(Settings)({ token: "x-hidden-${env:NO}" }))
        assert.notInclude(String(Either.getOrThrow(Either.flip(failed))), "x-hidden")
      })
    )
  })
})
