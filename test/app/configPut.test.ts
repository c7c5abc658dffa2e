import * as Layer from "effect/Layer"
import { FileSystem } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck as fc, Option, Redacted } from "effect"
import { ConfigFile } from "../../src/app/ConfigFile.js"
import * as ConfigVerbs from "../../src/app/ConfigVerbs.js"
import * as SystemLog from "../../src/app/SystemLog.js"
import { put as setAt } from "../../src/app/ConfigShape.js"
import { ConfigOperations } from "../../src/operations/ConfigOperations.js"
import { onDisk, over, writeDisk } from "./ConfigSite.js"

const jobs = [{ exchange: "binance", pairs: ["BTC/USDT"], span: 3600 }]
const job = "histo_jobs:\n  - exchange: binance # the big one\n    pairs: [BTC/USDT]\n    span: 3600\n"

const show = Effect.flatMap(ConfigFile, (file) => file.show)
const put = (body: unknown) => Effect.flatMap(ConfigFile, (file) => file.put(body))
const token = Effect.flatMap(ConfigFile, (file) => file.slice("http")).pipe(
  Effect.map(({ token }) => Option.getOrNull(Option.map(token, Redacted.value)))
)
/** What is in the way of a body, by path. */
const refusal = (body: unknown) =>
  put(body).pipe(
    Effect.flip,
    Effect.orDieWith(() => new Error(`was taken: ${JSON.stringify(body)}`)),
    Effect.map((error) =>
      error._tag === "StorageFailed" ? error : { tag: error._tag, paths: error.issues.map(({ path }) => path) }
    )
  )

const commented = `# The station on the roof
http:
  port: 1001 # behind the proxy
  token: "open-sesame" # from the safe

telemetry:
  checkpoint_interval: 1 minute
  block_bytes: 512 KiB
settings:
  ui_auth_token: dccd-token
procedures:
  # twice a day
  weather:
    command: [python3, weather.py]
    cron: 0 */12 * * *
    env:
      KEY: weather-key
    settings: {api_key: inner-key, city: Kiruna}
${job}`

describe("GET", () => {
  it.scoped("shows every section with defaults, and no secret", () =>
    over(
      commented,
      Effect.gen(function* () {
        const shown = yield* show
        assert.notMatch(JSON.stringify(shown), /sesame|dccd-token|weather-key|inner-key/)
        assert.include(shown["http"], { port: 1001, host: "127.0.0.1", token: "********" })
        assert.deepStrictEqual(shown["settings"], {
          data_path: "data",
          timezone: "local",
          ui_host: "127.0.0.1",
          ui_port: 8080,
          ui_auth_token: "********"
        })
        assert.include(shown["storage"], { local_path: "data", sync_interval: 3600, ts_unit: "s" })
        assert.deepStrictEqual(shown["histo_jobs"], [{ ...jobs[0], format: "parquet", max_retries: 3, retry_delay: 2 }])
        assert.deepStrictEqual(shown["alerts"], { webhook_url: null, max_consecutive_errors: 3 })
      })
    )
  )

  it.scoped("a secret that is not set is null, where the collector's clients look for it", () =>
    over(
      job,
      Effect.map(show, (shown) => assert.include(shown["settings"], { ui_auth_token: null }))
    )
  )

  it.scoped("speaks of the file, never of what flags and environment say", () =>
    over(
      "http: {host: 1.1.1.1, port: 1001}\n" + job,
      Effect.gen(function* () {
        assert.include((yield* show)["http"], { host: "1.1.1.1", port: 1001 })
        assert.include((yield* put(yield* show))["http"], { host: "1.1.1.1", port: 1001 })
        assert.notInclude(yield* onDisk, "4004")
        assert.strictEqual((yield* (yield* ConfigFile).slice("http")).port, 4004)
      }),
      { flags: { host: "5.5.5.5" }, environment: { OUTPOST_PORT: "4004", OUTPOST_HTTP_TOKEN: "env-token" } }
    )
  )

  it.scoped("sees a change on disk at once", () =>
    over(
      job,
      Effect.gen(function* () {
        yield* writeDisk(`http: {port: 1002}\n${job}`)
        assert.include((yield* show)["http"], { port: 1002 })
      })
    )
  )
})

