import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { EnsembleUnreachable } from "../../src/assignment/EnsembleError.js"
import * as InProcessEnsemble from "../../src/assignment/InProcessEnsemble.js"
import { ParameterStore } from "../../src/assignment/ParameterStore.js"
import { ServiceRegistry } from "../../src/assignment/ServiceRegistry.js"
import { UpdateLog } from "../../src/assignment/UpdateLog.js"
import { Incarnation } from "../../src/assignment/WorkAssignment.js"
import * as Membership from "../../src/ingest/Membership.js"
import { parametersHash } from "../../src/ingest/ParametersHash.js"
import { idle } from "../support/IdleService.js"

const first = "5fa5c6e4-1358-484b-8d4a-a9cfb0dbc779"
const second = "cb5272cd-1358-484b-8d4a-a9cfb0dbc779"
const label = Incarnation.make("60bff26a-1466-4812-afd3-b9508840d8c0")
const gain = Incarnation.make("a302745a-0500-4d1b-96d1-a872efd809b2")

const update = (
  mapping_uuid: string,
  rest: { versions?: Record<string, string>; streams?: ReadonlyArray<string>; finished?: boolean } = {}
) => ({
  mapping_uuid,
  parameters_version: rest.versions ?? {},
  target_parameters_hash: null,
  active_streams: rest.streams ?? [],
  finished: rest.finished ?? false
})

/** Joins as an ingester with the stream `cam`, and writes down what it is told. */
const joined = Effect.gen(function* () {
  const told: Array<string> = []
  const membership = yield* Membership.join({
    kind: "ingester",
    describe: Effect.succeed({
      kind: "ingester",
      state: {
        service_uuid: "cdc09bc4-2b8d-49f1-bb60-a08960e9da59",
        ...idle,
        name: "cam-ingester",
        url: "inproc://cam",
        connected_workers: {},
        streams: ["cam"]
      }
    }),
    parameters: [],
    onMapping: (mapping, streams) =>
      Effect.sync(() => told.push(`mapping ${mapping.slice(0, 2)} ${streams.join(",")}`)),
    onParameters: (values, hash) =>
      Effect.sync(() => told.push(`parameters ${[...values.keys()].join(",")} ${hash.slice(0, 4)}`)),
    onMemoryLost: () => Effect.void,
    onFinished: (mapping) => Effect.sync(() => told.push(`finished ${mapping.slice(0, 2)}`))
  })
  return { told, membership }
})

/** Lets every fiber do what it can do now. */
const settle = TestClock.adjust("1 millis")

const own = Effect.map(
  Effect.flatMap(ServiceRegistry, (registry) => registry.roster),
  ({ ingesters }) => ingesters[0]
)

/** An ensemble whose registry and store can be cut off; `gets` counts values that were fetched. */
const cuttable = () => {
  const state = { isCut: false, gets: 0 }
  const cut = <A>(effect: Effect.Effect<A, EnsembleUnreachable>) =>
    Effect.suspend(() =>
      state.isCut ? Effect.fail(new EnsembleUnreachable({ operation: "test", address: "here", reason: "cut" })) : effect
    )
  const wrapped = Layer.effectContext(
    Effect.gen(function* () {
      const context = yield* InProcessEnsemble.make
      return context
    })
  )
  const registry = Layer.effect(
    ServiceRegistry,
    Effect.map(ServiceRegistry, (inner) => ({
      ...inner,
      announce: (service, parameters) => cut(inner.announce(service, parameters))
    }))
  )
  const store = Layer.effect(
    ParameterStore,
    Effect.map(ParameterStore, (inner) => ({
      ...inner,
      get: (name, version) =>
        cut(
          Effect.suspend(() => {
            state.gets++
            return inner.get(name, version)
          })
        )
    }))
  )
  return { state, layer: Layer.merge(registry, store).pipe(Layer.provideMerge(wrapped)) }
}

