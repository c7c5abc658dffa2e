import { assert, describe, it } from "@effect/vitest"
import { NodeContext } from "@effect/platform-node"
import { randomUUID } from "node:crypto"
import { Chunk, Deferred, Effect, Exit, Fiber, Layer, Ref, Scope, Stream, TestClock } from "effect"
import { AssignmentLog } from "../../../src/assignment/AssignmentLog.js"
import { ControllerLock } from "../../../src/assignment/ControllerLock.js"
import { LockLost } from "../../../src/assignment/EnsembleError.js"
import * as InProcessEnsemble from "../../../src/assignment/InProcessEnsemble.js"
import { ParameterStore } from "../../../src/assignment/ParameterStore.js"
import { ReadyLog } from "../../../src/assignment/ReadyLog.js"
import { UpdateLog } from "../../../src/assignment/UpdateLog.js"
import { MappingId } from "../../../src/assignment/WorkAssignment.js"
import { Controller } from "../../../src/ingest/controller/Controller.js"
import * as ControllerService from "../../../src/ingest/controller/ControllerService.js"
import { ControllerSettings } from "../../../src/ingest/controller/ControllerSettings.js"
import type { ScanSummary } from "../../../src/ingest/controller/ScanSummary.js"
import type { TriggerMap } from "../../../src/ingest/controller/TriggerMap.js"
import * as Services from "../../support/ScriptedServices.js"

const settings = new ControllerSettings({})
const layer = Layer.provideMerge(
  ControllerService.layer(settings),
  Layer.mergeAll(InProcessEnsemble.layer, NodeContext.layer)
)

const share = (constraint: number | null) => [{ tags: ["generic"], constraint }]
const frames = (count: number, batch = 1): TriggerMap => ({
  parts: { main: { eiger: Array.from({ length: count }, (_, event) => share(Math.floor(event / batch))) } },
  sequence: ["main"]
})

/** Until it holds, moving the clock; fails after a minute of it. */
const eventually = (holds: Effect.Effect<boolean>, what: string) =>
  Effect.gen(function* () {
    for (let step = 0; step < 120; step++) {
      if (yield* holds) return
      yield* TestClock.adjust("500 millis")
    }
    assert.fail(`never: ${what}`)
  })

const ended = Effect.flatMap(Controller, ({ progress }) =>
  eventually(
    Effect.map(progress, ({ finished }) => finished),
    "the scan is finished"
  )
)

const begin = (map: TriggerMap, options?: Parameters<Controller["Type"]["begin"]>[1]) =>
  Effect.gen(function* () {
    const { begin } = yield* Controller
    const begun = yield* Effect.fork(begin(map, options))
    yield* eventually(
      Effect.map(Fiber.poll(begun), ({ _tag }) => _tag === "Some"),
      "the scan is begun"
    )
    return yield* Fiber.join(begun)
  })

const summary = Effect.flatMap(Controller, ({ summaries }) =>
  Effect.fork(
    summaries.pipe(
      Stream.take(1),
      Stream.runHead,
      Effect.map((head) => (head._tag === "Some" ? head.value : undefined))
    )
  )
)

const sumHolds = Effect.flatMap(Controller, ({ progress }) =>
  Effect.map(progress, ({ lost, processed, reassigned, total_events }) =>
    assert.strictEqual(processed + reassigned + lost, total_events)
  )
)

/** What went out, event by event. */
const published = (mapping: Parameters<AssignmentLog["Type"]["read"]>[0], count: number) =>
  Effect.flatMap(AssignmentLog, (log) =>
    Effect.map(Stream.runCollect(Stream.take(log.read(mapping), count)), Chunk.toReadonlyArray)
  )

/** The end of a scope of its own, for a service that is to go. */
const leaving = <A, E, R>(service: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    yield* Scope.extend(service, scope)
    return Scope.close(scope, Exit.void)
  })

