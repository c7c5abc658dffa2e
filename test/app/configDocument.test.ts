import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Option } from "effect"
import { ConfigFile } from "../../src/app/ConfigFile.js"
import { jsonSchema } from "../../src/app/ConfigDocument.js"
import { starter } from "../../src/app/ConfigStarter.js"
import { over, refused } from "./ConfigSite.js"

const file = ConfigFile
const document = Effect.flatMap(ConfigFile, ({ document }) => document)

const text = (option: Option.Option<string> = Option.some("no entry")) => Option.getOrNull(option)
const millis = (option: Option.Option<Duration.Duration> = Option.some(Duration.zero)) =>
  Option.getOrNull(Option.map(option, Duration.toMillis))

/** A collector's file as its own manual shows it, numbers written as text in places, with keys of a later version. */
const dccd = `
settings:
  data_path: ~/data/crypto
  timezone: UTC
  ui_host: 0.0.0.0
  ui_port: "8080"
  ui_auth_token: null
  ui_readonly: false        # 3.x
storage:
  local_path: ""
  remotes:
    - remote: backup:crypto
  sync_interval: 0
histo_jobs:
  - exchange: binance
    pairs: [BTC/USDT, ETH/USDT]
    span: "3600"
    retry_delay: 0
stream_jobs:
  - exchange: bitmex
    pairs: [XBTUSD]
    channels: [trades, book]
    time_step: 60.0
alerts:
  webhook_url: https://example.org/hook
`

