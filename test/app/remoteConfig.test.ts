import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, type Scope } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { ConfigFile } from "../../src/app/ConfigFile.js"
import * as RemoteGuard from "../../src/app/RemoteGuard.js"
import * as RemoteRecord from "../../src/app/RemoteRecord.js"
import { version } from "../../src/domain/Version.js"
import { releaseOf } from "../../src/uplink/ForeignConfig.js"
import { configOf, type Ground, over, type RemoteStation } from "../support/RemoteStation.js"
import { onDisk, writeDisk } from "./ConfigSite.js"

/** A station with an uplink whose password is a secret file, and a short trial. */
const config = `# on the roof
general:
  config_revision: 5
  name: roof # as the neighbours say
remote:
  trial: 2s
uplinks:
  office:
    use: tenta
    settings: { host: mqtt.example, username: roof, password: "\${file:mqtt}" }
`
const setup = { secretFiles: { mqtt: "hunter22" } }

const station = (title: string, body: (station: RemoteStation) => Effect.Effect<void, unknown, Ground | Scope.Scope>) =>
  it.scopedLive(title, () => over(config, body, setup))

const general = (revision: number, more: object = {}) => ({
  config_revision: revision,
  software_version: releaseOf(version),
  ...more
})
const named = (name: string, revision: number) => ({ general: general(revision, { name }) })

const name = Effect.flatMap(ConfigFile, (file) =>
  Effect.map(file.slice("general"), (one) => Option.getOrNull(one.name))
)
const running = Effect.flatMap(ConfigFile, (file) =>
  Effect.map(file.slice("general"), (one) => Option.getOrNull(one.config_revision))
)

describe("a config from afar", () => {
  station(
    "ivy 12: reconfiguration stops the running node within 30 s: ours goes on; it is applied, told to be accepted, and keeps what it does not mention",
    (roof) =>
      Effect.gen(function* () {
        yield* roof.send(named("tower", 6))
        yield* roof.until(() => roof.verdicts().length === 1)
        assert.deepStrictEqual(roof.verdicts(), ["accepted 6"])
        assert.strictEqual(yield* name, "tower")
        const text = yield* onDisk
        assert.include(text, "# on the roof")
        assert.include(text, "${file:mqtt}")
        const { tried } = yield* Effect.repeat(roof.record, { until: ({ trying }) => trying === null })
        assert.deepStrictEqual(tried, [6])
      })
  )

  station("with Tenta the revision of the envelope counts, over the one inside", (roof) =>
    Effect.gen(function* () {
      yield* roof.send(named("tower", 1), 9)
      yield* roof.until(() => roof.verdicts().length === 1)
      assert.deepStrictEqual(roof.verdicts(), ["accepted 9"])
      assert.strictEqual(yield* running, 9)
    })
  )

  station("with the same or a lower revision is not acted on, and nothing is told", (roof) =>
    Effect.gen(function* () {
      yield* roof.send(named("tower", 5))
      yield* roof.send(named("tower", 4))
      yield* roof.send(named("mast", 6))
      yield* roof.until(() => roof.verdicts().length === 1)
      assert.deepStrictEqual(roof.verdicts(), ["accepted 6"])
    })
  )

  station(
    "ivy 12: config version equals code version: one of another version is handed to whoever can change the software",
    (roof) =>
      Effect.gen(function* () {
        roof.updatable = true
        yield* roof.send({ general: { config_revision: 6, software_version: "9.9.9" }, more: 1 })
        yield* roof.until(() => roof.updates.length === 1)
        assert.deepStrictEqual(roof.updates[0], {
          uplink: "office",
          revision: 6,
          version: "9.9.9",
          document: { general: { config_revision: 6, software_version: "9.9.9" }, more: 1 }
        })
        assert.strictEqual(yield* running, 5)
        yield* roof.send({ general: { config_revision: 6, software_version: "9.9.9" }, more: 1 })
        roof.updatable = false
        yield* roof.send({ general: { config_revision: 7, software_version: "9.9.9" } })
        yield* roof.until(() => roof.verdicts().length === 1)
        assert.strictEqual(roof.updates.length, 1)
        assert.match(roof.verdicts()[0] ?? "", /^rejected 7 no change to version 9.9.9: not from afar/)
      })
  )

  station(
    "ivy 14.13: what is told of configs bears no credentials, whatever they are called and wherever they stand",
    (roof) =>
      Effect.gen(function* () {
        yield* roof.send({
          general: general(6),
          uplinks: { office: { use: "tenta", settings: { host: "h", username: "roof", password: "a-new-password" } } },
          backend: { mqtt_connection: { password: "ivys-password" }, access_token: "ivys-token" }
        })
        yield* roof.until(() => roof.verdicts().length === 1)
        const text = JSON.stringify(roof.told)
        assert.include(text, '"status":"startup"')
        assert.include(text, "********")
        for (const secret of ["hunter22", "a-new-password", "ivys-password", "ivys-token"])
          assert.notInclude(text, secret)
      })
  )
})