describe("a scan", () => {
  it.scoped("from its map to its end; finished once all services have answered", () =>
    Effect.gen(function* () {
      const eiger = yield* Services.ingester("eiger", ["eiger"])
      const { heard } = yield* Services.reducer
      yield* Services.worker("w1", [eiger.state])
      yield* Services.worker("w2", [eiger.state])
      const told = yield* summary
      const mapping = yield* begin(frames(20))
      yield* ended
      yield* sumHolds
      const events = yield* published(mapping, 22)
      assert.deepStrictEqual(
        events.map(({ event_number }) => event_number),
        Array.from({ length: 22 }, (_, event) => event)
      )
      assert.deepStrictEqual(events[0]?.assignments, { eiger: ["w1", "w2"] })
      assert.deepInclude(yield* Fiber.join(told), { mapping, ending: "completed", events: 22, processed: 22, lost: 0 })
      const updates = heard.filter(({ mapping_uuid }) => mapping_uuid === mapping)
      assert.deepInclude(updates[0], { active_streams: ["eiger"], finished: false, target_parameters_hash: null })
      assert.deepInclude(updates.filter(({ finished }) => finished)[0], {
        active_streams: [],
        target_parameters_hash: null
      })
      const { status } = yield* Controller
      const { completed_events, work_completed } = yield* status
      assert.strictEqual(completed_events.length, 22)
      assert.sameMembers([...(work_completed["0"] ?? [])], ["w1", "w2"])
    }).pipe(Effect.provide(layer))
  )

  it.scoped("of a map without events ends by itself", () =>
    Effect.gen(function* () {
      const eiger = yield* Services.ingester("eiger", ["eiger"])
      yield* Services.reducer
      yield* Services.worker("w1", [eiger.state])
      const told = yield* summary
      yield* begin({ parts: { main: { eiger: [] } }, sequence: ["main"] }, { allWrap: false })
      yield* ended
      assert.deepInclude(yield* Fiber.join(told), { ending: "completed", events: 0, processed: 0, lost: 0 })
    }).pipe(Effect.provide(layer))
  )

  it.scoped("dranspose weak point 21: its end goes out with the last report, not at the next look", () =>
    Effect.gen(function* () {
      const eiger = yield* Services.ingester("eiger", ["eiger"])
      const { heard } = yield* Services.reducer
      const last = yield* Deferred.make<void>()
      yield* Services.worker("w1", [eiger.state], {
        work: (events) => (events.includes(6) ? Effect.as(Deferred.await(last), events) : Effect.succeed(events))
      })
      yield* begin(frames(5))
      const { progress } = yield* Controller
      yield* eventually(
        Effect.map(progress, ({ completed_events }) => completed_events === 6),
        "all but the last event"
      )
      assert.isFalse(heard.some(({ finished }) => finished))
      yield* Deferred.succeed(last, undefined)
      for (let turn = 0; turn < 100; turn++) yield* Effect.yieldNow()
      assert.isTrue(heard.some(({ finished }) => finished))
      assert.isTrue((yield* progress).finished)
    }).pipe(Effect.provide(layer))
  )

  it.scoped("is not finished as long as a service that lives has not answered", () =>
    Effect.gen(function* () {
      const eiger = yield* Services.ingester("eiger", ["eiger"])
      yield* Services.reducer
      const leave = yield* leaving(Services.worker("mute", [eiger.state], { answersEnd: false }))
      yield* begin(frames(3))
      const { progress } = yield* Controller
      yield* eventually(
        Effect.map(progress, ({ completed_events }) => completed_events === 5),
        "all events"
      )
      yield* TestClock.adjust("30 seconds")
      assert.isFalse((yield* progress).finished)
      yield* leave
      yield* ended
    }).pipe(Effect.provide(layer))
  )

  it.scoped("is stopped on request; what is left of it is lost", () =>
    Effect.gen(function* () {
      const eiger = yield* Services.ingester("eiger", ["eiger"])
      yield* Services.reducer
      yield* Services.worker("w1", [eiger.state], {
        work: (events) => Effect.succeed(events.filter((event) => event < 4))
      })
      const told = yield* summary
      yield* begin(frames(10))
      const { stop } = yield* Controller
      yield* stop
      yield* ended
      yield* sumHolds
      assert.deepInclude(yield* Fiber.join(told), { ending: "stopped", processed: 4, lost: 8, lostRanges: [[4, 11]] })
    }).pipe(Effect.provide(layer))
  )

  it.scoped("gives way to the next map, and its logs are removed", () =>
    Effect.gen(function* () {
      const eiger = yield* Services.ingester("eiger", ["eiger"])
      yield* Services.reducer
      yield* Services.worker("w1", [eiger.state], { work: () => Effect.never })
      const told = yield* summary
      const first = yield* begin(frames(10))
      const second = yield* begin(frames(2))
      assert.deepInclude(yield* Fiber.join(told), { mapping: first, ending: "replaced", processed: 0, lost: 12 })
      const ready = yield* ReadyLog
      const left = yield* Effect.fork(Stream.runHead(ready.read(first)).pipe(Effect.timeoutOption("1 second")))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* Fiber.join(left))._tag, "None")
      assert.notStrictEqual(first, second)
    }).pipe(Effect.provide(layer))
  )

  it.scoped("refuses what can't work, and says who has not followed", () =>
    Effect.gen(function* () {
      const eiger = yield* Services.ingester("eiger", ["eiger"])
      const { begin: start } = yield* Controller
      yield* Services.worker("w1", [eiger.state])
      const foreign = yield* Effect.flip(start({ parts: { p: { x: [share(1)] } }, sequence: ["p"] }))
      assert.deepInclude(foreign, { _tag: "MapRefused", detail: "streams {'x'} not available" })
      const many = yield* Effect.flip(start({ parts: { p: { eiger: [[...share(1), ...share(2)]] } }, sequence: ["p"] }))
      assert.deepInclude(many, { _tag: "MapRefused", detail: "only 1 workers available, but 2 required" })
      const begun = yield* Effect.fork(Effect.flip(start(frames(1))))
      yield* TestClock.adjust("20 seconds")
      assert.deepInclude(yield* Fiber.join(begun), { _tag: "NotTaken", missing: ["reducer"] })
      yield* Services.reducer
      yield* ended
    }).pipe(Effect.provide(layer))
  )
})