describe("PUT", () => {
  it.scoped("of what GET gave changes nothing at all: equal, same text, same address and token", () =>
    over(
      commented,
      Effect.gen(function* () {
        const shown = yield* show
        assert.deepStrictEqual(yield* put(shown), shown)
        assert.strictEqual(yield* onDisk, commented)
        assert.deepStrictEqual(yield* show, shown)
        assert.strictEqual(yield* token, "open-sesame")
      })
    )
  )

  it.scoped("of what GET gave is taken for every kind of procedure", () =>
    over(
      `procedures:\n  system-checks: {every: 5s}\n  a: {use: x}\n  b: {module: ./b.js, cron: "0 * * * *"}\n${job}`,
      Effect.gen(function* () {
        const shown = yield* show
        const before = yield* onDisk
        assert.deepStrictEqual(yield* put(shown), shown)
        assert.strictEqual(yield* onDisk, before)
      })
    )
  )

  it.scoped("of what GET gave does not make the collector's default port count", () =>
    over(
      job,
      Effect.gen(function* () {
        yield* put(yield* show)
        assert.strictEqual((yield* (yield* ConfigFile).slice("http")).port, 6562)
      })
    )
  )

  it.scoped("writes one changed value and keeps comments, spellings and secrets", () =>
    over(
      commented,
      Effect.gen(function* () {
        const changed = setAt(
          setAt(yield* show, ["http", "port"], 1002),
          ["procedures", "weather", "settings", "city"],
          "Abisko"
        )
        const answer = yield* put(changed)
        assert.deepStrictEqual(answer, changed)
        const expected = commented.replace("port: 1001", "port: 1002").replace("Kiruna", "Abisko")
        assert.strictEqual(yield* onDisk, expected)
        assert.strictEqual((yield* (yield* ConfigFile).slice("http")).port, 1002)
      })
    )
  )

  it.scoped("keeps the habits of a file written by another program", () => {
    const python = `histo_jobs:\n- exchange: binance\n  pairs:\n  - BTC/USDT\n  span: 3600\nhttp:\n  port: 1001\n`
    return over(
      python,
      Effect.gen(function* () {
        yield* put({ ...(yield* show), http: { port: 1002 } })
        assert.strictEqual(yield* onDisk, python.replace("1001", "1002"))
      })
    )
  })

  it.scoped("replaces the collector's five and keeps our sections that are absent", () =>
    over(
      `alerts: {max_consecutive_errors: 9}\nstorage: {sync_interval: 5}\n${commented}`,
      Effect.gen(function* () {
        const answer = yield* put({
          histo_jobs: [
            { ...jobs[0], span: "60" },
            { ...jobs[0], exchange: "kraken" }
          ]
        })
        assert.include(answer["alerts"], { max_consecutive_errors: 3 })
        assert.include(answer["storage"], { sync_interval: 3600 })
        assert.include(answer["http"], { port: 1001, token: "********" })
        assert.property(answer["procedures"], "weather")
        const text = yield* onDisk
        assert.include(text, "# the big one")
        assert.include(text, "# twice a day")
        assert.notInclude(text, "alerts")
        assert.include(text, "kraken")
      })
    )
  )

  it.scoped("replaces our sections that are present", () =>
    over(
      commented,
      Effect.gen(function* () {
        const answer = yield* put({ histo_jobs: jobs, telemetry: { block_bytes: 8192 }, procedures: {} })
        assert.include(answer["telemetry"], { checkpoint_interval: "10s", block_bytes: "8 KiB" })
        assert.deepStrictEqual(answer["procedures"], {})
        assert.notInclude(yield* onDisk, "weather-key")
      })
    )
  )

  it.scoped("keeps a secret shown as ********, or not mentioned; takes a new one; null clears it", () =>
    over(
      commented,
      Effect.gen(function* () {
        yield* put({ histo_jobs: jobs, http: { token: "********" } })
        assert.strictEqual(yield* token, "open-sesame")
        yield* put({ histo_jobs: jobs, http: { port: 1003 } })
        assert.strictEqual(yield* token, "open-sesame")
        yield* put({ histo_jobs: jobs, http: { token: "another-one" } })
        assert.strictEqual(yield* token, "another-one")
        yield* put({ histo_jobs: jobs, http: { token: null } })
        assert.strictEqual(yield* token, "dccd-token", "the collector's name for it still holds")
        yield* put({ histo_jobs: jobs, settings: { ui_auth_token: null } })
        assert.strictEqual(yield* token, null)
        assert.notMatch(yield* onDisk, /sesame|another-one|dccd-token|\*\*\*/)
      })
    )
  )

  it.scoped("refuses ******** where nothing is stored", () =>
    over(
      job,
      Effect.gen(function* () {
        const body = { histo_jobs: jobs, http: { token: "********" } }
        assert.deepStrictEqual(yield* refusal(body), { tag: "ConfigInvalid", paths: ["http.token"] })
        assert.strictEqual(yield* onDisk, job)
      })
    )
  )

  it.scoped("null takes a section of ours away", () =>
    over(
      commented,
      Effect.gen(function* () {
        const answer = yield* put({ histo_jobs: jobs, telemetry: null })
        assert.include(answer["telemetry"], { checkpoint_interval: "10s" })
      })
    )
  )

  it.scoped("wants at least one job; a file at boot does not", () =>
    over(
      "histo_jobs: []\n",
      Effect.gen(function* () {
        for (const body of [{}, { histo_jobs: [], stream_jobs: [] }, { histo_jobs: null }]) {
          assert.deepStrictEqual(yield* refusal(body), { tag: "ConfigInvalid", paths: ["histo_jobs"] })
        }
        yield* put({ stream_jobs: [{ exchange: "okx", pairs: ["BTC-USDT"], channels: ["trades"] }] })
      })
    )
  )

  it.scoped("refused bodies leave file and settings as they were", () =>
    over(
      commented,
      Effect.gen(function* () {
        const before = yield* show
        for (const body of [
          [],
          "x",
          null,
          { histo_jobs: jobs, http: { port: -1 } },
          { histo_jobs: jobs, htpp: {} },
          { histo_jobs: jobs, jobs: [] }
        ]) {
          assert.deepInclude(yield* refusal(body), { tag: "ConfigInvalid" })
        }
        assert.deepInclude(yield* refusal({ histo_jobs: jobs, settings: { ui_port: 1e6 }, http: {} }), {
          tag: "ConfigInvalid"
        })
        assert.strictEqual(yield* onDisk, commented)
        assert.deepStrictEqual(yield* show, before)
      })
    )
  )

  it.scoped("passes over unknown keys in the collector's five and does not write them", () =>
    over(
      job,
      Effect.gen(function* () {
        yield* put({ histo_jobs: [{ ...jobs[0], colour: "red" }], settings: { ui_readonly: true } })
        assert.notMatch(yield* onDisk, /colour|ui_readonly/)
      })
    )
  )

  it.scoped("writes down what would otherwise follow another value", () =>
    over(
      job,
      Effect.gen(function* () {
        const body = { histo_jobs: jobs, settings: { data_path: "/mnt/x" }, storage: { local_path: "data" } }
        assert.include((yield* put(body))["storage"], { local_path: "data" })
        assert.include((yield* show)["storage"], { local_path: "data" })
      })
    )
  )

  it.scoped("copes with anchors, aliases and merge keys", () =>
    over(
      `x: &limits {page_rows: 7}\n`.replace("x: ", "alerts: &alerts {max_consecutive_errors: 4}\nhttp:\n  limits: ") +
        "stream_jobs:\n  - &job {exchange: okx, pairs: [A], channels: [trades]}\n  - <<: *job\n    exchange: bitmex\n",
      Effect.gen(function* () {
        const shown = yield* show
        const streams = [{ exchange: "okx", pairs: ["B"], channels: ["trades"], time_step: 1 }, { exchange: "bitmex", pairs: ["A"], channels: ["book"], time_step: 60 }] // prettier-ignore
        const answer = yield* put({ ...shown, stream_jobs: streams })
        assert.deepStrictEqual(
          answer["stream_jobs"],
          streams.map((job) => ({ ...job, durable: false }))
        )
        assert.deepStrictEqual(yield* show, answer)
      })
    )
  )

  it.scoped("takes away what a merge key brings in", () =>
    over(
      `procedures:\n  a: {use: x, settings: &s {x: 1}}\n  b: {use: x, settings: {<<: *s, y: 2}}\n${job}`,
      Effect.gen(function* () {
        const shown = yield* show
        assert.deepStrictEqual(Reflect.get(Object(shown["procedures"]), "b").settings, { x: 1, y: 2 })
        const wanted = setAt(shown, ["procedures", "b", "settings"], { y: 2 })
        assert.deepStrictEqual(yield* put(wanted), wanted)
        assert.include(yield* onDisk, "# the big one")
      })
    )
  )

  it.scoped("makes the file where there is none, closed to others, and repairs one that is not valid", () =>
    over(
      undefined,
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const file = yield* ConfigFile
        yield* put({ histo_jobs: jobs })
        assert.strictEqual((yield* fs.stat(file.path)).mode & 0o777, 0o600)
        yield* writeDisk("alerts: {max_consecutive_errors: many}\nhttp: {port: 1001}\n")
        yield* Effect.flip(file.reload)
        const answer = yield* put({ histo_jobs: jobs })
        assert.include(answer["http"], { port: 1001 })
        assert.isTrue(Option.isNone(yield* file.lastError))
        yield* writeDisk("http: [")
        assert.deepInclude(yield* refusal({ histo_jobs: jobs }), { tag: "ConfigInvalid" })
        assert.strictEqual(yield* onDisk, "http: [")
      })
    )
  )

  it.scoped("fails with StorageFailed where the disk does not take it, and nothing changes", () =>
    over(
      "http: {port: 1001}\n",
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const file = yield* ConfigFile
        // A directory in the place of the file beside makes the write fail, for root too.
        yield* fs.makeDirectory(`${file.path.replace(/outpost\.yaml$/, ".outpost.yaml.new")}`)
        const error = yield* Effect.flip(put({ histo_jobs: jobs, http: { port: 1002 } }))
        assert.strictEqual(error._tag, "StorageFailed")
        assert.strictEqual((yield* file.slice("http")).port, 1001)
        assert.strictEqual(yield* onDisk, "http: {port: 1001}\n")
      })
    )
  )

  it.scoped("keeps the file's mode and follows a symbolic link to it", () =>
    over(
      undefined,
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { path } = yield* ConfigFile
        const real = `${path}.real`
        yield* fs.writeFileString(real, job)
        yield* fs.chmod(real, 0o640)
        yield* fs.symlink(real, path)
        yield* put({ histo_jobs: jobs, http: { port: 1002 } })
        assert.strictEqual(yield* fs.readLink(path), real)
        assert.include(yield* fs.readFileString(real), "1002")
        assert.strictEqual((yield* fs.stat(real)).mode & 0o777, 0o640)
      })
    )
  )

  it.effect.prop("is read again as it was answered, whatever changes", { port: fc.integer({ min: 0, max: 65535 }), name: fc.string({ minLength: 1, maxLength: 200 }), pairs: fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._+=@-]{0,9}\/x$/), { minLength: 1, maxLength: 4 }), note: fc.json().map((text) => JSON.parse(text)) }, ({ name, note, pairs, port }) =>
    over(
      commented,
      Effect.gen(function* () {
        const body = { general: { name }, http: { port }, histo_jobs: [{ ...jobs[0], pairs }], procedures: { "system-checks": { settings: { note } } } }
        const answer = yield* put(body)
        assert.deepStrictEqual(yield* show, answer)
        assert.include(answer["general"], { name })
        assert.deepStrictEqual(Reflect.get(Object(answer["histo_jobs"]), "0").pairs, pairs)
        yield* (yield* ConfigFile).reload
        assert.deepStrictEqual(yield* show, answer)
      })
    ).pipe(Effect.scoped), { fastCheck: { numRuns: 40 } }
  ) // prettier-ignore
})