describe("ivy 14.1: what is not a config, or no good one", () => {
  station("every malformed config that ivy was sent is answered, once, with the reason", (roof) =>
    Effect.gen(function* () {
      yield* roof.send({ foo: 1 }, 5)
      yield* roof.send({ general: { software_version: "not-a-version" } }, 6)
      yield* roof.sendText('{"revision":"7"}', "revision: expected a whole number from -1")
      yield* roof.sendText("not json", "not JSON")
      yield* roof.until(() => roof.verdicts().length === 4)
      assert.deepStrictEqual(roof.verdicts(), [
        "rejected 5 general: is missing",
        "rejected 6 general.software_version: expected a version such as 1.2.3",
        "rejected -1 revision: expected a whole number from -1",
        "rejected -1 not JSON"
      ])
      // A broker that keeps it sends it at each connection, after a restart too.
      yield* roof.restart
      yield* roof.sendText("not json", "not JSON")
      yield* roof.send(named("mast", 6))
      yield* roof.until(() => roof.verdicts().length === 5)
      assert.deepStrictEqual(roof.verdicts()[4], "accepted 6")
    })
  )

  station("a document that does not fit is rejected with the place and the reason, and nothing has changed", (roof) =>
    Effect.gen(function* () {
      const before = yield* onDisk
      yield* roof.send({ general: general(6), procedures: { "system-checks": { every: "often" } } })
      yield* roof.send({ general: general(7), dummy_procedure: { seconds_between_datapoints: 4 } })
      yield* roof.until(() => roof.verdicts().length === 2)
      assert.match(roof.verdicts()[0] ?? "", /^rejected 6 procedures\.system-checks\.every: expected a duration/)
      assert.match(roof.verdicts()[1] ?? "", /^rejected 7 dummy_procedure: unknown key/)
      assert.strictEqual(yield* onDisk, before)
    })
  )

  station("one that was rejected is not tried again, after a restart neither; a newer one is", (roof) =>
    Effect.gen(function* () {
      yield* roof.send({ general: general(6), nonsense: 1 })
      yield* Effect.repeat(roof.record, { until: ({ tried }) => tried.includes(6) })
      yield* roof.restart
      yield* roof.send({ general: general(6), nonsense: 1 })
      yield* roof.send(named("mast", 7))
      yield* roof.until(() => roof.verdicts().length === 2)
      assert.strictEqual(roof.verdicts()[1], "accepted 7")
    })
  )

  station("it brings in no code, reads no other secrets and sends those that are there nowhere else", (roof) =>
    Effect.gen(function* () {
      const office = { use: "tenta", settings: { host: "mqtt.example", username: "roof", password: "********" } }
      const refused = [
        { procedures: { evil: { command: ["sh", "-c", "id"] } } },
        { procedures: { evil: { module: "/tmp/evil.js" } } },
        { uplinks: { office: { ...office, settings: { ...office.settings, password: "${file:token}" } } } },
        { uplinks: { office: { ...office, settings: { ...office.settings, host: "evil.example" } } } },
        { uplinks: { office, drop: { use: "file", settings: { directory: "/etc" } } } },
        { remote: { allow_code: true } },
        { settings: { data_path: "/etc" } },
        { storage: { local_path: "/root" } },
        { general: general(0, { allow_env: ["PATH"] }) }
      ]
      for (const [i, document] of refused.entries()) {
        yield* roof.send({ ...document, general: { ...document.general, ...general(100 + i) } })
      }
      yield* roof.until(() => roof.verdicts().length === refused.length)
      for (const verdict of roof.verdicts()) assert.match(verdict, /^rejected 10\d .*local file/s)
    })
  )

  station("it may change an uplink's plain settings, and its address together with a new secret", (roof) =>
    Effect.gen(function* () {
      yield* roof.send({
        general: general(6),
        uplinks: {
          office: {
            use: "tenta",
            max_parallel_messages: 7,
            settings: { host: "mqtt.example", username: "roof", password: "********" }
          }
        }
      })
      yield* roof.until(() => roof.verdicts().length === 1)
      assert.strictEqual(roof.verdicts()[0], "accepted 6")
      assert.include(yield* onDisk, "${file:mqtt}")
    })
  )
})

