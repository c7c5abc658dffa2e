import { assert, describe, it } from "@effect/vitest"
import { Effect, LogLevel, Option, Redacted } from "effect"
import { CommandLine, layer } from "../support/CommandLine.js"

const map = '{"parts":{"main":{"eiger":[[{"constraint":0}],[]]}},"sequence":["main"]}'

/** What a role was asked for, with options as plain values. */
const plain = (asked: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(asked)
      .filter(([, value]) => typeof value !== "function")
      .map(([key, value]) => {
        if (!Option.isOption(value)) return [key, value]
        const inner = Option.getOrUndefined(value)
        return [key, Redacted.isRedacted(inner) ? Redacted.value(inner) : inner]
      })
  )

const lastRole = Effect.map(CommandLine, ({ roles }) => {
  const [name, options] = roles.at(-1) ?? ["", {}]
  return [name, plain(options)] as const
})

describe("ingest, a service alone", () => {
  it.effect("controller: every word, in either order, and one line once it is ready", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const words = ["--host", "0.0.0.0", "--port", "0", "--open", "--dump-root", "/d", "--dump-root", "/e"]
      for (const args of [
        ["ingest", "controller", ...words, "--redis", "redis://r", "--log-level", "debug", "--token", "t0k3n"],
        ["--log-level", "debug", "--token", "t0k3n", "ingest", "controller", "--redis", "redis://r", ...words]
      ]) {
        const { code, err, out } = yield* line.run(args)
        assert.deepStrictEqual([code, out, err], [0, "controller ready at tcp://127.0.0.1:1\n", ""])
        assert.deepStrictEqual(yield* lastRole, [
          "controller",
          {
            redis: "redis://r",
            logLevel: LogLevel.Debug,
            host: "0.0.0.0",
            port: 0,
            open: true,
            token: "t0k3n",
            dumpRoots: ["/d", "/e"]
          }
        ])
      }
      const { out } = yield* line.run(["--json", "ingest", "controller"])
      assert.deepStrictEqual(JSON.parse(out), { ready: "controller", address: "tcp://127.0.0.1:1" })
      assert.deepStrictEqual(yield* lastRole, [
        "controller",
        {
          redis: undefined,
          logLevel: undefined,
          host: undefined,
          port: undefined,
          open: false,
          token: undefined,
          dumpRoots: []
        }
      ])
    }).pipe(Effect.provide(layer))
  )

  it.effect("ingester: streams, source, settings", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const words = ["--stream", "a", "--stream", "b", "--source", "positioncap", "--set", "host=h", "--set", "x=a=b"]
      const { code } = yield* line.run([
        "ingest",
        "ingester",
        ...words,
        "--upstream",
        "tcp://d:1",
        "--name",
        "i",
        "--ingester-url",
        "tcp://h:2",
        "--dump",
        "f",
        "--dump-root",
        "/d"
      ])
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(yield* lastRole, [
        "ingester",
        {
          redis: undefined,
          logLevel: undefined,
          streams: ["a", "b"],
          source: "positioncap",
          settings: [
            ["host", "h"],
            ["x", "a=b"]
          ],
          name: "i",
          url: "tcp://h:2",
          upstream: "tcp://d:1",
          dump: "f",
          dumpRoots: ["/d"]
        }
      ])
      yield* line.run(["ingest", "ingester"])
      assert.strictEqual((yield* lastRole)[1]["source"], "stins")
    }).pipe(Effect.provide(layer))
  )

  it.effect("worker and reducer: modules, tags, threads", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      yield* line.run([
        "ingest",
        "worker",
        "--module",
        "m.mjs",
        "--use",
        "u",
        "--name",
        "w",
        "--tag",
        "gpu",
        "--tag",
        "generic",
        "--threads",
        "4"
      ])
      const worker = { module: "m.mjs", use: "u", name: "w", tags: ["gpu", "generic"], threads: 4 }
      assert.deepInclude((yield* lastRole)[1], worker)
      yield* line.run([
        "ingest",
        "reducer",
        "--module",
        "m.mjs",
        "--use",
        "u",
        "--reducer-url",
        "tcp://h:3",
        "--host",
        "::1",
        "--port",
        "5001"
      ])
      const reducer = { module: "m.mjs", use: "u", url: "tcp://h:3", host: "::1", port: 5001, open: false }
      assert.deepStrictEqual((yield* lastRole)[0], "reducer")
      assert.deepInclude((yield* lastRole)[1], reducer)
    }).pipe(Effect.provide(layer))
  )
})