describe("deaths", () => {
  const scenario = (onWorkerLoss: "reassign" | "lose", map: TriggerMap) =>
    Effect.gen(function* () {
      const eiger = yield* Services.ingester("eiger", ["eiger"])
      yield* Services.reducer
      const stuck = yield* Ref.make(false)
      const die = yield* leaving(
        Services.worker("dies", [eiger.state], {
          work: (events) =>
            events.some((event) => event >= 4)
              ? Effect.zipRight(Ref.set(stuck, true), Effect.never)
              : Effect.succeed(events)
        })
      )
      yield* Services.worker("lives", [eiger.state])
      const mapping = yield* begin(map, { onWorkerLoss })
      yield* eventually(Ref.get(stuck), "the worker hangs")
      yield* die
      yield* ended
      yield* sumHolds
      const { progress } = yield* Controller
      return { mapping, progress: yield* progress }
    })

  it.scoped("dranspose weak point 1: the scan goes on without a worker that dies; what it had is lost", () =>
    Effect.gen(function* () {
      const { mapping, progress } = yield* scenario("lose", frames(40))
      assert.isAtLeast(progress.lost, 1)
      assert.isAtMost(progress.lost, 2)
      const events = yield* published(mapping, 42)
      assert.deepStrictEqual(events[41]?.assignments, { eiger: ["lives"] })
    }).pipe(Effect.provide(layer))
  )

  it.scoped("what was not handed out yet is reassigned", () =>
    Effect.gen(function* () {
      const { progress } = yield* scenario("reassign", frames(40, 20))
      assert.isAtLeast(progress.lost, 1)
      assert.isAbove(progress.processed, 0)
      assert.isAbove(progress.reassigned, 0)
      assert.strictEqual(progress.completed_events, progress.processed + progress.reassigned)
    }).pipe(
      Effect.provide(
        Layer.provideMerge(
          ControllerService.layer(new ControllerSettings({ outstanding: 5 })),
          Layer.mergeAll(InProcessEnsemble.layer, NodeContext.layer)
        )
      )
    )
  )

  it.scoped("a worker that returns under its name has left, and gets nothing more of this scan", () =>
    Effect.gen(function* () {
      const eiger = yield* Services.ingester("eiger", ["eiger"])
      yield* Services.reducer
      const stuck = yield* Ref.make(false)
      const die = yield* leaving(
        Services.worker("w", [eiger.state], {
          work: (events) =>
            events.includes(3) ? Effect.zipRight(Ref.set(stuck, true), Effect.never) : Effect.succeed(events)
        })
      )
      const mapping = yield* begin(frames(6))
      yield* eventually(Ref.get(stuck), "the worker hangs")
      yield* die
      yield* Services.worker("w", [eiger.state], { work: () => Effect.succeed([]) })
      yield* TestClock.adjust("5 seconds")
      const { progress } = yield* Controller
      assert.deepInclude(yield* progress, { processed: 3, lost: 1, last_assigned: 4 })
      yield* Services.worker("other", [eiger.state])
      yield* ended
      yield* sumHolds
      assert.deepInclude(yield* progress, { lost: 1 })
      assert.deepStrictEqual((yield* published(mapping, 8))[7]?.assignments, { eiger: ["other"] })
    }).pipe(Effect.provide(layer))
  )

  it.scoped("dranspose weak point 3: an ingester that comes back is told the streams of the scan", () =>
    Effect.gen(function* () {
      const first = yield* Scope.make()
      const eiger = yield* Scope.extend(Services.ingester("eiger", ["eiger"]), first)
      yield* Services.reducer
      yield* Services.worker("w", [eiger.state], { work: () => Effect.never })
      const mapping = yield* begin(frames(6))
      const { setParameter } = yield* Controller
      yield* setParameter("gain", new Uint8Array([49]))
      yield* Scope.close(first, Exit.void)
      const { heard } = yield* Services.ingester("eiger", ["eiger"])
      yield* eventually(
        Effect.sync(() => heard.length > 0),
        "the ingester hears of the scan"
      )
      assert.deepInclude(heard[0], { mapping_uuid: mapping, active_streams: ["eiger"], finished: false })
    }).pipe(Effect.provide(layer))
  )
})

