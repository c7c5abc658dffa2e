import * as NodeContext from "@effect/platform-node/NodeContext"
import { FileSystem } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { StorageFailed } from "../../src/domain/Refusal.js"
import { CommandLine, layer } from "../support/CommandLine.js"
import { TelemetryDouble } from "../support/TelemetryDouble.js"

describe("event post", () => {
  it.effect("sends the JSON as it was typed", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const store = yield* TelemetryDouble
      const data = '{"n":12345678901234567890123,"x":1.50,"10":1,"2":{"é":"\\u00e9"}}'
      const { code, out } = yield* line.run(["event", "post", "reading", data, "--meta-json", '{"t":1e2}', "--json"])
      assert.strictEqual(code, 0)
      assert.strictEqual(
        out,
        `{"seq":1,"ts":"2026-01-02T03:04:05.678Z","type":"reading","data":${data},"meta":{"t":1e2}}\n`
      )
      assert.strictEqual(line.connects[0]?.need, "write")
      assert.strictEqual((yield* line.run(["event", "post", "reading", "-5"])).out, "stored reading with number 2\n")
      assert.include(store.lines[1], '"data":-5')
    }).pipe(Effect.provide(layer))
  )

  it.effect("reads data from standard input, and leaves the current view alone where asked", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const store = yield* TelemetryDouble
      yield* line.run(["event", "post", "note", "-", "--no-current"], { input: '"from afar"\n' })
      assert.include(store.lines[0], '"data":"from afar"')
      assert.strictEqual((yield* line.run(["current", "note"])).code, 3)
      const bytes = yield* line.run(["event", "post", "note", "-"], { input: new Uint8Array([0x22, 0xff, 0x22]) })
      assert.deepStrictEqual(
        [bytes.code, bytes.err],
        [2, "error: standard input is not UTF-8 text\nhint: encode binary data, as base64 say\n"]
      )
    }).pipe(Effect.provide(layer))
  )

  const refused: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
    [["weather", "{wind:4.2}"], /DATA is not JSON: "{wind:4.2}"\nhint: quote it whole for the shell/],
    [["note", "clouds"], /DATA is not JSON: "clouds"\nhint: a text needs its own quotes/],
    [["note", ""], /DATA is not JSON: it is empty/],
    [["note", "NaN"], /DATA is not JSON/],
    [["note"], /DATA is missing/],
    [[], /TYPE and DATA are missing/],
    [["note", "1", "--meta-json", "[]"], /--meta-json is not a JSON object/],
    [["note", "1", "--ndjson", "f"], /--ndjson takes the events from the file alone/],
    [["note", "1", "2"], /does not take '2'/]
  ]
  for (const [args, message] of refused) {
    it.effect(`${args.join(" ")} exits 2 without asking anyone`, () =>
      Effect.gen(function* () {
        const line = yield* CommandLine
        const { code, err } = yield* line.run(["event", "post", ...args])
        assert.strictEqual(code, 2)
        assert.match(err, message)
        assert.deepStrictEqual(line.connects, [])
      }).pipe(Effect.provide(layer))
    )
  }

  it.effect("a disk that fails exits 1", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const store = yield* TelemetryDouble
      store.gate = Effect.fail(new StorageFailed({ operation: "append", path: "/site/f", reason: "ENOSPC" }))
      const { code, err } = yield* line.run(["event", "post", "a", "1"])
      assert.strictEqual(code, 1)
      assert.match(err, /error: append \/site\/f: ENOSPC\nhint: /)
    }).pipe(Effect.provide(layer))
  )
})

describe("event post --ndjson", () => {
  it.effect("stores good lines, tells bad ones by their number, exits 1 if there are any", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const good = yield* line.run(["event", "post", "--ndjson", "-"], {
        input: '{"type":"a","data":1}\n{"type":"b","data":2}'
      })
      assert.deepStrictEqual([good.code, good.out], [0, "2 accepted, 0 refused of 2 lines\n"])
      const mixed = yield* line.run(["event", "post", "--ndjson", "-"], {
        input: '{"type":"a","data":1}\nrubbish\n{"type":"c","data":3}\n'
      })
      assert.deepStrictEqual([mixed.code, mixed.out], [1, "2 accepted, 1 refused of 3 lines\n"])
      assert.match(mixed.err, /\nline 2: .*\nerror: 1 line refused\n/)
      const bad = yield* line.run(["event", "post", "--json", "--ndjson", "-"], { input: "rubbish\n\n{}\n" })
      assert.strictEqual(bad.code, 1)
      assert.deepInclude(JSON.parse(bad.out), { accepted: 0, refused: 2 })
      const none = yield* line.run(["event", "post", "--ndjson", "-"])
      assert.deepStrictEqual([none.code, none.out], [0, "0 accepted, 0 refused of 0 lines\n"])
    }).pipe(Effect.provide(layer))
  )

  it.scoped("a file of any size goes in pieces, lines counted through", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const store = yield* TelemetryDouble
      const fs = yield* FileSystem.FileSystem
      const file = `${yield* fs.makeTempDirectoryScoped()}/events.ndjson`
      const pad = "x".repeat(1000)
      const lines = Array.from({ length: 5000 }, (_, i) =>
        i === 4321 ? "rubbish" : `{"type":"t","data":{"i":${i},"pad":"${pad}"}}`
      )
      yield* fs.writeFileString(file, lines.join("\n"))
      const { code, err, out } = yield* line.run(["event", "post", "--ndjson", file])
      assert.deepStrictEqual([code, out], [1, "4,999 accepted, 1 refused of 5,000 lines\n"])
      assert.include(err, "line 4322: ")
      assert.strictEqual(store.lines.length, 4999)
      assert.include(store.lines[4998], '"i":4999')
    }).pipe(Effect.provide([layer, NodeContext.layer]))
  )

  it.effect("a file that is not there exits 3", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const { code, err } = yield* line.run(["event", "post", "--ndjson", "/no/such/file"])
      assert.deepStrictEqual(
        [code, err],
        [3, "error: there is no file /no/such/file\nhint: check its path; - is standard input\n"]
      )
      assert.deepStrictEqual(line.connects, [])
    }).pipe(Effect.provide(layer))
  )
})

