import { assert, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { ConfigVerdict } from "../../src/operations/ConfigOperations.js"
import { CommandLine, layer } from "../support/CommandLine.js"

it.effect("validate exits 2 and names every issue", () =>
  Effect.gen(function* () {
    const line = yield* CommandLine
    assert.deepStrictEqual(yield* line.run(["config", "validate"]), { code: 0, out: "valid\n", err: "" })
    line.verdict = new ConfigVerdict({
      valid: false,
      error: "x",
      issues: [{ path: "http.port", message: "expected a port", value: 70000, line: 3, column: 9, remedy: "take 6562" }]
    })
    const bad = yield* line.run(["config", "validate", "new.yaml"])
    assert.strictEqual(bad.code, 2)
    assert.strictEqual(bad.out, "line 3, column 9: http.port: expected a port (70000) - take 6562\nnot valid\n")
    const forPrograms = yield* line.run(["config", "validate", "new.yaml", "--json"])
    assert.strictEqual(forPrograms.code, 2)
    assert.strictEqual(JSON.parse(forPrograms.out).issues[0].path, "http.port")
    assert.deepStrictEqual(
      line.validated.map(({ config }) => config),
      [Option.none(), Option.some("new.yaml"), Option.some("new.yaml")]
    )
  }).pipe(Effect.provide(layer))
)

it.effect("show, as YAML and as JSON, from the file or a server", () =>
  Effect.gen(function* () {
    const line = yield* CommandLine
    assert.strictEqual((yield* line.run(["config", "show"])).out, 'http:\n  port: 6562\n  token: "********"\n')
    assert.deepStrictEqual(line.connects, [])
    assert.deepStrictEqual(JSON.parse((yield* line.run(["config", "show", "--json", "--url", "http://h:1"])).out), {
      settings: {},
      http: { token: "********" }
    })
    assert.strictEqual(line.connects.length, 1)
  }).pipe(Effect.provide(layer))
)

it.effect("schema is JSON in any case, and needs no site", () =>
  Effect.gen(function* () {
    const line = yield* CommandLine
    assert.deepStrictEqual(JSON.parse((yield* line.run(["config", "schema"])).out), { type: "object" })
    assert.deepStrictEqual(line.connects, [])
  }).pipe(Effect.provide(layer))
)

it.effect("init leaves a file that is there", () =>
  Effect.gen(function* () {
    const line = yield* CommandLine
    assert.strictEqual((yield* line.run(["config", "init"])).out, "wrote ./site/outpost.yaml\n")
    const taken = yield* line.run(["config", "init", "--site", "taken"])
    assert.strictEqual(taken.code, 4)
    assert.match(taken.err, /taken\/outpost.yaml is there already\nhint: /)
  }).pipe(Effect.provide(layer))
)
