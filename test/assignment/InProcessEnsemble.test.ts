/** The ensemble of one process: what all ensembles promise, and what only this one can show. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Option, Stream, TestClock } from "effect"
import { AssignmentLog } from "../../src/assignment/AssignmentLog.js"
import { ControllerLock } from "../../src/assignment/ControllerLock.js"
import { EnsembleLog, keptLines } from "../../src/assignment/EnsembleLog.js"
import * as InProcessEnsemble from "../../src/assignment/InProcessEnsemble.js"
import { ParameterStore } from "../../src/assignment/ParameterStore.js"
import { ServiceRegistry } from "../../src/assignment/ServiceRegistry.js"
import { events, newIncarnation, newMapping, suite } from "../conformance/EnsembleSuite.js"
import { idle } from "../support/IdleService.js"

suite(
  "within a process",
  Effect.map(InProcessEnsemble.make, (context) => Layer.succeedContext(context)),
  (test) => test
)

const { layer } = InProcessEnsemble

describe("the ensemble of one process", () => {
  it.effect("forgets a service 10 s after it was last announced", () =>
    Effect.gen(function* () {
      const registry = yield* ServiceRegistry
      const state = {
        service_uuid: newIncarnation(),
        ...idle,
        name: "reducer",
        url: "inproc://reducer"
      }
      const gain = { name: "gain", description: null, dtype: "int", default: 3 } as const
      yield* registry.announce({ kind: "reducer", state }, [gain])
      yield* TestClock.adjust("9 seconds")
      yield* registry.announce({ kind: "reducer", state }, [])
      yield* TestClock.adjust("9 seconds")
      assert.deepStrictEqual([(yield* registry.roster).reducer, yield* registry.descriptions], [state, []])
      yield* TestClock.adjust("1 second")
      assert.isUndefined((yield* registry.roster).reducer)
    }).pipe(Effect.provide(layer))
  )

  it.effect("forgets a value a minute after a newer one was put", () =>
    Effect.gen(function* () {
      const store = yield* ParameterStore
      const versions = [newIncarnation(), newIncarnation(), newIncarnation()] as const
      const there = Effect.forEach(versions, (version) => Effect.map(store.get("gain", version), Option.isSome))
      yield* store.put("gain", versions[0], new Uint8Array([1]))
      yield* TestClock.adjust("1 hour")
      yield* store.put("gain", versions[1], new Uint8Array([2]))
      yield* TestClock.adjust("40 seconds")
      yield* store.put("gain", versions[2], new Uint8Array([3]))
      assert.deepStrictEqual(yield* there, [true, true, true])
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(yield* there, [false, true, true])
      yield* TestClock.adjust("40 seconds")
      assert.deepStrictEqual(yield* there, [false, false, true])
    }).pipe(Effect.provide(layer))
  )

  it.effect("refuses a second controller after a minute", () =>
    Effect.gen(function* () {
      const lock = yield* ControllerLock
      const lost = yield* lock.hold
      const second = yield* Effect.fork(Effect.exit(Effect.scoped(lock.hold)))
      yield* TestClock.adjust("59 seconds")
      assert.isNull(second.unsafePoll())
      yield* TestClock.adjust("1 second")
      const exit = yield* Fiber.join(second)
      assert.isTrue(Exit.isFailure(exit) && String(exit.cause).includes("ControllerActive"))
      assert.isTrue(Option.isNone(yield* Effect.fork(lost).pipe(Effect.flatMap(Fiber.poll))))
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("keeps a bounded number of lines", () =>
    Effect.gen(function* () {
      const log = yield* EnsembleLog
      const line = { lineno: "1", name: "n", created: "0", levelname: "INFO" }
      for (let k = 0; k < 5 * keptLines; k++) yield* log.append({ msg: String(k), ...line })
      const kept = yield* log.recent("DEBUG")
      assert.deepStrictEqual([kept.length, kept.at(-1)?.msg], [keptLines, String(5 * keptLines - 1)])
    }).pipe(Effect.provide(layer))
  )

  it.live("passes 50,000 assignments with less than a second of the processor", () =>
    Effect.gen(function* () {
      const log = yield* AssignmentLog
      const mapping = newMapping()
      const reader = yield* Effect.fork(Stream.runCount(Stream.take(log.read(mapping), 50_000)))
      const write = Effect.forEach(
        Array.from({ length: 5_000 }, (_, k) => k * 10),
        (k) => Effect.zipRight(log.append(mapping, events(k, k + 10)), Effect.yieldNow()),
        { discard: true }
      )
      const before = process.cpuUsage()
      yield* write
      assert.strictEqual(yield* Fiber.join(reader), 50_000)
      const { system, user } = process.cpuUsage(before)
      assert.isBelow((user + system) / 1_000, 1_000)
    }).pipe(Effect.provide(layer))
  )

  it.effect("begins each layer with nothing", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* InProcessEnsemble.make, yield* InProcessEnsemble.make]
      const versions = newIncarnation()
      yield* Context.get(one, ParameterStore).put("gain", versions, new Uint8Array([1]))
      assert.deepStrictEqual(yield* Context.get(other, ParameterStore).get("gain", versions), Option.none())
    })
  )
})