describe("a document from the network", () => {
  const local = `general: {allow_env: [A_KEY]}
http:
  token: \${env:A_KEY}
procedures:
  weather: {command: [python3, w.py], env: {A: b}, every: 1m}
storage:
  remotes: [{remote: "backup:x"}]
${job}`
  const setup = { environment: { A_KEY: "value-of-a-key", B_KEY: "value-of-b-key" } }
  const weather = { command: ["python3", "w.py"], env: { A: "********" }, every: "1m" }

  const forbidden: ReadonlyArray<readonly [string, object, string]> = [
    ["a new command", { procedures: { weather, evil: { command: ["sh"] } } }, "procedures.evil.command"],
    ["a changed command", { procedures: { weather: { ...weather, command: ["python3", "w.py", "-x"] } } }, "procedures.weather.command"],
    ["a command taken away", { procedures: { weather: { use: "system-checks" } } }, "procedures.weather.command"],
    ["a module", { procedures: { weather, evil: { module: "/tmp/x.js" } } }, "procedures.evil.module"],
    ["an environment", { procedures: { weather: { ...weather, env: { LD_PRELOAD: "/tmp/x.so" } } } }, "procedures.weather.env"],
    ["a working directory", { procedures: { weather: { ...weather, directory: "/tmp" } } }, "procedures.weather.directory"],
    ["the right to do so", { remote: { allow_code: true } }, "remote.allow_code"],
    ["names of the environment", { general: { allow_env: ["A_KEY", "B_KEY"] } }, "general.allow_env"],
    ["a new secret reference", { settings: { ui_auth_token: "${env:A_KEY}" } }, "settings.ui_auth_token"],
    ["a changed secret reference", { http: { token: "${file:x}" } }, "http.token"],
    ["a reference put in clear", { http: { token: "my-own-token" } }, "http.token"],
    ["a reference cleared", { http: { token: null } }, "http.token"],
    ["a reference deep in settings", { procedures: { weather: { ...weather, settings: { a: [{ b: "${env:A_KEY}" }] } } } }, "procedures.weather.settings.a[0].b"],
    ["a directory of this machine", { jobs: { x: { source: "files", settings: { directory: "/etc" } } } }, "jobs.x.settings.directory"],
    ["a trigger map of this machine", { ingest: { run_map: "/etc/passwd" } }, "ingest.run_map"],
    ["an address that is trusted", { jobs: { x: { source: "binance", settings: { base_url: "http://10.0.0.1" } } } }, "jobs.x.settings.base_url"],
    ["a private network", { outgoing: { allow_private: ["10.0.0.0/8"] } }, "outgoing.allow_private"],
    ["a source of releases", { update: { source: { use: "file", settings: { directory: "/tmp" } } } }, "update.source"],
    ["a key of releases", { update: { keys: ["jrcG3sXWnk0+XM9BvKZ2W4a8kIv5y1fYI3m8pIZ3b3E="] } }, "update.keys"],
    ["unsigned releases", { update: { allow_unsigned: true } }, "update.allow_unsigned"],
    ["what installs releases", { update: { install: ["sh", "-c", "id"] } }, "update.install"],
    ["copies into a directory", { storage: { remotes: [{ remote: "/etc" }] } }, "storage.remotes[0].remote"],
    ["options of the copying program", { storage: { remotes: [{ remote: ":sftp,ssh=sh:x" }] } }, "storage.remotes[0].remote"],
    ["more options of it", { storage: { remotes: [{ remote: "backup:x" }, { remote: "b,ssh=sh:x" }] } }, "storage.remotes[1].remote"]
  ] // prettier-ignore

  for (const [what, body, path] of forbidden) {
    it.scoped(`may not bring ${what}, unless the local file allows it`, () =>
      Effect.gen(function* () {
        const given = { histo_jobs: jobs, ...body }
        yield* over(
          local,
          Effect.gen(function* () {
            const found = yield* refusal(given)
            assert.deepInclude(found, { tag: "ConfigNotAllowed" })
            assert.include(Reflect.get(found, "paths"), path)
            assert.strictEqual(yield* onDisk, local)
          }),
          setup
        )
        const allowed = yield* over(`remote: {allow_code: true}\n${local}`, Effect.either(put(given)), setup)
        if (allowed._tag === "Left") assert.notStrictEqual(allowed.left._tag, "ConfigNotAllowed")
      })
    )
  }

  it.scoped("may hand back what is there, and change the rest", () =>
    over(
      local,
      Effect.gen(function* () {
        const shown = yield* show
        assert.deepStrictEqual(yield* put(shown), shown)
        assert.strictEqual(yield* onDisk, local)
        yield* put({ histo_jobs: jobs, procedures: { weather: { ...weather, every: "2m", enabled: false } } })
        assert.include(yield* onDisk, "${env:A_KEY}")
        yield* put({ histo_jobs: jobs, procedures: { "system-checks": { every: "1m" } } })
        assert.notInclude(yield* onDisk, "w.py")
      }),
      setup
    )
  )

  it.scoped("may take a whole procedure away, with the references in it", () =>
    over(
      `procedures: {weather: {command: [x], env: {A: "\${env:A_KEY}"}}}\ngeneral: {allow_env: [A_KEY]}\n${job}`,
      Effect.gen(function* () {
        yield* put({ histo_jobs: jobs, procedures: {} })
        assert.notInclude(yield* onDisk, "weather")
      }),
      setup
    )
  )

  it.scoped("does not learn whether a secret exists", () =>
    over(
      local,
      Effect.gen(function* () {
        const file = yield* ConfigFile
        const answers = yield* Effect.forEach(["${file:absent}", "${file:present}"], (reference) =>
          Effect.flip(file.validate({ histo_jobs: jobs, http: { token: reference } }))
        )
        assert.strictEqual(answers[0]?.message, answers[1]?.message)
      }),
      { ...setup, secretFiles: { present: "x" } }
    )
  )
})

