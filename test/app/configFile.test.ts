import { FileSystem } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Deferred, Effect, Fiber, Layer, Logger, Option, Redacted, Stream, TestClock } from "effect"
import * as ConfigFileModule from "../../src/app/ConfigFile.js"
import { ConfigFile } from "../../src/app/ConfigFile.js"
import { fingerprint } from "../../src/app/ConfigEffective.js"
import * as ConfigEnvironment from "../../src/app/ConfigEnvironment.js"
import { init } from "../../src/app/ConfigStarter.js"
import { Redaction } from "../../src/site/Redaction.js"
import { Site } from "../../src/site/Site.js"
import * as TemporarySite from "../site/TemporarySite.js"
import { environment, onDisk, over, refused, type Setup, writeDisk } from "./ConfigSite.js"

const slice = <S extends Parameters<(typeof ConfigFile)["Service"]["slice"]>[0]>(name: S) =>
  Effect.flatMap(ConfigFile, (file) => file.slice(name))

const http = (text: string, setup: Setup = {}) =>
  Effect.map(over(text, slice("http"), setup), ({ host, port, token }) => ({
    host,
    port,
    token: Option.getOrNull(Option.map(token, Redacted.value))
  }))

const both = "http: {host: 1.1.1.1, port: 1001}\nsettings: {ui_host: 2.2.2.2, ui_port: 2002}\n"

describe("precedence", () => {
  it.scoped("flag, OUTPOST_*, the systems' own variables, file, default", () =>
    Effect.gen(function* () {
      const panoptes = { PANOPTES_TELEMETRY_HOST: "3.3.3.3", PANOPTES_TELEMETRY_PORT: "3003" }
      const outpost = { ...panoptes, OUTPOST_HOST: "4.4.4.4", OUTPOST_PORT: "4004" }
      const flags = { host: "5.5.5.5", port: 5005 }
      const found = yield* Effect.all([
        http(""),
        http(both),
        http(both, { environment: panoptes }),
        http(both, { environment: outpost }),
        http(both, { environment: outpost, flags })
      ])
      assert.deepStrictEqual(
        found.map(({ host, port }) => `${host}:${port}`),
        ["127.0.0.1:6562", "1.1.1.1:1001", "3.3.3.3:3003", "4.4.4.4:4004", "5.5.5.5:5005"]
      )
    })
  )

  it.scoped("empty variables count as unset", () =>
    Effect.gen(function* () {
      const empty = { OUTPOST_HOST: "", OUTPOST_PORT: " ", OUTPOST_HTTP_TOKEN: "", PANOPTES_TELEMETRY_PORT: "3003" }
      const { host, port, token } = yield* http("http: {host: 1.1.1.1}", { environment: empty })
      assert.deepStrictEqual([host, port, token], ["1.1.1.1", 3003, null])
    })
  )

  it.scoped("port 0 as a flag always means a free port", () =>
    Effect.gen(function* () {
      const { port } = yield* http(both, { environment: { OUTPOST_PORT: "4004" }, flags: { port: 0 } })
      assert.strictEqual(port, 0)
    })
  )

  it.effect("a wrong variable or flag is named", () =>
    Effect.gen(function* () {
      const wrong = { OUTPOST_PORT: "http", OUTPOST_LOG_LEVEL: "loud" }
      const error = yield* ConfigEnvironment.overrides({}).pipe(Effect.provide(environment(wrong)), Effect.flip)
      assert.deepStrictEqual(error.issues.map(({ path }) => path).sort(), ["OUTPOST_LOG_LEVEL", "OUTPOST_PORT"])
      const flag = yield* Effect.flip(ConfigEnvironment.overrides({ port: 70000 }))
      assert.strictEqual(flag.issues[0]?.path, "--port")
    })
  )

  it.effect("the site, the file and the server elsewhere follow the same order", () =>
    Effect.gen(function* () {
      const env = environment({
        OUTPOST_SITE: "/a",
        PANOPTES_TELEMETRY_SITE_DIR: "/b",
        OUTPOST_CONFIG: "/c",
        OUTPOST_URL: "http://u"
      })
      assert.strictEqual(yield* ConfigEnvironment.siteDirectory({}).pipe(Effect.provide(env)), "/a")
      assert.strictEqual(yield* ConfigEnvironment.siteDirectory({ site: "/f" }).pipe(Effect.provide(env)), "/f")
      const older = environment({ OUTPOST_SITE: "", PANOPTES_TELEMETRY_SITE_DIR: "/b" })
      assert.strictEqual(yield* ConfigEnvironment.siteDirectory({}).pipe(Effect.provide(older)), "/b")
      assert.strictEqual(yield* ConfigEnvironment.siteDirectory({}).pipe(Effect.provide(environment({}))), "./site")
      assert.strictEqual(Option.getOrNull(yield* ConfigEnvironment.configPath({}).pipe(Effect.provide(env))), "/c")
      const server = yield* ConfigEnvironment.server({ token: "t0k3n" }).pipe(Effect.provide(env))
      assert.strictEqual(Option.getOrThrow(server).url, "http://u")
      assert.strictEqual(Redacted.value(Option.getOrThrow(Option.getOrThrow(server).token)), "t0k3n")
    })
  )

  it.effect("exchanges' addresses come from DCCD_* without a slash at the end", () =>
    Effect.gen(function* () {
      const bases = yield* ConfigEnvironment.exchangeBases("binance")
      assert.strictEqual(Option.getOrNull(bases.rest), "http://127.0.0.1:1")
      assert.isTrue(Option.isNone(bases.socket))
    }).pipe(Effect.provide(environment({ DCCD_BINANCE_REST_URL: "http://127.0.0.1:1/", DCCD_BINANCE_WS_URL: "" })))
  )
})