describe("parameters", () => {
  it.scoped("are told to all, with defaults for those that nobody has set; old values are forgotten", () =>
    Effect.gen(function* () {
      const { heard } = yield* Services.worker("w", [], {
        parameters: [
          { name: "scale", description: null, dtype: "float", default: 1 },
          { name: "on", description: null, dtype: "bool", default: true }
        ]
      })
      const { ensemble, parameter, parameters, setParameter } = yield* Controller
      const store = yield* ParameterStore
      yield* setParameter("gain", new Uint8Array([1]))
      const old = (yield* ensemble).parameters_version.gain
      const hash = yield* setParameter("gain", new Uint8Array([2]))
      yield* TestClock.adjust("5 seconds")
      const { parameters_hash, parameters_version, workers } = yield* ensemble
      assert.notStrictEqual(hash, parameters_hash)
      assert.strictEqual(workers[0]?.parameters_hash, parameters_hash)
      assert.deepStrictEqual(Object.keys(parameters_version).sort(), ["gain", "on", "scale"])
      const text = Effect.map(Effect.flatten(parameter("scale")), (bytes) => new TextDecoder().decode(bytes))
      assert.strictEqual(yield* text, "1.0")
      assert.strictEqual((yield* Effect.flatten(store.get("gain", parameters_version.gain as never)))[0], 2)
      assert.strictEqual((yield* store.get("gain", old as never))._tag, "None")
      assert.deepStrictEqual(
        (yield* parameters).map(({ name }) => name),
        ["dump_prefix", "on", "scale"]
      )
      assert.isAbove(heard.length, 0)
    }).pipe(Effect.provide(layer))
  )

  it.scoped(
    "dranspose weak point 18: dump_prefix can't point anywhere but below the directories that the config names",
    () =>
      Effect.gen(function* () {
        const { parameter, setParameter } = yield* Controller
        const refused = yield* Effect.flip(setParameter("dump_prefix", new TextEncoder().encode("/tmp/x_")))
        assert.strictEqual(refused._tag, "ParameterRefused")
        assert.strictEqual((yield* parameter("dump_prefix"))._tag, "None")
        assert.strictEqual((yield* Effect.flip(setParameter("a:b", new Uint8Array())))._tag, "ParameterRefused")
      }).pipe(Effect.provide(layer))
  )
})

