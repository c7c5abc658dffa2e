/** The ensemble over Redis: what all ensembles promise, the bytes of the wire, and what is left behind. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Redacted, Scope, Stream } from "effect"
import { AssignmentLog } from "../../src/assignment/AssignmentLog.js"
import { keptUpdates } from "../../src/assignment/Ensemble.js"
import { ParameterStore } from "../../src/assignment/ParameterStore.js"
import { ReadyLog } from "../../src/assignment/ReadyLog.js"
import * as RedisEnsemble from "../../src/assignment/RedisEnsemble.js"
import { ServiceRegistry } from "../../src/assignment/ServiceRegistry.js"
import { UpdateLog } from "../../src/assignment/UpdateLog.js"
import { events, newIncarnation, newMapping, suite, update } from "../conformance/EnsembleSuite.js"
import * as RedisServer from "../support/RedisServer.js"
import * as RedisTest from "../support/RedisTest.js"
import { idle } from "../support/IdleService.js"

suite(
  "over Redis",
  Effect.map(RedisServer.make, ({ settings }) => RedisEnsemble.layerWith(settings)),
  RedisTest.whereInstalled
)

describe("the ensemble over Redis", () => {
  RedisTest.test("opens nothing before it is used, and leaves no connection", (server) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const services = yield* Scope.extend(Layer.build(RedisEnsemble.layerWith(server.settings)), scope)
      const used = Effect.gen(function* () {
        const mapping = newMapping()
        yield* Effect.forkIn(Stream.runDrain((yield* AssignmentLog).read(mapping)), scope)
        yield* Effect.forkIn(Stream.runDrain((yield* ReadyLog).read(mapping)), scope)
        yield* (yield* UpdateLog).append(update(mapping))
        yield* Effect.sleep("50 millis")
      })
      assert.strictEqual(yield* server.connections, 0)
      yield* Effect.provide(used, services)
      assert.strictEqual(yield* server.connections, 3)
      const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length
      const before = sockets()
      yield* Scope.close(scope, Exit.void)
      yield* Effect.sleep("20 millis")
      assert.deepStrictEqual([yield* server.connections, before - sockets()], [0, 3])
      const late = yield* Effect.provide(Effect.either(Effect.flatMap(UpdateLog, (log) => log.remove)), services)
      assert.strictEqual(late._tag === "Left" && late.left.reason, "the ensemble is closed")
    })
  )

  RedisTest.test(
    "lets a service and its descriptions expire together after 10 s, and writes them in one step",
    (server) =>
      Effect.gen(function* () {
        const registry = yield* ServiceRegistry
        const state = {
          service_uuid: newIncarnation(),
          ...idle,
          name: "reducer",
          url: "tcp://localhost:10200"
        }
        yield* registry.announce({ kind: "reducer", state }, [
          { name: "scale", description: null, dtype: "float", default: 1 }
        ])
        const text = `{"service_uuid":"${state.service_uuid}","mapping_uuid":null,"dranspose_version":null,"mapreduce_version":null,"parameters_hash":null,"processed_events":0,"event_rate":0.0,"name":"reducer","url":"tcp://localhost:10200"}`
        assert.strictEqual(yield* server.ask("GET", "dranspose:reducer:reducer:config"), text)
        const described = '{"name":"scale","description":null,"dtype":"float","default":1.0}'
        assert.strictEqual(yield* server.ask("GET", "dranspose:parameter_description:scale"), described)
        for (const key of ["dranspose:reducer:reducer:config", "dranspose:parameter_description:scale"])
          assert.strictEqual(yield* server.ask("TTL", key), 10)
        const calls = String(yield* server.ask("INFO", "commandstats"))
        for (const [name, count] of [
          ["setex", 2],
          ["multi", 1],
          ["exec", 1]
        ] as const)
          // prettier-ignore
          assert.include(calls, `cmdstat_${name}:calls=${count},`)
      })
  )

  RedisTest.test(
    "leaves out what it can't read and finds peers that announce themselves later, without KEYS",
    (server) =>
      Effect.gen(function* () {
        const registry = yield* ServiceRegistry
        yield* server.ask("SET", "dranspose:ingester:broken:config", "{")
        yield* server.ask("SET", "dranspose:ingester:nameless:config", '{"url":"tcp://localhost:1"}')
        yield* server.ask("SET", "dranspose:other:thing:config", "{}")
        assert.deepStrictEqual((yield* registry.roster).ingesters, [])
        const peer = `{"service_uuid":"${newIncarnation()}","name":"rust-eiger-ingester","url":"tcp://h:1","more":1}`
        yield* server.ask("SET", "dranspose:ingester:rust-eiger-ingester:config", peer)
        assert.lengthOf((yield* registry.census).ingesters, 1)
        yield* server.ask("SET", "dranspose:ingester:second:config", peer.replace("rust-eiger-ingester", "second"))
        const { ingesters } = yield* Effect.repeat(Effect.delay(registry.roster, "50 millis"), {
          until: (roster) => roster.ingesters.length > 1
        }).pipe(Effect.timeout("2 minutes"))
        const [found] = ingesters
        assert.deepStrictEqual([found?.name, found?.processed_events, found?.streams], ["rust-eiger-ingester", 0, []])
        for (const name of ["rust-eiger-ingester", "second"])
          yield* server.ask("DEL", `dranspose:ingester:${name}:config`)
        assert.deepStrictEqual((yield* registry.roster).ingesters, [])
        assert.notInclude(String(yield* server.ask("INFO", "commandstats")), "cmdstat_keys")
      })
  )

  RedisTest.test("reads reports of older peers without a source, and leaves out what is none", (server) =>
    Effect.gen(function* () {
      const mapping = newMapping()
      const key = `dranspose:ready:${mapping}`
      const said = [
        '{"state":"idle","completed":[3],"worker":"w1","has_result":[false]}',
        "no report",
        '{"state":"idle","completed":3,"worker":"w1"}',
        '{"state":"finished","ingester":"i"}'
      ]
      for (const text of said) yield* server.ask("XADD", key, "*", "data", text)
      yield* server.ask("XADD", key, "*", "other", "field")
      yield* server.ask("XADD", key, "*", "data", '{"state":"finished"}')
      const read = yield* Stream.runCollect((yield* ReadyLog).read(mapping).pipe(Stream.take(4)))
      assert.deepStrictEqual(Array.from(read), [
        {
          state: "idle",
          source: "worker",
          completed: [3],
          worker: "w1",
          has_result: [false],
          processing_times: null
        },
        { state: "idle", source: "reducer", completed: 3, worker: "w1" },
        { state: "finished", source: "ingester", ingester: "i" },
        { state: "finished", source: "reducer", completed: null, worker: null }
      ])
    })
  )

  RedisTest.test("bounds what is kept: updates, values that were superseded, reports of before any mapping", (server) =>
    Effect.gen(function* () {
      const [updates, store, mapping] = [yield* UpdateLog, yield* ParameterStore, newMapping()]
      const said = update(mapping)
      yield* Effect.forEach(Array.from({ length: 3 * keptUpdates }), () => updates.append(said), {
        concurrency: 500,
        discard: true
      })
      assert.isBelow(Number(yield* server.ask("XLEN", "dranspose:controller:updates")), 1.2 * keptUpdates)
      const [old, young] = [newIncarnation(), newIncarnation()]
      yield* store.put("gain", old, new Uint8Array([1]))
      yield* store.put("gain", young, new Uint8Array([2]))
      assert.strictEqual(yield* server.ask("TTL", `dranspose:parameters:gain:${old}`), 60)
      assert.strictEqual(yield* server.ask("TTL", `dranspose:parameters:gain:${young}`), -1)
      yield* server.ask("XADD", "dranspose:ready:None", "*", "data", "{}")
      yield* (yield* ReadyLog).remove(mapping)
      assert.strictEqual(yield* server.ask("EXISTS", "dranspose:ready:None"), 0)
    })
  )

  RedisTest.test("puts many appends in flight into few round trips, in their order", (server) =>
    Effect.gen(function* () {
      const [log, mapping] = [yield* AssignmentLog, newMapping()]
      yield* Effect.forEach(events(0, 5_000), (event) => log.append(mapping, [event]), {
        concurrency: 1_000,
        discard: true
      })
      assert.strictEqual(yield* server.ask("XLEN", `dranspose:assigned:${mapping}`), 5_000)
      const count = yield* log.read(mapping).pipe(Stream.take(5_000), Stream.runCount)
      assert.strictEqual(count, 5_000)
    })
  )

  RedisTest.test("takes the database and the password from the address, and names neither in errors", (server) =>
    Effect.gen(function* () {
      const url = server.url.replace("/0", "/3")
      const settings = new RedisEnsemble.RedisSettings({ ...server.settings, url: Redacted.make(url) })
      const version = newIncarnation()
      const put = Effect.flatMap(ParameterStore, (store) => store.put("gain", version, new Uint8Array([1])))
      yield* Effect.provide(put, RedisEnsemble.layerWith(settings))
      assert.include(String(yield* server.ask("INFO", "keyspace")), "db3:keys=1")
      const secret = server.url.replace("redis://", "redis://user:hunter2@")
      const refused = new RedisEnsemble.RedisSettings({ ...server.settings, url: Redacted.make(secret) })
      const error = yield* Effect.flip(Effect.provide(put, RedisEnsemble.layerWith(refused)))
      assert.strictEqual(error.address, server.url)
      assert.notInclude(JSON.stringify(error) + error.message + String(refused.url), "hunter2")
    })
  )

  it("refuses addresses that are none", () => {
    const make = (url: string) => () => new RedisEnsemble.RedisSettings({ url: Redacted.make(url) })
    for (const url of ["", "localhost", "http://localhost", "redis://localhost/none", "redis://localhost:port"])
      assert.throws(make(url), /redis:\/\/localhost:6379\/0/)
    for (const url of ["redis://localhost", "rediss://:pass@h:1/15"]) assert.doesNotThrow(make(url))
  })
})
