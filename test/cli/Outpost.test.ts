import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import type { CommandSpec } from "../../src/cli/CommandSpec.js"
import * as Outpost from "../../src/cli/Outpost.js"
import { CommandLine, layer } from "../support/CommandLine.js"

const acting = (
  command: CommandSpec,
  words: ReadonlyArray<string> = []
): ReadonlyArray<readonly [ReadonlyArray<string>, CommandSpec]> => [
  ...(command.acts ? [[words, command] as const] : []),
  ...command.children.flatMap((child) => acting(child, [...words, child.name]))
]

const all = acting(Outpost.root)

it("the words of the command line", () =>
  assert.deepStrictEqual(
    all.map(([words]) => words.join(" ")),
    (
      "serve,stop,status,run start,run stop,run show,run list,event post,event list,event tail,current,export," +
      "backfill,backfill list,backfill show,backfill pause,backfill resume,backfill retry,backfill cancel,collect,coverage," +
      "inventory,schedule list,schedule pause,schedule resume,stream list,stream start,stream stop,sync,ingest pipeline,ingest controller," +
      "ingest ingester,ingest worker,ingest reducer,ingest replay,ingest begin,ingest stop,ingest status,verify,doctor," +
      "tree,actor stop,actor start,actor restart,procedure list,procedure stop,procedure start,procedure restart,state show,state history," +
      "outbox list,outbox stats,outbox uplinks,outbox retry,outbox export,outbox stop,outbox start," +
      "ledger state,ledger append,logs,config init,config validate,config show,config schema,config import ivy,install-service," +
      "update check,update apply,update rollback,update status,update keygen,update sign,completions"
    ).split(",")
  ))

describe("help", () => {
  it.effect("every command teaches: usage with the program's name, a sentence for each option, an example", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      for (const [words, command] of all) {
        const { code, err, out } = yield* line.run([...words, "--help"])
        const name = words.join(" ")
        assert.strictEqual(code, 0, name)
        assert.strictEqual(err, "", name)
        assert.include(out, `\n  outpost ${name}`, name)
        assert.notInclude(out, "\u001b", name)
        for (const { description, names } of command.options) {
          assert.include(out, names[0], name)
          assert.isAbove(description.length, 5, `${name} ${names[0]}`)
        }
        assert.isAbove(command.doc.examples.length, 0, name)
        for (const [example] of command.doc.examples) assert.match(example, /outpost |^curl /, name)
        assert.isAtMost(Math.max(...out.split("\n").map((text) => text.length)), 100, name)
      }
      assert.deepStrictEqual(line.connects, [])
    }).pipe(Effect.provide(layer))
  )

  it.effect("of the program, of a group, by the word help", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const program = yield* line.run([])
      assert.strictEqual(program.code, 0)
      for (const { name, summary } of Outpost.root.children)
        assert.match(program.out, new RegExp(`  ${name} +${summary.slice(0, 20)}`))
      assert.deepStrictEqual(yield* line.run(["run"]), yield* line.run(["help", "run"]))
      assert.match((yield* line.run(["run"])).out, /^outpost run: .*\n\nUsage\n {2}outpost run <command> \[options\]/)
    }).pipe(Effect.provide(layer))
  )

  it.effect("is the same text wherever it is printed, but for a terminal's colours", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const plain = yield* line.run(["status", "--help"])
      const coloured = yield* line.run(["status", "--help"], { terminal: true })
      const forbidden = yield* line.run(["status", "--help"], { terminal: true, environment: { NO_COLOR: "1" } })
      assert.include(coloured.out, "\u001b[1m")
      assert.strictEqual(forbidden.out, plain.out)
      assert.strictEqual(
        (yield* line.run(["status", "--help"], { terminal: true, environment: { NO_COLOR: "" } })).out,
        coloured.out
      )
    }).pipe(Effect.provide(layer))
  )
})