describe("the config document", () => {
  it.scoped("without a file is all defaults", () =>
    over(
      undefined,
      Effect.gen(function* () {
        const doc = yield* document
        assert.deepStrictEqual([doc.http.host, doc.http.port, Option.isNone(doc.http.token)], ["127.0.0.1", 6562, true])
        assert.deepStrictEqual([doc.http.limits.event_bytes, doc.http.limits.batch_bytes], [2 ** 21, 2 ** 24])
        assert.strictEqual(doc.logs.level, "info")
        assert.deepStrictEqual([doc.histo_jobs, doc.stream_jobs], [[], []])
        assert.isFalse(doc.remote.allow_code)
      })
    )
  )

  it.scoped("a dccd file is valid as it is, with lenient numbers and unknown keys passed over", () =>
    over(
      dccd,
      Effect.gen(function* () {
        const doc = yield* document
        assert.strictEqual(doc.histo_jobs[0]?.span, 3600)
        assert.deepStrictEqual([doc.histo_jobs[0]?.max_retries, doc.histo_jobs[0]?.retry_delay], [3, 0])
        assert.strictEqual(doc.settings.ui_port, 8080)
        assert.strictEqual(doc.stream_jobs[0]?.time_step, 60)
        assert.strictEqual(doc.storage.remotes[0]?.provider, "rclone")
        assert.strictEqual(doc.alerts.max_consecutive_errors, 3)
      })
    )
  )

  it.scoped("an empty file, and sections without content, are defaults", () =>
    over(
      "# nothing yet\nhttp:\nprocedures:\n  system-checks:\n    settings:\n    every: 5s\nhisto_jobs:\n",
      Effect.gen(function* () {
        assert.strictEqual((yield* document).http.port, 6562)
        const { "system-checks": checks } = yield* (yield* file).slice("procedures")
        assert.strictEqual(millis(checks?.every), 5000)
      })
    )
  )

  it.scoped("all errors at once, each with path, value, place in the file and remedy", () =>
    Effect.gen(function* () {
      const issues = yield* refused(
        [
          "http:",
          "  port: 99999",
          "  allow_origin: [a]",
          "logs:",
          "  level: loud",
          "procedures:",
          "  weather:",
          "    command: [python3, w.py]",
          "    module: ./w.js",
          "  other:",
          "    every: 5 parsecs",
          "    command: [x]",
          "histo_jobs:",
          "  - exchange: binanse",
          "    pairs: [BTCUSDT]",
          "    span: 59",
          "telemtry: {}"
        ].join("\n")
      )
      const found = issues.map(({ column, line, path, value }) => [path, line, column, value])
      assert.deepStrictEqual(found, [
        ["http.port", 2, 9, 99999],
        ["http.allow_origin", 3, 3, undefined],
        ["logs.level", 5, 10, "loud"],
        ["procedures.weather", 7, 3, undefined],
        ["procedures.other.every", 11, 12, "5 parsecs"],
        ["histo_jobs[0].exchange", 14, 15, "binanse"],
        ["histo_jobs[0].pairs[0]", 15, 13, "BTCUSDT"],
        ["histo_jobs[0].span", 16, 11, 59],
        ["telemtry", 17, 1, undefined]
      ])
      const by = new Map(issues.map((issue) => [issue.path, issue]))
      assert.strictEqual(by.get("http.allow_origin")?.remedy, "did you mean allow_origins?")
      assert.strictEqual(by.get("telemtry")?.remedy, "did you mean telemetry?")
      assert.include(by.get("http.port")?.remedy, "Port to listen on")
      assert.include(by.get("logs.level")?.message, '"warning"')
      assert.include(by.get("procedures.weather")?.message, "command and module")
    })
  )

  for (const name of ["schedules", "cluster", "plugins", "observability"]) {
    it.scoped(`refuses ${name}: this version has no such part`, () =>
      Effect.gen(function* () {
        const [issue] = yield* refused(`${name}: {}\n`)
        assert.deepStrictEqual([issue?.path, issue?.message, issue?.line], [name, "this version has no such part", 1])
      })
    )
  }

  it.scoped("refuses a part that does not exist even where it is empty", () =>
    Effect.map(refused("schedules:\n"), (issues) => assert.strictEqual(issues[0]?.path, "schedules"))
  )

  it.scoped("shows no secret in an error", () =>
    Effect.gen(function* () {
      const texts = [
        "http:\n  token: 12345678\n",
        "http: 'token: hunter2345'\n",
        "http:\n  token: [hunter2345]\n",
        "http:\n  token: x-hunter2345-${env:A}\n",
        "settings:\n  ui_auth_token: {a: hunter2345}\n",
        "procedures:\n  a:\n    command: [x]\n    env: {A: [hunter2345]}\n",
        "procedures:\n  a: hunter2345\n",
        "observability:\n  otlp_headers: hunter2345\n"
      ]
      for (const text of texts) {
        const issues = yield* refused(text)
        assert.isAtLeast(issues.length, 1)
        assert.notMatch(JSON.stringify(issues), /hunter2345|12345678/, text)
      }
    })
  )

  it.scoped("names the place of what is not YAML", () =>
    Effect.gen(function* () {
      const [tab] = yield* refused("http:\n  port: 1\n\thost: a\n")
      assert.strictEqual(tab?.line, 3)
      const [twice] = yield* refused("http: {}\nlogs: {}\nhttp: {}\n")
      assert.strictEqual(twice?.line, 3)
      assert.strictEqual((yield* refused("- a\n"))[0]?.path, "")
      yield* refused(
        "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d]\n"
      )
    })
  )

  it.scoped("a procedure says one thing to run and one time", () =>
    Effect.gen(function* () {
      const entry = (text: string) => `procedures:\n  a: ${text}\n`
      for (const wrong of [
        "{}",
        "{use: x, command: [y]}",
        "{command: [x], every: 1s, cron: '* * * * *'}",
        "{use: x, env: {A: b}}",
        "{command: []}",
        "{command: ['']}",
        "{use: x, every: 1ms}",
        "{use: x, cron: 'every day'}",
        "{use: x, colour: red}",
        "{command: [x], env: {A-B: c}}",
        "5"
      ]) {
        const issues = yield* refused(entry(wrong)).pipe(Effect.orDieWith(() => new Error(`taken: ${wrong}`)))
        assert.isTrue(
          issues.every(({ path }) => path.startsWith("procedures.a")),
          wrong
        )
      }
      assert.strictEqual((yield* refused("procedures:\n  ../a: {use: x}\n")).length, 1)
      yield* over(
        entry("{command: [python3, a.py], cron: '0 */6 * * *', env: {A: b}, heartbeat: 1m, singleton: true}"),
        document
      )
    })
  )

  it.scoped("system-checks is on unless disabled", () =>
    Effect.gen(function* () {
      const checks = (text: string) =>
        Effect.map(
          over(
            text,
            Effect.flatMap(file, (f) => f.slice("procedures"))
          ),
          (all) => all["system-checks"]
        )
      const on = yield* checks("")
      assert.deepStrictEqual([on?.enabled, text(on?.use)], [true, "system-checks"])
      const tuned = yield* checks("procedures:\n  system-checks: {every: 5s}\n")
      assert.deepStrictEqual([text(tuned?.use), millis(tuned?.every)], ["system-checks", 5000])
      assert.isFalse((yield* checks("procedures:\n  system-checks: {enabled: false}\n"))?.enabled)
      const own = yield* checks("procedures:\n  system-checks: {command: [mine], cron: '* * * * *'}\n")
      assert.deepStrictEqual([text(own?.use), millis(own?.every)], [null, null])
    })
  )

  it.scoped("the starter is valid, and its system-checks run every five seconds", () =>
    over(
      starter('the "south" mast'),
      Effect.gen(function* () {
        assert.strictEqual(text((yield* document).general.name), 'the "south" mast')
        assert.strictEqual(millis((yield* document).procedures["system-checks"]?.every), 5000)
        assert.deepStrictEqual((yield* document).histo_jobs, [])
      })
    )
  )

  it.scoped("the commented parts of the starter are valid too", () =>
    over(
      starter("x")
        .split("\n")
        .slice(2)
        .filter((line) => !/^# (What|Candles)/.test(line))
        .map((line) => line.replace(/^# ?/, ""))
        .join("\n"),
      Effect.gen(function* () {
        const doc = yield* document
        assert.deepStrictEqual([doc.http.host, Object.keys(doc.procedures)], ["0.0.0.0", ["system-checks"]])
      }),
      { secretFiles: { token: "abcdefgh" } }
    )
  )

  it("as JSON Schema has a description for every setting and the defaults", () => {
    const missing: Array<string> = []
    const visit = (node: unknown, path: string) => {
      if (typeof node !== "object" || node === null) return
      const properties = Reflect.get(node, "properties")
      for (const [name, property] of Object.entries(properties ?? {})) {
        if (typeof Reflect.get(Object(property), "description") !== "string") missing.push(`${path}.${name}`)
        visit(property, `${path}.${name}`)
      }
      visit(Reflect.get(node, "items"), `${path}[]`)
      for (const value of Object.values(Reflect.get(node, "patternProperties") ?? {})) visit(value, `${path}.*`)
    }
    const schema = jsonSchema()
    visit(Reflect.get(Object(schema["$defs"]), "OutpostConfig"), "")
    assert.deepStrictEqual(missing, [])
    const text = JSON.stringify(schema)
    assert.include(text, '"default":6562')
    assert.include(text, '"default":"10s"')
    assert.include(text, '"default":"local"')
  })
})
