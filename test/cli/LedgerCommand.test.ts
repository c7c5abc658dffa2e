import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { columns } from "../../src/ledger/LedgerRow.js"
import { CommandLine, layer } from "../support/CommandLine.js"

const directory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(join(tmpdir(), "outpost-ledger-cli-"))),
  (path) => Effect.sync(() => fs.rmSync(path, { recursive: true }))
)

it.scoped("append and state, without a site", () =>
  Effect.gen(function* () {
    const line = yield* CommandLine
    const file = join(yield* directory, "deep/days.csv")
    const append = (row: unknown, ...more: ReadonlyArray<string>) =>
      line.run(["ledger", "append", file, "--row", typeof row === "string" ? row : JSON.stringify(row), ...more])

    const first = yield* append(
      '{"chunk_date_utc":"2026-01-01","status":"FAILED","records_downloaded":1.0,"run_id":null}'
    )
    assert.deepStrictEqual(first, { code: 0, out: `appended to ${file}\n`, err: "" })
    const second = yield* append({ chunk_date_utc: "2026-01-01", status: "UPLOADED", error_message: 'a,"b"' }, "--json")
    assert.deepStrictEqual(Object.keys(JSON.parse(second.out)), ["file", "offset", "wroteHeader", "endedLine"])
    assert.strictEqual(
      fs.readFileSync(file, "utf8"),
      `${columns.join(",")}\r\nNone,2026-01-01,,,FAILED,1.0,,,,,,,,,,,,,,,,,,\r\n` +
        `,2026-01-01,,,UPLOADED,,,,,,,,,,,"a,""b""",,,,,,,,\r\n`
    )

    for (const format of [[], ["--json"]]) {
      const { code, err, out } = yield* line.run(["ledger", "state", file, ...format])
      assert.deepStrictEqual([code, err], [0, ""])
      const state = JSON.parse(out)
      assert.deepStrictEqual(Object.keys(state), ["2026-01-01"])
      assert.deepStrictEqual(Object.keys(state["2026-01-01"]), [...columns])
      assert.strictEqual(state["2026-01-01"].error_message, 'a,"b"')
    }
    assert.deepStrictEqual(line.connects, [])
  }).pipe(Effect.provide(layer))
)

it.scoped("append refuses what no ledger knows, and leaves the file alone", () =>
  Effect.gen(function* () {
    const line = yield* CommandLine
    const file = join(yield* directory, "days.csv")
    const unknown = yield* line.run(["ledger", "append", file, "--row", '{"b":1,"a":2,"status":"X"}'])
    assert.strictEqual(unknown.code, 1)
    assert.include(unknown.err, "error: Unknown telemetry columns: ['a', 'b']. Allowed: ('run_id', 'chunk_date_utc',")
    const status = yield* line.run(["ledger", "append", file, "--row", '{"status":"X"}'])
    assert.strictEqual(status.code, 1)
    assert.include(
      status.err,
      "error: Invalid telemetry status 'X'. Allowed: ['DOWNLOADED', 'DOWNLOAD_PENDING', 'FAILED',"
    )
    for (const row of ["[]", "{", "x", ""]) {
      assert.strictEqual((yield* line.run(["ledger", "append", file, "--row", row])).code, 2, row)
    }
    assert.isFalse(fs.existsSync(file))
    fs.mkdirSync(file)
    assert.strictEqual((yield* line.run(["ledger", "append", file, "--row", "{}"])).code, 1)
    assert.strictEqual((yield* line.run(["ledger", "state", file])).code, 1)
  }).pipe(Effect.provide(layer))
)

it.scoped("state warns of a file that is none, prints {} and writes nothing", () =>
  Effect.gen(function* () {
    const line = yield* CommandLine
    const place = yield* directory
    const files = {
      "utf16.csv": Buffer.from("\ufeffrun_id", "utf16le"),
      "semicolons.csv": "a;b\n1;2\n",
      "empty.csv": ""
    }
    for (const [name, content] of Object.entries(files)) fs.writeFileSync(join(place, name), content)
    for (const name of [...Object.keys(files), "missing.csv"]) {
      const { code, err, out } = yield* line.run(["ledger", "state", join(place, name), "--json", "--quiet"])
      assert.deepStrictEqual([code, out], [0, "{}\n"], name)
      assert.match(err, new RegExp(`^warning: .*${name} .+\n$`), name)
    }
    assert.sameMembers(fs.readdirSync(place), Object.keys(files))
  }).pipe(Effect.provide(layer))
)

it.scoped("append says that it ended a line, and a last row needs no line end", () =>
  Effect.gen(function* () {
    const line = yield* CommandLine
    const file = join(yield* directory, "days.csv")
    fs.writeFileSync(file, "status,chunk_date_utc\nFAILED,2026-01-05")
    assert.strictEqual(JSON.parse((yield* line.run(["ledger", "state", file])).out)["2026-01-05"].status, "FAILED")
    const { code, err } = yield* line.run(["ledger", "append", file, "--row", '{"chunk_date_utc":"2026-01-06"}'])
    assert.strictEqual(code, 0)
    assert.match(err, /^warning: .*its last line had no end; it got one/)
    assert.isTrue(fs.readFileSync(file, "utf8").startsWith("status,chunk_date_utc\nFAILED,2026-01-05\r\n,2026-01-06,"))
  }).pipe(Effect.provide(layer))
)