describe("ivy 14.14: a config is on trial before it is accepted", () => {
  station("without a message that the far side confirms the one before is put back, and it is said why", (roof) =>
    Effect.gen(function* () {
      const before = yield* onDisk
      roof.confirming = false
      yield* roof.send(named("tower", 6))
      yield* roof.until(() => roof.verdicts().length === 1)
      assert.match(roof.verdicts()[0] ?? "", /^rejected 6 after 2s: no message was confirmed/)
      assert.strictEqual(yield* onDisk, before)
      assert.strictEqual(yield* name, "roof")
    })
  )

  station(
    "with something that is not well any more the one before is put back; what was ill before counts for nothing",
    (roof) =>
      Effect.gen(function* () {
        roof.ill = ["procedures/camera"]
        yield* roof.send(named("tower", 6))
        yield* roof.until(() => roof.verdicts().length === 1)
        assert.strictEqual(roof.verdicts()[0], "accepted 6")
        yield* roof.send(named("mast", 7))
        yield* Effect.repeat(roof.record, { until: ({ trying }) => trying?.step === "trial" })
        roof.ill = ["procedures/camera", "procedures/pump"]
        yield* roof.until(() => roof.verdicts().length === 2)
        assert.match(roof.verdicts()[1] ?? "", /^rejected 7 after 2s: procedures\/pump is backing-off/)
        assert.strictEqual(yield* name, "tower")
      })
  )

  station("a newer config ends it: the one on trial is taken back first", (roof) =>
    Effect.gen(function* () {
      roof.confirming = false
      yield* roof.send(named("tower", 6))
      yield* Effect.repeat(roof.record, { until: ({ trying }) => trying?.step === "trial" })
      yield* roof.send(named("mast", 7))
      yield* roof.until(() => roof.verdicts().length === 1)
      roof.confirming = true
      yield* roof.until(() => roof.verdicts().length === 2)
      assert.deepStrictEqual(roof.verdicts(), ["rejected 6 revision 7 came while it was on trial", "accepted 7"])
      assert.strictEqual(yield* name, "mast")
    })
  )

  station("one of another version ends it too: what is on trial is not what that one builds on", (roof) =>
    Effect.gen(function* () {
      const before = yield* onDisk
      roof.confirming = false
      roof.updatable = true
      yield* roof.send(named("tower", 6))
      yield* Effect.repeat(roof.record, { until: ({ trying }) => trying?.step === "trial" })
      yield* roof.send({ general: { config_revision: 7, software_version: "9.9.9" } })
      yield* roof.until(() => roof.updates.length === 1)
      assert.deepStrictEqual(roof.verdicts(), ["rejected 6 revision 7 came while it was on trial"])
      assert.strictEqual(yield* onDisk, before)
      const { tried } = yield* Effect.repeat(roof.record, { until: (record) => record.tried.includes(7) })
      assert.deepStrictEqual(tried, [6, 7])
    })
  )

  station("a restart within it goes on with it", (roof) =>
    Effect.gen(function* () {
      roof.confirming = false
      yield* roof.send(named("tower", 6))
      yield* Effect.repeat(roof.record, { until: ({ trying }) => trying?.step === "trial" })
      yield* roof.restart
      assert.deepStrictEqual(roof.verdicts(), [])
      roof.confirming = true
      yield* roof.until(() => roof.verdicts().length === 1)
      assert.deepStrictEqual(roof.verdicts(), ["accepted 6"])
    })
  )

  station("a station that does not come up with it is started with the one before", (roof) =>
    Effect.gen(function* () {
      const before = yield* onDisk
      roof.confirming = false
      yield* roof.send(named("tower", 6))
      yield* Effect.repeat(roof.record, { until: ({ trying }) => trying?.step === "trial" })
      for (let start = 0; start < RemoteGuard.startsAllowed; start++) {
        yield* RemoteGuard.atStart
        assert.notStrictEqual(yield* onDisk, before)
      }
      yield* RemoteGuard.atStart
      assert.strictEqual(yield* onDisk, before)
      yield* roof.restart
      yield* roof.until(() => roof.verdicts().length === 1)
      assert.match(roof.verdicts()[0] ?? "", /^rejected 6 the site was started 3 times with it/)
    })
  )

  station("a person who edits the file on the spot has the last word", (roof) =>
    Effect.gen(function* () {
      roof.confirming = false
      yield* roof.send(named("tower", 6))
      yield* Effect.repeat(roof.record, { until: ({ trying }) => trying?.step === "trial" })
      yield* writeDisk((yield* onDisk).replace("tower", "by hand"))
      yield* (yield* ConfigFile).refresh
      yield* roof.until(() => roof.verdicts().length === 1)
      assert.strictEqual(yield* name, "by hand")
    })
  )

  station("what a person mended while the station did not come up is not overwritten", (roof) =>
    Effect.gen(function* () {
      roof.confirming = false
      yield* roof.send(named("tower", 6))
      yield* Effect.repeat(roof.record, { until: ({ trying }) => trying?.step === "trial" })
      for (let start = 0; start < RemoteGuard.startsAllowed; start++) yield* RemoteGuard.atStart
      yield* writeDisk((yield* onDisk).replace("tower", "by hand"))
      yield* RemoteGuard.atStart
      assert.include(yield* onDisk, "by hand")
      assert.strictEqual((yield* roof.record).trying?.step, "trial")
    })
  )

  station("the config before is kept", (roof) =>
    Effect.gen(function* () {
      const before = yield* onDisk
      yield* roof.send(named("tower", 6))
      yield* roof.until(() => roof.verdicts().length === 1)
      const { path } = yield* ConfigFile
      assert.strictEqual(readFileSync(join(path, "../.outpost/config-previous.yaml"), "utf8"), before)
    })
  )
})

describe("the record", () => {
  station("a start tells the office which config it is, masked", (roof) =>
    Effect.gen(function* () {
      yield* roof.until(() => roof.told.length === 1)
      const body = configOf(roof.told[0])
      assert.strictEqual(body?.status, "startup")
      assert.include(JSON.stringify(body), '"config_revision":5')
      assert.notInclude(JSON.stringify(body), "hunter22")
    })
  )

  it("keeps the newest two hundred of each", () => {
    let record = RemoteRecord.empty
    for (let revision = 0; revision < 300; revision++) record = RemoteRecord.withTried(record, revision)
    assert.strictEqual(record.tried.length, 200)
    assert.strictEqual(record.tried.at(-1), 299)
  })
})
