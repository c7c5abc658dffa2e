/**
 * Brokers that die, links that go half open or slow, configs from afar that are damaged, and deaths at every step of a switch.
 * Rounds by `OUTPOST_FAULT_ROUNDS`.
 */
import { assert, describe, it } from "@effect/vitest"
import { type Duration, Effect, FastCheck as fc, Schedule } from "effect"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parse } from "yaml"
import { ConfigFile } from "../../src/app/ConfigFile.js"
import * as ConfigSite from "../app/ConfigSite.js"
import { rounds, sample } from "../support/Crashes.js"
import { test as brokerTest } from "../support/MosquittoTest.js"
import * as MqttOffice from "../support/MqttOffice.js"
import * as MqttProxy from "../support/MqttProxy.js"
import * as OutpostProcess from "../support/OutpostProcess.js"
import * as UplinkGround from "../support/UplinkGround.js"

const deaths = rounds(2, 50)
const switches = rounds(1, 10)
const documents = rounds(60, 300)
/** Steps of the way back. */
const backwards = ["remote.reverting", "remote.reverted"]

const test = (title: string, body: Parameters<typeof brokerTest>[1]) => brokerTest(title, body, 600_000)

const until = (condition: () => boolean, limit: Duration.DurationInput = "2 minutes") =>
  Effect.sync(condition).pipe(
    Effect.repeat({ schedule: Schedule.spaced("5 millis"), until: (met) => met }),
    Effect.timeoutFail({ duration: limit, onTimeout: () => new Error(`not met: ${condition}`) }),
    Effect.orDie
  )

const section = (port: number, more: object = {}) => ({
  office: {
    use: "tenta",
    max_parallel_messages: window,
    max_drain_time: "1s",
    settings: { host: "127.0.0.1", port, identifier: "e9", ack_timeout: "1s" },
    ...more
  }
})
const window = 20

const numberIn = ({ payload }: MqttProxy.Published): number =>
  (JSON.parse(payload) as ReadonlyArray<{ readonly value: { readonly n: number } }>)[0]?.value.n ?? -1

/** What was published, each number at its first time: the order in which the far side learnt of them. */
const firsts = (published: ReadonlyArray<MqttProxy.Published>) => [...new Set(published.map(numberIn))]

describe("a broker that dies while it is drained to", () => {
  for (const ordered of [false, true]) {
    test(`${deaths} times: nothing lost, repeats within the window${ordered ? ", order kept" : ""}`, (broker) =>
      Effect.gen(function* () {
        const proxy = yield* MqttProxy.make(broker.port)
        const ground = yield* UplinkGround.make()
        yield* ground.use(section(proxy.port, { ordered }))
        let put = 0
        const feed = Effect.suspend(() =>
          ground.put(...Array.from({ length: 40 }, () => UplinkGround.data({ n: put++ })))
        )
        for (let round = 0; round < deaths; round++) {
          const before = proxy.acknowledged.size
          yield* feed
          yield* until(() => proxy.acknowledged.size > before)
          yield* feed
          yield* broker.kill
          yield* feed
          yield* broker.start
        }
        yield* ground.delivered("office")
        assert.strictEqual(proxy.acknowledged.size, put)
        // Each death of the broker repeats what was under way, and no more.
        const repeats = proxy.published.length - put
        assert.isAtMost(repeats, (proxy.connections() - 1) * window)
        if (ordered)
          assert.deepStrictEqual(
            firsts(proxy.published),
            Array.from({ length: put }, (_, n) => n)
          )
      }))
  }

  test("half open, again and again: noticed, and nothing lost", (broker) =>
    Effect.gen(function* () {
      const proxy = yield* MqttProxy.make(broker.port)
      const ground = yield* UplinkGround.make()
      yield* ground.use(section(proxy.port))
      yield* ground.connected("office")
      for (let round = 1; round <= Math.min(deaths, 5); round++) {
        yield* proxy.silence(true)
        yield* ground.put(...Array.from({ length: 50 }, (_, n) => UplinkGround.data({ n: round * 1000 + n })))
        yield* Effect.repeat(ground.status("office"), {
          schedule: Schedule.spaced("20 millis"),
          until: ({ state }) => state !== "connected"
        })
        yield* proxy.silence(false)
        yield* proxy.cut
        yield* ground.delivered("office")
        assert.strictEqual(proxy.acknowledged.size, round * 50)
      }
    }))

  test("slow to acknowledge: the window holds, and nothing is sent twice", (broker) =>
    Effect.gen(function* () {
      const proxy = yield* MqttProxy.make(broker.port)
      const ground = yield* UplinkGround.make()
      yield* ground.use(section(proxy.port))
      yield* ground.connected("office")
      yield* proxy.delay(60)
      yield* ground.put(...Array.from({ length: 200 }, (_, n) => UplinkGround.data({ n })))
      yield* until(() => proxy.acknowledged.size >= 100)
      yield* ground.delivered("office")
      assert.strictEqual(proxy.mostUnderWay(), window)
      assert.strictEqual(proxy.published.length, 200)
    }))
})