describe("ConfigOperations", () => {
  const verbs = <A, E, R>(text: string, body: Effect.Effect<A, E, R>) =>
    over(text, Effect.provide(body, ConfigVerbs.layer.pipe(Layer.provide(SystemLog.layer))))

  it.scoped("validate says what put would, and writes nothing", () =>
    verbs(
      commented,
      Effect.gen(function* () {
        const config = yield* ConfigOperations
        const shown = yield* config.show
        assert.deepStrictEqual({ ...(yield* config.validate(shown)) }, { valid: true, error: null, issues: [] })
        const wrong = yield* config.validate({ ...shown, histo_jobs: [] })
        assert.deepStrictEqual([wrong.valid, wrong.issues[0]?.path], [false, "histo_jobs"])
        assert.include(wrong.error, "at least one")
        const code = yield* config.validate({ ...shown, remote: { allow_code: true } })
        assert.deepStrictEqual([code.valid, code.issues[0]?.path], [false, "remote.allow_code"])
        yield* config.validate({ histo_jobs: jobs, http: { port: 5 } })
        assert.strictEqual(yield* onDisk, commented)
      })
    )
  )

  it.scoped("schema is the document's", () =>
    verbs(
      job,
      Effect.gen(function* () {
        assert.strictEqual(
          (yield* (yield* ConfigOperations).schema)["$schema"],
          "http://json-schema.org/draft-07/schema#"
        )
      })
    )
  )
})
