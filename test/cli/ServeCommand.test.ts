import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, LogLevel, Option, TestClock } from "effect"
import { AddressInUse, NoServer } from "../../src/cli/Launcher.js"
import { CommandLine, layer } from "../support/CommandLine.js"
import { SiteDouble } from "../support/SiteDouble.js"

describe("serve", () => {
  it.effect("prints one line once it listens, and hands over its options", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const result = yield* line.run([
        "--log-level=debug",
        "serve",
        "--port",
        "0",
        "--host=0.0.0.0",
        "--idle",
        "--init",
        "--site",
        "/s"
      ])
      assert.deepStrictEqual(result, { code: 0, out: "listening on http://127.0.0.1:4711\n", err: "" })
      const [options] = line.serves
      assert.deepInclude(options, {
        site: "/s",
        config: Option.none(),
        logLevel: Option.some(LogLevel.Debug),
        host: Option.some("0.0.0.0"),
        port: Option.some(0),
        idle: true,
        init: true,
        detach: false
      })
    }).pipe(Effect.provide(layer))
  )

  it.effect("with --json the line is a document", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      assert.deepStrictEqual(JSON.parse((yield* line.run(["serve", "--json"])).out), {
        listening: "http://127.0.0.1:4711"
      })
    }).pipe(Effect.provide(layer))
  )

  it.effect("an interruption is a good end", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      line.serving = Effect.interrupt
      assert.strictEqual((yield* line.run(["serve"])).code, 0)
    }).pipe(Effect.provide(layer))
  )

  it.effect("a taken port exits 4, a bad one 2", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      assert.strictEqual((yield* line.run(["serve", "--port", "65536"])).code, 2)
      assert.deepStrictEqual(line.serves, [])
      line.serving = Effect.fail(new AddressInUse({ host: "127.0.0.1", port: 6562 }))
      const taken = yield* line.run(["serve"])
      assert.strictEqual(taken.code, 4)
      assert.match(taken.err, /127\.0\.0\.1 port 6562\nhint: choose another with --port/)
    }).pipe(Effect.provide(layer))
  )
})

describe("stop", () => {
  it.effect("ivy 14.25: asks the server to stop and waits until it is gone", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const site = yield* SiteDouble
      line.gone = Effect.sleep("3 seconds")
      const fiber = yield* Effect.fork(line.run(["stop"]))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(site.shutdowns, 1)
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      yield* TestClock.adjust("1 second")
      const { code, out } = yield* Fiber.join(fiber)
      assert.strictEqual(code, 0)
      assert.strictEqual(out, "stopped http://127.0.0.1:4711 in 3.0 s\n")
      assert.strictEqual(line.connects[0]?.need, "server")
    }).pipe(Effect.provide(layer))
  )

  it.effect("gives up after a while and says so", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      line.gone = Effect.never
      const fiber = yield* Effect.fork(line.run(["stop"]))
      yield* TestClock.adjust("60 seconds")
      const { code, err } = yield* Fiber.join(fiber)
      assert.strictEqual(code, 1)
      assert.match(err, /still there after 1 min/)
    }).pipe(Effect.provide(layer))
  )

  it.effect("exits 5 where no server runs, 1 where it can't be stopped from here", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const site = yield* SiteDouble
      site.canShutDown = false
      assert.strictEqual((yield* line.run(["stop"])).code, 1)
      line.hasServer = false
      assert.strictEqual((yield* line.run(["stop"])).code, 5)
    }).pipe(Effect.provide(layer))
  )
})

describe("status", () => {
  it.effect("for people", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const { code, out } = yield* line.run(["status"])
      assert.strictEqual(code, 0)
      assert.strictEqual(
        out,
        [
          "state   ready",
          "site    site (/site)",
          "server  Outpost 1.2.3, process 1 on station",
          "since   1970-01-01 01:00:00+01:00 (1 ms)",
          "run     none active",
          "events  site 0, run 0, system 0; 0 accepted since start",
          "disk    1 B free of 2 B",
          "memory  3 B",
          "config  defaults, no file",
          "actors  1 ready",
          ""
        ].join("\n")
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("for programs: one document", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const { err, out } = yield* line.run(["status", "--json", "--quiet"])
      const status = JSON.parse(out)
      assert.strictEqual(err, "")
      assert.strictEqual(out.trimEnd().split("\n").length, 1)
      assert.strictEqual(status.ready, true)
      assert.strictEqual(status.tree[0].path, "procedures/clock")
      assert.strictEqual(status.tree[0].since, "1970-01-01T00:00:00.000Z")
    }).pipe(Effect.provide(layer))
  )

  it.effect("ivy 14.25: exits 5 where no server runs", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      line.refuses = new NoServer({ site: "/s" })
      const { code, err, out } = yield* line.run(["status", "--json"])
      assert.deepStrictEqual([code, out], [5, ""])
      assert.strictEqual(err, "error: no server runs on the site /s\nhint: start one with: outpost serve --site /s\n")
    }).pipe(Effect.provide(layer))
  )
})