describe("ingest, an ensemble in one process", () => {
  it.effect("pipeline --json is exactly one line, with the five figures in their order", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      for (const args of [
        ["ingest", "pipeline", "--demo", "--events", "50", "--json"],
        ["--json", "ingest", "pipeline", "--events", "50", "--demo"]
      ]) {
        const { code, err, out } = yield* line.run(args)
        assert.strictEqual(out, '{"events":50,"processed":48,"reassigned":1,"lost":1,"seconds":0.5}\n')
        assert.strictEqual(code, 1)
        assert.include(err, "1 events were lost")
        assert.include(err, "the modules have failed 3 times")
      }
      assert.deepInclude((yield* lastRole)[1], { events: 50, workers: 2, bytes: 2_048, worker: undefined })
      yield* line.run([
        "ingest",
        "pipeline",
        "--demo",
        "--bytes",
        "100",
        "--workers",
        "3",
        "--module",
        "m",
        "--reducer",
        "r"
      ])
      const asked = { events: 10_000, workers: 3, bytes: 100, worker: "m", reducer: "r" }
      assert.deepInclude((yield* lastRole)[1], asked)
      const told = yield* line.run(["ingest", "pipeline", "--demo"])
      assert.match(
        told.out,
        /^events +10,?000\nprocessed +9,?998\nreassigned +1\nlost +1\ntook +.+\nrate +.+ events\/s\nfailures +3\nsum +7\n$/
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("replay: files, speed, parameters, what was published", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const { code, out } = yield* line.run([
        "ingest",
        "replay",
        "a.cbors",
        "b.cbors.gz",
        "--speed",
        "10x",
        "--params",
        "p.json",
        "--module",
        "m",
        "--reducer",
        "r",
        "--workers",
        "1",
        "--json"
      ])
      assert.strictEqual(code, 0)
      assert.strictEqual(
        out,
        '{"events":3,"frames":3,"bytes":300,"results":2,"failed":0,"damages":0,"seconds":0.25,"published":{"sum":7}}\n'
      )
      assert.deepStrictEqual(yield* lastRole, [
        "replay",
        {
          files: ["a.cbors", "b.cbors.gz"],
          worker: "m",
          reducer: "r",
          workers: 1,
          parameters: "p.json",
          speed: 10
        }
      ])
      const told = yield* line.run(["ingest", "replay", "a.cbors"])
      assert.match(told.out, /^events +3\nframes +3 \(.+\)\nresults +2\ntook +.+\nsum +7\n$/)
      assert.strictEqual((yield* lastRole)[1]["speed"], undefined)
      const damaged = yield* line.run(["ingest", "replay", "damaged"])
      assert.strictEqual(damaged.code, 1)
      assert.match(damaged.out, /^events +3\n/)
      assert.include(damaged.err, "damaged in 2 places: what could be read was played")
      const nothing = yield* line.run(["ingest", "replay", "empty"])
      assert.strictEqual(nothing.code, 1)
      assert.include(nothing.err, "there is no event in what was given")
    }).pipe(Effect.provide(layer))
  )
})

