import { FileSystem } from "@effect/platform"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { CommandLine, layer } from "../support/CommandLine.js"
import { TelemetryDouble } from "../support/TelemetryDouble.js"

const prepared = Effect.gen(function* () {
  const store = yield* TelemetryDouble
  yield* store.append("a", "1")
  yield* store.append("b", "2")
  const fs = yield* FileSystem.FileSystem
  return { store, fs, line: yield* CommandLine, directory: yield* fs.makeTempDirectoryScoped() }
})
const services = [layer, NodeContext.layer] as const

it.scoped("writes a whole file, and replaces one", () =>
  Effect.gen(function* () {
    const { directory, fs, line, store } = yield* prepared
    const out = `${directory}/night.ndjson`
    yield* fs.writeFileString(out, "old")
    const { code, out: printed } = yield* line.run(["export", "--format", "ndjson", "--out", out])
    assert.strictEqual(code, 0)
    assert.match(printed, /^wrote .*night\.ndjson \(\d+ B\)\n$/)
    assert.strictEqual(yield* fs.readFileString(out), store.lines.map((text) => `${text}\n`).join(""))
    assert.deepStrictEqual(yield* fs.readDirectory(directory), ["night.ndjson"])
    const csv = yield* line.run(["export", "--format=csv", `--out=${directory}/b.csv`, "--type", "b", "--json"])
    assert.deepStrictEqual(JSON.parse(csv.out), { file: `${directory}/b.csv`, format: "csv", bytes: 4 })
    assert.strictEqual(yield* fs.readFileString(`${directory}/b.csv`), "2,b\n")
  }).pipe(Effect.provide(services))
)

it.scoped("a failure leaves the old file and nothing else", () =>
  Effect.gen(function* () {
    const { directory, fs, line } = yield* prepared
    const out = `${directory}/night.ndjson`
    yield* fs.writeFileString(out, "old")
    assert.strictEqual((yield* line.run(["export", "--format", "ndjson", "--out", out, "--run", "nope"])).code, 3)
    assert.strictEqual(yield* fs.readFileString(out), "old")
    assert.deepStrictEqual(yield* fs.readDirectory(directory), ["night.ndjson"])
    const nowhere = yield* line.run(["export", "--format", "ndjson", "--out", `${directory}/no/such/dir.ndjson`])
    assert.strictEqual(nowhere.code, 1)
    assert.match(nowhere.err, /can't be written: .*\nhint: /)
  }).pipe(Effect.provide(services))
)

it.scoped("- is standard output", () =>
  Effect.gen(function* () {
    const { line } = yield* prepared
    assert.strictEqual((yield* line.run(["export", "--format", "csv", "--out", "-"])).out, "1,a\n2,b\n")
  }).pipe(Effect.provide(services))
)

it.scoped("what makes no sense exits 2 before anything is opened", () =>
  Effect.gen(function* () {
    const { directory, line } = yield* prepared
    for (const args of [
      ["--format", "csv", "--out", directory],
      ["--format", "csv", "--out", "-", "--json"],
      ["--format", "xlsx", "--out", "f"],
      ["--format", "csv"],
      ["--out", "f"]
    ]) {
      assert.strictEqual((yield* line.run(["export", ...args])).code, 2, args.join(" "))
    }
    assert.strictEqual((yield* line.run(["export", "--format", "parquet", "--out", "-"], { terminal: true })).code, 2)
    assert.deepStrictEqual(line.connects, [])
  }).pipe(Effect.provide(services))
)