describe("config", () => {
  const good = {
    general: { config_revision: 2, name: "roof" },
    logs: { level: "info", retention_days: 30 },
    procedures: { "system-checks": { every: "1m", limits: { restarts: 3 } } },
    uplinks: { office: { use: "tenta", settings: { host: "h", port: 1883, username: "u" }, max_parallel_messages: 5 } },
    routes: { all: { from: "events", type: "*", every: "1m" } }
  }
  /** A value at some place is replaced, taken away, or gets a neighbour. */
  const mutated = fc
    .tuple(fc.nat(40), fc.nat(2), fc.oneof(fc.jsonValue(), fc.constantFrom("${file:x}", "********", "1h", -1, {}, [])))
    .map(([place, how, value]) => {
      let at = 0
      const walk = (node: unknown): unknown => {
        if (at++ === place) return how === 0 ? value : how === 1 ? undefined : { ...(node as object), strange: value }
        if (typeof node !== "object" || node === null) return node
        return Object.fromEntries(Object.entries(node).map(([key, inner]) => [key, walk(inner)]))
      }
      return walk(good)
    })

  it.scopedLive(`${documents} mutated documents: refused with path and reason, or applied; never half`, () =>
    ConfigSite.over(
      "general:\n  config_revision: 1\n",
      Effect.gen(function* () {
        const file = yield* ConfigFile
        let [applied, refused] = [0, 0]
        for (const document of fc.sample(mutated, { numRuns: documents, seed: 7 })) {
          const before = yield* ConfigSite.onDisk
          const result = yield* Effect.either(file.amend(document))
          const after = yield* ConfigSite.onDisk
          if (result._tag === "Left") {
            refused++
            assert.strictEqual(after, before)
            if (result.left._tag !== "StorageFailed") {
              assert.isAbove(result.left.issues.length, 0)
              for (const { message, path } of result.left.issues) assert.isTrue(message !== "" && path !== undefined)
            }
          } else {
            applied++
            assert.strictEqual(after, yield* file.raw)
            yield* file.reload
          }
        }
        assert.isAbove(applied, 0)
        assert.isAbove(refused, 0)
      })
    )
  )

  const steps = ["remote.applying", "remote.applied", "remote.trial", "remote.accepting"] as const
  for (const step of sample([...steps, ...backwards], 2)) {
    test(`kill -9 at ${step}: the station comes up with a valid config and tells what became of the other`, (broker) =>
      Effect.forEach(Array.from({ length: switches }), () => Effect.scoped(die(broker.port, step)), { discard: true }))
  }
})

/** One round: the station dies at a step, is started again, and is looked at when it has told what became of the config. */
const die = Effect.fnUntraced(function* (port: number, step: string) {
  const well = !backwards.some((one) => one === step)
  const office = yield* MqttOffice.make(port)
  const site = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "outpost-switch-"))),
    (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
  )
  writeFileSync(join(site, "outpost.yaml"), config(port))
  const start = (env: Readonly<Record<string, string>> = {}) =>
    Effect.acquireRelease(
      Effect.sync(() => OutpostProcess.start(["serve", "--site", site], { env })),
      ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
    )
  yield* office.say("configurations/e9", change(well), { retain: true })
  const doomed = yield* start({ OUTPOST_FAILPOINT: step })
  assert.strictEqual((yield* Effect.promise(() => doomed.ended)).code, "SIGKILL", doomed.printed.err)
  const next = yield* start()
  yield* Effect.promise(() => next.prints(/listening/))
  yield* until(() => verdicts(office).length > 0, "80 seconds")
  assert.deepStrictEqual([...new Set(verdicts(office))], [well])
  yield* office.say("configurations/e9", "", { retain: true })
  next.child.kill("SIGTERM")
  assert.strictEqual((yield* Effect.promise(() => next.ended)).code, 0, next.printed.err)
  const text = parse(readFileSync(join(site, "outpost.yaml"), "utf8")) as {
    readonly general: { readonly name: string }
  }
  assert.strictEqual(text.general.name, well ? "after" : "before")
})

/** What was told of revision 2. */
const verdicts = (office: MqttOffice.MqttOffice): ReadonlyArray<boolean> =>
  office
    .on("acknowledgments/e9")
    .flatMap((packet) => packet as ReadonlyArray<{ readonly revision: number; readonly success: boolean }>)
    .filter(({ revision }) => revision === 2)
    .map(({ success }) => success)

const config = (port: number) =>
  [
    "general: { config_revision: 1, system_identifier: e9, name: before }",
    "remote: { trial: 2s }",
    "http: { port: 0 }",
    "procedures: { system-checks: { enabled: false } }",
    `uplinks: { office: { use: tenta, max_drain_time: 1s, settings: { host: 127.0.0.1, port: ${port} } } }`,
    ""
  ].join("\n")

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as {
  readonly version: string
}

/** A config with which the station does well, or one that leads its uplink to where nobody is. */
const change = (well: boolean) => ({
  revision: 2,
  configuration: {
    general: { software_version: version, name: "after" },
    ...(well ? {} : { uplinks: { office: { use: "tenta", settings: { host: "127.0.0.1", port: 1 } } } })
  }
})
