import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { CommandLine, layer } from "../support/CommandLine.js"

it.effect("nothing yet", () =>
  Effect.gen(function* () {
    const line = yield* CommandLine
    assert.include((yield* line.run(["current"])).out, "No current telemetry values")
    assert.strictEqual((yield* line.run(["current", "--json"])).out, '{"current":{}}\n')
    const { code, err } = yield* line.run(["current", "weather"])
    assert.strictEqual(code, 3)
    assert.match(err, /No current event for type "weather"\nhint: see what there is with: outpost current/)
  }).pipe(Effect.provide(layer))
)

it.effect("boxes for people, digits as they were sent", () =>
  Effect.gen(function* () {
    const line = yield* CommandLine
    yield* line.run([
      "event",
      "post",
      "weather",
      '{"wind":4.20,"n":[12345678901234567890]}',
      "--meta-json",
      '{"b":2,"a":"x","c":3}'
    ])
    const { out } = yield* line.run(["current"])
    assert.strictEqual(
      out,
      [
        "╭─ Current telemetry ──────────────────────────────────────────────────────────────────────────────╮",
        "│ ╭─ weather ────────────────────────────────────────────────────────────────────────────────────╮ │",
        "│ │ type: weather  seq: 1  ts: 2026-01-02T03:04:05.678Z                                          │ │",
        "│ │ meta.a: x                                      meta.b: 2                                     │ │",
        "│ │ meta.c: 3                                                                                    │ │",
        "│ │ {                                                                                            │ │",
        '│ │   "wind": 4.20,                                                                              │ │',
        '│ │   "n": [                                                                                     │ │',
        "│ │     12345678901234567890                                                                     │ │",
        "│ │   ]                                                                                          │ │",
        "│ │ }                                                                                            │ │",
        "│ ╰──────────────────────────────────────────────────────────────────────────────────────────────╯ │",
        "╰──────────────────────────────────────────────────────────────────────────────────────────────────╯",
        ""
      ].join("\n")
    )
    assert.match((yield* line.run(["current", "weather"])).out, /^╭─ Current telemetry: weather ─+╮\n│ type: weather/)
    assert.strictEqual(
      (yield* line.run(["current", "weather", "--json"])).out,
      '{"seq":1,"ts":"2026-01-02T03:04:05.678Z","type":"weather","data":{"wind":4.20,"n":[12345678901234567890]},"meta":{"b":2,"a":"x","c":3}}\n'
    )
  }).pipe(Effect.provide(layer))
)