describe("event list", () => {
  const filled = Effect.gen(function* () {
    const store = yield* TelemetryDouble
    for (let i = 1; i <= 60; i++) yield* store.append(i % 2 === 0 ? "even" : "odd", `{"i":${i},"n":1.50}`)
    return yield* CommandLine
  })

  it.effect("prints lines as they are stored", () =>
    Effect.gen(function* () {
      const line = yield* filled
      const { lines } = yield* TelemetryDouble
      const plain = yield* line.run(["event", "list"])
      assert.strictEqual(plain.out, lines.map((text) => `${text}\n`).join(""))
      assert.strictEqual((yield* line.run(["event", "list", "--json"], { terminal: true })).out, plain.out)
      assert.strictEqual(line.connects[0]?.need, "read")
      const newest = yield* line.run(["event", "list", "--desc", "--limit", "2", "--type", "odd"])
      assert.strictEqual(newest.out, `${lines[58]}\n${lines[56]}\n`)
      assert.strictEqual((yield* line.run(["event", "list", "--after-seq", "59"])).out, `${lines[59]}\n`)
      assert.strictEqual((yield* line.run(["event", "list", "--type", "none"])).out, "")
      assert.strictEqual((yield* line.run(["event", "list", "--run", "nope"])).code, 3)
      const unnamed = yield* line.run(["event", "list", "--run", ""])
      assert.strictEqual(unnamed.code, 2)
      assert.include(unnamed.err, "--run needs the name of a run")
    }).pipe(Effect.provide(layer))
  )

  it.effect("shows the newest as a table on a terminal, times with their zone", () =>
    Effect.gen(function* () {
      const line = yield* filled
      const { err, out } = yield* line.run(["event", "list"], { terminal: true, environment: { NO_COLOR: "1" } })
      const rows = out.trimEnd().split("\n")
      assert.strictEqual(rows.length, 50)
      assert.strictEqual(rows[49], '2026-01-02 04:04:05.678+01:00  site 60     even            {"i":60,"n":1.50}')
      assert.match(err, /the newest 50/)
    }).pipe(Effect.provide(layer))
  )

  const refused: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
    [["--since", "soon"], /--since does not understand 'soon'\nhint: write ISO 8601/],
    [["--since", "1h", "--until", "2h"], /--since is not before --until/],
    [["--limit", "0"], /--limit takes a whole number from 1/],
    [["--stream", "sit"], /--stream takes site, run, system, not 'sit'; did you mean site\?/],
    [["extra"], /does not take 'extra'/]
  ]
  for (const [args, message] of refused) {
    it.effect(`${args.join(" ")} exits 2`, () =>
      Effect.gen(function* () {
        const line = yield* CommandLine
        const { code, err } = yield* line.run(["event", "list", ...args])
        assert.strictEqual(code, 2)
        assert.match(err, message)
        assert.deepStrictEqual(line.connects, [])
      }).pipe(Effect.provide(layer))
    )
  }
})

describe("event tail", () => {
  it.effect("prints what comes until it is interrupted", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const store = yield* TelemetryDouble
      yield* store.append("old", "0")
      const fiber = yield* Effect.fork(line.run(["event", "tail", "--type", "new"]))
      yield* Effect.yieldNow().pipe(Effect.repeat({ until: () => store.tails === 1 }))
      yield* store.append("new", "1")
      yield* store.append("other", "2")
      yield* store.append("new", "3")
      yield* Effect.yieldNow().pipe(Effect.repeat({ until: () => line.last.out.split("\n").length > 2 }))
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(line.last.out, `${store.lines[1]}\n${store.lines[3]}\n`)
      assert.strictEqual(line.connects[0]?.need, "server")
    }).pipe(Effect.provide(layer))
  )
})