describe("global options", () => {
  it.effect("reach the launcher from before and after the command", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      yield* line.run(["--site", "/s", "--config=/c.yaml", "--token", "t", "--url", "http://h:1/", "status"])
      yield* line.run(["status", "--url", "http://h:1/", "--token", "t", "--config=/c.yaml", "--site", "/s"])
      for (const { config, logLevel, site, token, url } of line.connects) {
        assert.deepStrictEqual(
          { site, config, url, token: Option.map(token, Redacted.value), hasLevel: Option.isSome(logLevel) },
          {
            site: "/s",
            config: Option.some("/c.yaml"),
            url: Option.some("http://h:1"),
            token: Option.some("t"),
            hasLevel: false
          }
        )
      }
      assert.strictEqual(line.connects.length, 2)
    }).pipe(Effect.provide(layer))
  )

  it.effect("come from the environment where they are not given; an empty variable is none", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const set = { OUTPOST_SITE: "/e", OUTPOST_URL: "http://e:1", OUTPOST_TOKEN: "e" }
      yield* line.run(["status"], { environment: set })
      yield* line.run(["status", "--site", "/s", "--url=http://s:1", "--token=s"], { environment: set })
      yield* line.run(["status"], { environment: { OUTPOST_SITE: "", OUTPOST_URL: "", OUTPOST_TOKEN: "" } })
      assert.deepStrictEqual(
        line.connects.map(({ site, token, url }) => [
          site,
          Option.getOrNull(url),
          Option.getOrNull(Option.map(token, Redacted.value))
        ]),
        [
          ["/e", "http://e:1", "e"],
          ["/s", "http://s:1", "s"],
          ["./site", null, null]
        ]
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("our own variable goes before the telemetry server's; the config file has one too", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const theirs = { PANOPTES_TELEMETRY_SITE_DIR: "/p", OUTPOST_CONFIG: "/c.yaml" }
      yield* line.run(["status"], { environment: theirs })
      yield* line.run(["status", "--config", "/d.yaml"], { environment: { ...theirs, OUTPOST_SITE: "/e" } })
      assert.deepStrictEqual(
        line.connects.map(({ config, site }) => [site, Option.getOrNull(config)]),
        [
          ["/p", "/c.yaml"],
          ["/e", "/d.yaml"]
        ]
      )
    }).pipe(Effect.provide(layer))
  )

  const wrong: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
    [["status", "--url", "localhost:6562"], /'localhost:6562' is not the address of a server/],
    [["status", "--url", "http://"], /is not the address/],
    [["status", "--url", "ftp://h"], /is not the address/],
    [["status", "--log-level", "loud"], /--log-level does not know 'loud'\nhint: choose one of trace/],
    [["status", "--site="], /--site is empty/],
    [["status", "--nope"], /error: outpost status has no option --nope\nhint: see outpost status --help\n$/]
  ]
  for (const [args, message] of wrong) {
    it.effect(`${args.join(" ")} exits 2`, () =>
      Effect.gen(function* () {
        const line = yield* CommandLine
        const { code, err, out } = yield* line.run(args)
        assert.strictEqual(code, 2)
        assert.strictEqual(out, "")
        assert.match(err, message)
        assert.deepStrictEqual(line.connects, [])
      }).pipe(Effect.provide(layer))
    )
  }

  it.effect("--quiet leaves the answer and errors alone on the streams", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const loud = yield* line.run(["run", "list"])
      const quiet = yield* line.run(["run", "list", "--quiet"])
      assert.strictEqual(loud.err, "on the server at http://127.0.0.1:4711\n")
      assert.strictEqual(quiet.err, "")
      assert.strictEqual(quiet.out, loud.out)
      assert.match((yield* line.run(["run", "stop", "--quiet"])).err, /^error: No run is active\nhint: /)
    }).pipe(Effect.provide(layer))
  )

  it.effect("--version prints the version alone", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      assert.match((yield* line.run(["--version"])).out, /^\d+\.\d+\.\d+\S*\n$/)
    }).pipe(Effect.provide(layer))
  )
})

it.effect("it is said where a command is carried out", () =>
  Effect.gen(function* () {
    const line = yield* CommandLine
    line.hasServer = false
    assert.strictEqual((yield* line.run(["run", "list", "--site", "/s"])).err, "in this process on the site /s\n")
  }).pipe(Effect.provide(layer))
)

it.effect("a bug is told in one line, with its trace only where that is asked for", () =>
  Effect.gen(function* () {
    const line = yield* CommandLine
    line.serving = Effect.die(new Error("boom"))
    const short = yield* line.run(["serve"])
    assert.strictEqual(short.code, 1)
    assert.match(short.err, /^error: this should not have happened: Error: boom\nhint: [^\n]*\n$/)
    assert.match((yield* line.run(["serve", "--log-level", "debug"])).err, /\n\s+at /)
  }).pipe(Effect.provide(layer))
)