describe("the lock", () => {
  it.scoped("dranspose weak point 14: a controller that has lost it says so and publishes nothing more", () =>
    Effect.gen(function* () {
      const taken = yield* Deferred.make<never, LockLost>()
      const lock = Layer.succeed(ControllerLock, { hold: Effect.succeed(Deferred.await(taken)) })
      const updates = yield* UpdateLog
      const controller = yield* Deferred.make<Controller["Type"]>()
      const running = yield* ControllerService.run(settings, (service) =>
        Effect.zipRight(Deferred.succeed(controller, service), Effect.never)
      ).pipe(Effect.provide(lock), Effect.fork)
      const { setParameter } = yield* Deferred.await(controller)
      yield* setParameter("gain", new Uint8Array([1]))
      yield* Deferred.fail(taken, new LockLost({ reason: "taken by another" }))
      const exit = yield* Fiber.await(running)
      assert.isTrue(Exit.isFailure(exit))
      assert.strictEqual((yield* Effect.flip(setParameter("gain", new Uint8Array([2]))))._tag, "EnsembleUnreachable")
      const kept = yield* Stream.runHead(updates.read)
      assert.strictEqual(kept._tag, "Some")
    }).pipe(Effect.provide(Layer.mergeAll(InProcessEnsemble.layer, NodeContext.layer)))
  )

  it.scoped("a controller that ends leaves nothing of its scan behind", () =>
    Effect.gen(function* () {
      const store = yield* ParameterStore
      const version = yield* Effect.scoped(
        Effect.gen(function* () {
          const { controller } = yield* ControllerService.make(settings)
          yield* controller.setParameter("gain", new Uint8Array([1]))
          return (yield* controller.ensemble).parameters_version.gain
        })
      )
      assert.strictEqual((yield* store.get("gain", version as never))._tag, "None")
      const updates = yield* UpdateLog
      const newest = yield* Effect.fork(Stream.runHead(updates.read).pipe(Effect.timeoutOption("1 second")))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* Fiber.join(newest))._tag, "None")
    }).pipe(Effect.provide(Layer.mergeAll(InProcessEnsemble.layer, NodeContext.layer)))
  )
})

describe("the end of a controller", () => {
  const ground = Layer.mergeAll(InProcessEnsemble.layer, NodeContext.layer)

  it.scoped("in the middle of a scan tells that scan as abandoned, with what was lost", () =>
    Effect.gen(function* () {
      const eiger = yield* Services.ingester("eiger", ["eiger"])
      yield* Services.reducer
      yield* Services.worker("w1", [eiger.state], {
        work: (events) => (events.includes(6) ? Effect.never : Effect.succeed(events))
      })
      const told: Array<ScanSummary> = []
      const scope = yield* Scope.make()
      const { controller } = yield* ControllerService.make(settings, {
        onEnd: (summary) => Effect.sync(() => told.push(summary))
      }).pipe(Scope.extend(scope))
      yield* Effect.gen(function* () {
        yield* begin(frames(20))
        yield* eventually(
          Effect.map(controller.progress, ({ completed_events }) => completed_events === 6),
          "the first events"
        )
      }).pipe(Effect.provideService(Controller, controller))
      yield* Scope.close(scope, Exit.void)
      assert.lengthOf(told, 1)
      assert.deepInclude(told[0], { ending: "abandoned", events: 22, processed: 6, lost: 16, lostRanges: [[6, 21]] })
    }).pipe(Effect.provide(ground))
  )

  it.scoped("that was killed is told by its successor, which leaves nothing of it behind", () =>
    Effect.gen(function* () {
      const [updates, ready, assigned] = [yield* UpdateLog, yield* ReadyLog, yield* AssignmentLog]
      const [mapping, stale] = [MappingId.make(randomUUID()), MappingId.make(randomUUID())]
      yield* assigned.append(stale, [{ event_number: 0, assignments: {} }])
      yield* updates.append({
        mapping_uuid: mapping,
        parameters_version: {},
        target_parameters_hash: null,
        active_streams: [],
        finished: false,
        total_events: 10
      })
      yield* assigned.append(
        mapping,
        [0, 1, 2, 3].map((event_number) => ({ event_number, assignments: { eiger: ["w1"] } }))
      )
      const report = { source: "worker" as const, worker: "w1", processing_times: null }
      yield* ready.append(mapping, { ...report, state: "idle", completed: [0, 1], has_result: [true, true] })
      yield* ready.append(mapping, { state: "idle", source: "reducer", completed: 0, worker: "w1" })
      const told: Array<ScanSummary> = []
      const successor = yield* Effect.fork(
        Effect.scoped(ControllerService.make(settings, { onEnd: (summary) => Effect.sync(() => told.push(summary)) }))
      )
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(successor)
      assert.lengthOf(told, 1)
      assert.deepInclude(told[0], {
        mapping,
        ending: "abandoned",
        events: 10,
        processed: 2,
        lost: 8,
        lostRanges: [[2, 9]],
        resultsLost: 1
      })
      const logs: ReadonlyArray<Stream.Stream<unknown>> = [
        assigned.read(mapping),
        assigned.read(stale),
        ready.read(mapping)
      ]
      for (const log of logs) {
        const found = yield* Effect.fork(Stream.runHead(Stream.timeout(log, "1 second")))
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual((yield* Fiber.join(found))._tag, "None")
      }
    }).pipe(Effect.provide(ground))
  )
})