describe("settings in force", () => {
  it.scoped("ui_host and ui_port count where the file writes them and http.* is absent", () =>
    Effect.gen(function* () {
      const address = (text: string) => Effect.map(http(text), ({ host, port }) => `${host}:${port}`)
      assert.strictEqual(yield* address("settings: {}\n"), "127.0.0.1:6562")
      assert.strictEqual(yield* address("settings: {ui_host: 2.2.2.2, ui_port: '2002'}\n"), "2.2.2.2:2002")
      assert.strictEqual(yield* address("settings: {ui_port: 2002}\nhttp: {host: 1.1.1.1}\n"), "1.1.1.1:2002")
      assert.strictEqual(yield* address(both), "1.1.1.1:1001")
      const [issue] = yield* refused("settings: {ui_port: 99999}\n")
      assert.strictEqual(issue?.path, "settings.ui_port")
    })
  )

  it.scoped("ui_auth_token is another name of http.token, and an empty one is none", () =>
    Effect.gen(function* () {
      const token = (text: string, setup: Setup = {}) => Effect.map(http(text, setup), ({ token }) => token)
      assert.strictEqual(yield* token("settings: {ui_auth_token: abcd1}\n"), "abcd1")
      assert.strictEqual(yield* token("settings: {ui_auth_token: abcd1}\nhttp: {token: abcd2}\n"), "abcd2")
      assert.strictEqual(yield* token("settings: {ui_auth_token: ''}\n"), null)
      assert.strictEqual(yield* token("settings: {ui_auth_token: abcd1}\nhttp: {token: ''}\n"), "abcd1")
      assert.strictEqual(yield* token("http: {token: a}", { environment: { OUTPOST_HTTP_TOKEN: "abcd3" } }), "abcd3")
    })
  )

  it.scoped("data_path is the site's data/ by default, relative to the site, and may lie outside", () =>
    Effect.gen(function* () {
      const where = (text: string) =>
        over(
          text,
          Effect.gen(function* () {
            const site = (yield* Site).directory
            const path = (yield* slice("settings")).data_path
            return [path.replace(site, "<site>"), (yield* slice("storage")).local_path.replace(site, "<site>")]
          })
        )
      assert.deepStrictEqual(yield* where(""), ["<site>/data", "<site>/data"])
      assert.deepStrictEqual(yield* where("settings: {data_path: ./x}\n"), ["<site>/x", "<site>/x"])
      assert.deepStrictEqual(yield* where("settings: {data_path: /mnt/x}\nstorage: {local_path: y}\n"), [
        "/mnt/x",
        "<site>/y"
      ])
      assert.notInclude((yield* where("settings: {data_path: ~/x}\n"))[0], "~")
    })
  )

  it.scoped("absolute run directories are allowed on loopback unless the file says otherwise", () =>
    Effect.gen(function* () {
      const allowed = (text: string) =>
        Effect.map(over(text, slice("runs")), ({ allow_absolute }) => Option.getOrNull(allow_absolute))
      assert.strictEqual(yield* allowed(""), true)
      for (const host of ["localhost", "127.1.2.3", "'::1'"])
        assert.strictEqual(yield* allowed(`http: {host: ${host}}`), true)
      for (const host of ["0.0.0.0", "'::'", "10.0.0.1", "127.evil.example"]) {
        assert.strictEqual(yield* allowed(`http: {host: ${host}}`), false, host)
      }
      assert.strictEqual(yield* allowed("http: {host: 0.0.0.0}\nruns: {allow_absolute: true}"), true)
    })
  )

  it.scoped(
    "secrets: references of the local file are followed, known to the redaction, and failures are located",
    () =>
      Effect.gen(function* () {
        const setup = {
          environment: { MQTT: "from-env-1234", SECRET: "no" },
          secretFiles: { token: "from-file-1234\n" }
        }
        const text =
          "general: {allow_env: [MQTT]}\nhttp: {token: '${file:token}'}\nprocedures:\n  a:\n    command: [x]\n    env:\n      P: ${env:MQTT}\n"
        yield* over(
          text,
          Effect.gen(function* () {
            assert.strictEqual(Redacted.value(Option.getOrThrow((yield* slice("http")).token)), "from-file-1234")
            const env = (yield* slice("procedures"))["a"]?.env ?? {}
            assert.deepStrictEqual(
              Object.entries(env).map(([name, value]) => [name, Redacted.value(value)]),
              [["P", "from-env-1234"]]
            )
            assert.strictEqual((yield* Redaction).redact("from-env-1234 from-file-1234"), "******** ********")
          }),
          setup
        )
        const issues = yield* refused(text.replace("[MQTT]", "[]").replace("file:token", "file:absent"), setup)
        assert.deepStrictEqual(
          issues.map(({ line, path }) => [path, line]),
          [["http.token", 2], ["procedures.a.env.P", 7]] // prettier-ignore
        )
      })
  )
})