describe("ingest begin, stop, status", () => {
  it.effect("at the server of the site", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const begun = yield* line.run(["ingest", "begin", map])
      assert.match(begun.out, /^scan [0-9a-f-]{36} has begun\n$/)
      assert.strictEqual(line.connects.at(-1)?.need, "server")
      const read = yield* line.run(["--json", "ingest", "begin", "-", "--no-wrap", "--lose"], { input: map })
      assert.match(JSON.parse(read.out).mapping, /^[0-9a-f-]{36}$/)
      const shown = yield* line.run(["ingest", "status"])
      assert.match(
        shown.out,
        /^scan +finished\nevents +1 of 1\nreassigned +0\nlost +0\n\nSERVICE +KIND +EVENTS +RATE +WHAT\n/
      )
      const status = JSON.parse((yield* line.run(["ingest", "status", "--json"])).out)
      assert.deepStrictEqual(Object.keys(status), ["ensemble", "progress"])
      assert.strictEqual((yield* line.run(["ingest", "stop"])).out, "ended with 0 of 1 events\n")
      assert.strictEqual(JSON.parse((yield* line.run(["ingest", "stop", "--json"])).out).lost, 1)
    }).pipe(Effect.provide(layer))
  )

  it.effect("a map that can't work is bad input, told in the controller's words; no server is one of its own", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const refused = yield* line.run(["ingest", "begin", map.replace("eiger", "orca")])
      assert.deepStrictEqual([refused.code, refused.out], [2, ""])
      assert.include(refused.err, "streams {'orca'} not available")
      line.hasServer = false
      for (const args of [
        ["ingest", "begin", map],
        ["ingest", "stop"],
        ["ingest", "status"]
      ])
        assert.strictEqual((yield* line.run(args)).code, 5, args.join(" "))
    }).pipe(Effect.provide(layer))
  )
})

const misused: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
  [["pipeline"], /where are the frames to come from\?\nhint: made ones: outpost ingest pipeline --demo/],
  [["pipeline", "--demo", "--events", "0"], /--events/],
  [["pipeline", "--demo", "--events", "many"], /--events/],
  [["pipeline", "--demo", "--workers", "65"], /--workers/],
  [["pipeline", "--demo", "--bytes", "-1"], /--bytes/],
  [["replay"], /which file\?\nhint: outpost ingest replay scan\.cbors/],
  [["replay", "f", "--speed", "0"], /--speed: expected a number above 0/],
  [["replay", "f", "--speed", "fast"], /--speed/],
  [["ingester", "--set", "host"], /--set host: expected KEY=VALUE/],
  [["ingester", "--set", "=h"], /expected KEY=VALUE/],
  [["worker", "--threads", "257"], /--threads/],
  [["controller", "--port", "65536"], /--port/],
  [["begin"], /MAP/],
  [["begin", "{"], /the map can't be understood: [^\n]+\nhint: \{"parts"/],
  [["begin", '{"parts":{"m":{"__proto__":[[]]}},"sequence":["m"]}'], /'__proto__' can't be the name/],
  [["begin", '{"parts":{"m":5},"sequence":["m"]}'], /the map can't be understood/],
  [["nonsense"], /nonsense/]
]

describe("ingest, words that make no sense end with 2 and start nothing", () => {
  it.effect.each(misused)("%j", ([args, why]) =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const { code, err, out } = yield* line.run(["ingest", ...args])
      assert.deepStrictEqual([code, out], [2, ""], err)
      assert.match(err, why)
      assert.isEmpty(line.roles)
    }).pipe(Effect.provide(layer))
  )
})

describe("ingest --help", () => {
  const commands = ["pipeline", "controller", "ingester", "worker", "reducer", "replay", "begin", "stop", "status"]
  it.effect.each(commands)("%s has an example", (command) =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const { code, out } = yield* line.run(["ingest", command, "--help"])
      assert.strictEqual(code, 0)
      assert.match(out, new RegExp(`Example[^]*outpost ingest ${command}`))
      assert.isEmpty(line.roles)
    }).pipe(Effect.provide(layer))
  )
})
