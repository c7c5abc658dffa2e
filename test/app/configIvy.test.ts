import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Option } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { parse, stringify } from "yaml"
import { ConfigFile } from "../../src/app/ConfigFile.js"
import * as ConfigIvy from "../../src/app/ConfigIvy.js"
import { starter } from "../../src/app/ConfigStarter.js"
import { version } from "../../src/domain/Version.js"
import * as ForeignConfig from "../../src/uplink/ForeignConfig.js"
import { over } from "./ConfigSite.js"

const captured: unknown = JSON.parse(
  readFileSync(join(import.meta.dirname, "../fixtures/ivy/config_example.json"), "utf8")
).config

const ivy = (changes: object = {}) => ConfigIvy.convert(JSON.stringify({ ...(captured as object), ...changes }))

describe("ivy's tests of its config", () => {
  it.scoped("ivy 12: template parses as Config and ForeignConfig and has VERSION", () =>
    Effect.gen(function* () {
      // As the office sends it: what a first start writes, with a revision and the version that it is meant for.
      const template = parse(starter("roof")) as { readonly general: object }
      const general = { ...template.general, config_revision: 0, software_version: ForeignConfig.releaseOf(version) }
      const document = { ...template, general }
      const foreign = Either.getOrThrow(ForeignConfig.read(document, undefined))
      assert.strictEqual(foreign.general.software_version, ForeignConfig.releaseOf(version))
      yield* over(
        stringify(document),
        Effect.gen(function* () {
          const { name } = yield* (yield* ConfigFile).slice("general")
          assert.strictEqual(Option.getOrNull(name), "roof")
        })
      )
      const theirs = Either.getOrThrow(ForeignConfig.read(captured, undefined))
      assert.strictEqual(theirs.general.software_version, "1.1.0")
    })
  )

  it.scoped("ivy 12: empty object fails both schemas: from afar and as ivy's; our own file may say nothing", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(ForeignConfig.read({}, undefined), Either.left("general: is missing"))
      assert.isTrue(Either.isLeft(ConfigIvy.convert("{}")))
      yield* over(
        "{}",
        Effect.flatMap(ConfigFile, ({ raw }) => raw)
      )
    })
  )
})

describe("the config of an ivy station", () => {
  it.scoped("becomes a document that is valid, with its password in a file of its own", () =>
    Effect.gen(function* () {
      const { notes, secrets, text } = Either.getOrThrow(ivy())
      assert.deepStrictEqual(secrets, { mqtt: "test_password" })
      assert.notInclude(text, "test_password")
      assert.deepStrictEqual(notes, [
        "general.software_version (1.1.0) is that of ivy and was left out",
        "updater was left out: releases of Outpost are signed archives, see docs/updates.md"
      ])
      yield* over(
        text,
        Effect.gen(function* () {
          const config = yield* ConfigFile
          const { office } = yield* config.slice("uplinks")
          assert.deepStrictEqual([office?.use, office?.max_parallel_messages], ["tenta", 50])
          assert.strictEqual((yield* config.slice("routes"))["logs"]?.level, "warning")
          assert.deepStrictEqual(Object.keys(yield* config.slice("procedures")), ["random-walk", "system-checks"])
          assert.strictEqual((yield* config.slice("logs")).level, "debug")
        }),
        { secretFiles: secrets }
      )
    })
  )

  it("without a backend or procedures, and with numbers as texts", () => {
    const { secrets, text } = Either.getOrThrow(
      ivy({
        backend: null,
        updater: null,
        dummy_procedure: undefined,
        logging_verbosity: { file_archive: null, console_prints: null, message_sending: null },
        system_checks: { seconds_between_checks: "3" }
      })
    )
    assert.deepStrictEqual(secrets, {})
    assert.include(text, "every: 3s")
    assert.include(text, "level: none")
    assert.notInclude(text, "uplinks")
    assert.notInclude(text, "random-walk")
  })

  it("ivy 14.23: what has no counterpart is told, not passed over", () => {
    const { notes } = Either.getOrThrow(ivy({ camera: { seconds: 5 } }))
    assert.include(notes, "camera has no counterpart: write it as a procedure, see docs/procedures.md")
  })

  it("what is none is refused, every place with what is wrong there", () => {
    assert.isTrue(Either.isLeft(ConfigIvy.convert("{")))
    const wrong = ivy({ general: { config_revision: "x", software_version: "1.1.0" }, backend: { provider: "http" } })
    const issues = Either.getOrThrow(Either.flip(wrong)).join("\n")
    for (const place of ["general.config_revision", "general.system_identifier", "backend"])
      assert.include(issues, place)
  })
})