describe("the file", () => {
  const withPath = (path: string) =>
    Layer.build(
      ConfigFileModule.layer({ path: Option.some(path), overrides: ConfigEnvironment.noOverrides, poll: Option.none() })
    )

  it.scoped("a file that was asked for must be there", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(withPath("/nonexistent/outpost.yaml"))
      assert.include(error.message, "/nonexistent/outpost.yaml does not exist")
      assert.include((yield* Effect.flip(withPath("/"))).message, "can't be read")
    }).pipe(Effect.provide(TemporarySite.withSecrets))
  )

  it.scoped("init writes the starter once, closed to others", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { config } = (yield* Site).paths
      assert.isTrue(yield* init(config, "a"))
      assert.strictEqual((yield* fs.stat(config)).mode & 0o777, 0o600)
      yield* fs.writeFileString(config, "general: {name: mine}\n")
      assert.isFalse(yield* init(config, "b"))
      assert.strictEqual(yield* fs.readFileString(config), "general: {name: mine}\n")
      assert.strictEqual((yield* Effect.flip(init(`${config}/x`, "c")))._tag, "StorageFailed")
    }).pipe(Effect.provide(TemporarySite.layer))
  )

  it.scoped("reload takes a good document and tells which sections changed", () =>
    over(
      "http: {port: 1001}\nlogs: {level: debug}\nprocedures: {a: {use: x, settings: {b: [1, 2]}}}\n",
      Effect.gen(function* () {
        const file = yield* ConfigFile
        const started = yield* Deferred.make<void>()
        const fiber = yield* file.changes.pipe(
          Stream.onStart(Deferred.succeed(started, undefined)),
          Stream.take(3),
          Stream.runCollect,
          Effect.fork
        )
        yield* Deferred.await(started)
        yield* Effect.yieldNow()
        yield* writeDisk(
          "# moved about\nprocedures:\n  a:\n    use: x\n    settings: {b: [1, 2]}\nlogs: {level: warning}\nhttp: {port: 1001, token: abcd}\n"
        )
        yield* file.reload
        yield* writeDisk(
          "procedures: {a: {use: x, settings: {b: [1, 3]}}}\nlogs: {level: warning}\nhttp: {port: 1001, token: abcd}\n"
        )
        yield* file.reload
        assert.deepStrictEqual(Chunk.toReadonlyArray(yield* Fiber.join(fiber)), ["http", "logs", "procedures"])
        assert.strictEqual((yield* slice("logs")).level, "warning")
      })
    )
  )

  it.scoped("a document that does not decode leaves the last good one running and is reported", () => {
    const logged: Array<string> = []
    const logger = Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ message }) => void logged.push(String(message)))
    )
    return over(
      "http: {port: 1001}\n",
      Effect.gen(function* () {
        const file = yield* ConfigFile
        yield* writeDisk("http: {port: 1002, hots: x}\n")
        const error = yield* Effect.flip(file.reload)
        assert.strictEqual(error.issues[0]?.path, "http.hots")
        assert.strictEqual((yield* slice("http")).port, 1001)
        assert.strictEqual(Option.getOrNull(yield* file.lastError), error)
        assert.strictEqual(logged.filter((line) => line.includes("http.hots")).length, 1)
        assert.strictEqual(yield* file.raw, "http: {port: 1001}\n")

        const fs = yield* FileSystem.FileSystem
        yield* fs.remove(file.path)
        assert.include((yield* Effect.flip(file.reload)).message, "is gone")
        assert.strictEqual((yield* slice("http")).port, 1001)

        yield* writeDisk(" \n")
        assert.include((yield* Effect.flip(file.reload)).message, "is empty")
        assert.strictEqual((yield* slice("http")).port, 1001)

        yield* writeDisk("http: {port: 1003}\n")
        yield* file.reload
        assert.deepStrictEqual([(yield* slice("http")).port, Option.isNone(yield* file.lastError)], [1003, true])
      })
    ).pipe(Effect.provide(logger))
  })

  it.scoped("a change on disk is taken within a second, a broken one reported once", () => {
    const logged: Array<string> = []
    const logger = Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ message }) => void logged.push(String(message)))
    )
    return over(
      undefined,
      Effect.gen(function* () {
        const until = (done: Effect.Effect<boolean, never, ConfigFile>) =>
          TestClock.adjust("1 second").pipe(
            Effect.zipRight(Effect.yieldNow()),
            Effect.zipRight(done),
            Effect.repeat({ until: (yes) => yes, times: 20_000 })
          )
        const file = yield* ConfigFile
        yield* writeDisk("http: {port: 1001}\n")
        yield* until(Effect.map(slice("http"), ({ port }) => port === 1001))
        yield* writeDisk("http: [\n")
        yield* until(Effect.map(file.lastError, Option.isSome))
        for (let i = 0; i < 50; i++) yield* until(Effect.succeed(true))
        assert.strictEqual(logged.filter((line) => line.includes("last good one")).length, 1)
        assert.strictEqual((yield* slice("http")).port, 1001)
      }),
      { poll: Option.some("1 second") }
    ).pipe(Effect.provide(logger))
  })

  it.scoped("the same text does not wake anyone, a changed secret does", () =>
    Effect.gen(function* () {
      const print = (token: string) => Effect.map(over(`http: {token: ${token}}`, slice("http")), fingerprint)
      assert.strictEqual(yield* print("abcd1"), yield* print("abcd1"))
      assert.notStrictEqual(yield* print("abcd1"), yield* print("abcd2"))
    })
  )

  it.scoped("tells which keys of the collector's sections were passed over", () => {
    const logged: Array<string> = []
    const logger = Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ message }) => void logged.push(String(message)))
    )
    return over("settings:\n  ui_readonly: true\n  data_paht: x\n", onDisk).pipe(
      Effect.provide(logger),
      Effect.tap(() => {
        assert.strictEqual(logged.filter((line) => line.includes("settings.ui_readonly")).length, 1)
        assert.isTrue(logged.some((line) => line.includes("did you mean data_path?") && line.includes("line 3")))
      })
    )
  })
})
