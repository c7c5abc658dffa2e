import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { CommandLine, layer } from "../support/CommandLine.js"

it.effect("verify", () =>
  Effect.gen(function* () {
    const line = yield* CommandLine
    const well = yield* line.run(["verify"])
    assert.deepStrictEqual([well.code, well.out], [0, "1 file, 0 events, 10 B read in 500 ms: all is well\n"])
    const repaired = yield* line.run(["verify", "--repair"])
    assert.strictEqual(repaired.code, 0)
    assert.match(repaired.out, /^repaired {2}site_20260101\.ndjson at byte 7: a torn tail\n.*1 finding\n$/)
    assert.strictEqual(JSON.parse((yield* line.run(["verify", "--repair", "--json"])).out).findings[0].offset, 7)
  }).pipe(Effect.provide(layer))
)

it.effect("doctor exits 1 where a check failed", () =>
  Effect.gen(function* () {
    const line = yield* CommandLine
    line.checks = [
      { name: "disk", state: "ok", detail: "9 GiB free" },
      { name: "clock", state: "warning", detail: "not synchronised", advice: "start chrony" }
    ]
    const well = yield* line.run(["doctor"])
    assert.deepStrictEqual(
      [well.code, well.out],
      [0, "ok       disk: 9 GiB free\nwarning  clock: not synchronised\n         start chrony\n"]
    )
    line.checks = [{ name: "sqlite", state: "failed", detail: "not built", advice: "npm rebuild" }]
    const ill = yield* line.run(["doctor", "--json"])
    assert.strictEqual(ill.code, 1)
    assert.deepStrictEqual(JSON.parse(ill.out), { ok: false, checks: line.checks })
    assert.match(ill.err, /error: 1 check failed/)
    assert.deepStrictEqual(line.connects, [])
  }).pipe(Effect.provide(layer))
)
