import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { CommandLine, layer } from "../support/CommandLine.js"

const stored = '{"ts":"2026-01-02T03:04:05.678Z","level":"INFO","message":"hello"}\n'

it.effect("lines as they are stored, or for people on a terminal", () =>
  Effect.gen(function* () {
    const line = yield* CommandLine
    const { code, out } = yield* line.run(["logs"])
    assert.deepStrictEqual([code, out], [0, stored])
    assert.strictEqual((yield* line.run(["logs", "--json"], { terminal: true })).out, stored)
    assert.strictEqual(
      (yield* line.run(["logs"], { terminal: true, environment: { NO_COLOR: "1" } })).out,
      "2026-01-02 04:04:05.678+01:00 INFO  hello\n"
    )
    assert.deepStrictEqual(
      line.connects.map(({ need }) => need),
      ["read", "read", "read"]
    )
  }).pipe(Effect.provide(layer))
)

it.effect("--follow asks a server and goes on", () =>
  Effect.gen(function* () {
    const line = yield* CommandLine
    const fiber = yield* Effect.fork(line.run(["logs", "--follow"]))
    yield* Effect.yieldNow().pipe(Effect.repeat({ until: () => line.last.out !== "" }))
    assert.strictEqual(line.last.out, stored)
    assert.strictEqual(line.connects[0]?.need, "server")
    yield* Fiber.interrupt(fiber)
  }).pipe(Effect.provide(layer))
)

it.effect("bad filters exit 2", () =>
  Effect.gen(function* () {
    const line = yield* CommandLine
    for (const args of [
      ["--grep", "("],
      ["--level", "loud"],
      ["--since", "soon"],
      ["--tail", "-1"]
    ]) {
      assert.strictEqual((yield* line.run(["logs", ...args])).code, 2, args.join(" "))
    }
    assert.deepStrictEqual(line.connects, [])
  }).pipe(Effect.provide(layer))
)