describe("Membership", () => {
  it.scoped("says that it lives every 1.3 s, with its mapping and hash, and is gone when it leaves", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      yield* Scope.extend(joined, scope)
      yield* settle
      assert.strictEqual((yield* own)?.name, "cam-ingester")
      assert.isNull((yield* own)?.parameters_hash)
      const log = yield* UpdateLog
      yield* log.append(update(first, { streams: ["cam"] }))
      yield* settle
      assert.strictEqual((yield* own)?.mapping_uuid, first)
      assert.strictEqual((yield* own)?.parameters_hash, parametersHash([]))
      yield* TestClock.adjust("1 minute")
      assert.isDefined(yield* own)
      yield* Scope.close(scope, Exit.void)
      assert.isUndefined(yield* own)
    }).pipe(Effect.provide(InProcessEnsemble.layer))
  )

  it.scoped(
    "dranspose weak point 8: every update of a burst counts, streams are those of the first one of a mapping",
    () =>
      Effect.gen(function* () {
        const { told } = yield* joined
        yield* settle
        const log = yield* UpdateLog
        yield* log.append(update(first, { streams: ["cam", "other"] }))
        yield* log.append(update(first))
        yield* log.append(update(first, { finished: true }))
        yield* log.append(update(second, { streams: ["cam"] }))
        yield* log.append(update(second))
        yield* settle
        assert.deepStrictEqual(told, ["parameters  e3b0", "mapping 5f cam,other", "finished 5f", "mapping cb cam"])
      }).pipe(Effect.provide(InProcessEnsemble.layer))
  )

  it.scoped("dranspose weak point 3: who joins during a scan takes part with its own streams", () =>
    Effect.gen(function* () {
      const log = yield* UpdateLog
      yield* log.append(update(first, { streams: ["cam", "other"] }))
      yield* log.append(update(first))
      const { told } = yield* joined
      yield* settle
      assert.deepStrictEqual(told, ["parameters  e3b0", "mapping 5f cam"])
    }).pipe(Effect.provide(InProcessEnsemble.layer))
  )

  it.scoped("who joins after the end of a scan has finished it", () =>
    Effect.gen(function* () {
      yield* Effect.flatMap(UpdateLog, (log) => log.append(update(first, { finished: true })))
      const { told } = yield* joined
      yield* settle
      assert.deepStrictEqual(told, ["parameters  e3b0", "mapping 5f ", "finished 5f"])
    }).pipe(Effect.provide(InProcessEnsemble.layer))
  )

  it.scoped("dranspose weak point 17: only values that have changed are fetched, before the scan begins", () => {
    const { layer, state } = cuttable()
    return Effect.gen(function* () {
      const store = yield* ParameterStore
      const log = yield* UpdateLog
      yield* store.put("label", label, Buffer.from("a"))
      yield* store.put("gain", gain, Buffer.from("2"))
      const { told } = yield* joined
      yield* log.append(update(first, { versions: { label } }))
      for (let times = 0; times < 5; times++) yield* log.append(update(first, { versions: { label } }))
      yield* settle
      assert.strictEqual(state.gets, 1)
      yield* log.append(update(second, { versions: { label, gain }, streams: ["cam"] }))
      yield* settle
      assert.strictEqual(state.gets, 2)
      assert.deepStrictEqual(told, [
        "parameters label 71b9",
        "mapping 5f cam",
        "parameters label,gain 2814",
        "mapping cb cam"
      ])
      yield* log.append(update(second, { versions: { gain } }))
      yield* settle
      assert.strictEqual(state.gets, 2)
      assert.strictEqual(told.at(-1), `parameters gain ${parametersHash([["gain", gain]]).slice(0, 4)}`)
    }).pipe(Effect.provide(layer))
  })

  it.scoped("a value that is not there yet is asked for again with the next update", () =>
    Effect.gen(function* () {
      const { told } = yield* joined
      const log = yield* UpdateLog
      yield* log.append(update(first, { versions: { label } }))
      yield* settle
      assert.strictEqual((yield* own)?.parameters_hash, parametersHash([]))
      yield* Effect.flatMap(ParameterStore, (store) => store.put("label", label, Buffer.from("a")))
      yield* log.append(update(first, { versions: { label } }))
      yield* settle
      assert.strictEqual((yield* own)?.parameters_hash, parametersHash([["label", label]]))
      assert.deepStrictEqual(told, ["parameters  e3b0", "mapping 5f cam", "parameters label 71b9"])
    }).pipe(Effect.provide(InProcessEnsemble.layer))
  )

  it.scoped("dranspose weak point 4: goes on after the ensemble was out of reach, with what it missed", () => {
    const { layer, state } = cuttable()
    return Effect.gen(function* () {
      yield* Effect.flatMap(ParameterStore, (store) => store.put("label", label, Buffer.from("a")))
      const { told } = yield* joined
      yield* settle
      state.isCut = true
      yield* Effect.flatMap(UpdateLog, (log) => log.append(update(first, { versions: { label }, streams: ["cam"] })))
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(told, [])
      assert.isUndefined(yield* own)
      state.isCut = false
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(told, ["parameters label 71b9", "mapping 5f cam"])
      assert.strictEqual((yield* own)?.mapping_uuid, first)
    }).pipe(Effect.provide(layer))
  })

  it.scoped("an update that can't be followed does not end it", () =>
    Effect.gen(function* () {
      const done = yield* Deferred.make<string>()
      yield* Membership.join({
        kind: "reducer",
        describe: Effect.succeed({
          kind: "reducer",
          state: {
            service_uuid: "cdc09bc4-2b8d-49f1-bb60-a08960e9da59",
            ...idle,
            name: "reducer",
            url: "inproc://reducer"
          }
        }),
        parameters: [],
        onMapping: (mapping) => (mapping === first ? Effect.dieMessage("boom") : Deferred.succeed(done, mapping)),
        onParameters: () => Effect.void,
        onMemoryLost: () => Effect.void,
        onFinished: () => Effect.void
      })
      const log = yield* UpdateLog
      yield* log.append(update(first))
      yield* log.append(update(second))
      yield* settle
      assert.deepStrictEqual(yield* Deferred.poll(done).pipe(Effect.map(Option.isSome)), true)
    }).pipe(Effect.provide(InProcessEnsemble.layer))
  )
})
