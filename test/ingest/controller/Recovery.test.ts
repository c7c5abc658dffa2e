import { assert, describe, it } from "@effect/vitest"
import { NodeContext } from "@effect/platform-node"
import { Chunk, Deferred, Effect, Fiber, Layer, Option, Stream, TestClock } from "effect"
import { AssignmentLog } from "../../../src/assignment/AssignmentLog.js"
import { ParameterStore } from "../../../src/assignment/ParameterStore.js"
import { UpdateLog } from "../../../src/assignment/UpdateLog.js"
import { Incarnation, type MappingId } from "../../../src/assignment/WorkAssignment.js"
import { Controller } from "../../../src/ingest/controller/Controller.js"
import * as ControllerService from "../../../src/ingest/controller/ControllerService.js"
import { ControllerSettings } from "../../../src/ingest/controller/ControllerSettings.js"
import * as FailingEnsemble from "../../support/FailingEnsemble.js"
import * as Services from "../../support/ScriptedServices.js"

const layer = Layer.provideMerge(
  ControllerService.layer(new ControllerSettings({})),
  Layer.mergeAll(FailingEnsemble.layer, NodeContext.layer)
)

const map = {
  parts: { main: { eiger: Array.from({ length: 10 }, (_, event) => [{ tags: ["generic"], constraint: event }]) } },
  sequence: ["main"]
}

/** A scan of twelve events whose worker holds on at the fifth. */
const halfway = Effect.gen(function* () {
  const eiger = yield* Services.ingester("eiger", ["eiger"])
  yield* Services.reducer
  const go = yield* Deferred.make<void>()
  yield* Services.worker("w", [eiger.state], {
    work: (events) => (events.includes(4) ? Effect.as(Deferred.await(go), events) : Effect.succeed(events))
  })
  const { begin, progress, setParameter } = yield* Controller
  yield* setParameter("gain", new Uint8Array([7]))
  const begun = yield* Effect.fork(begin(map))
  yield* TestClock.adjust("2 seconds")
  const mapping = yield* Fiber.join(begun)
  assert.deepInclude(yield* progress, { completed_events: 4, last_assigned: 5 })
  return { mapping, go: Deferred.succeed(go, undefined), progress }
})

const eventsOf = (mapping: MappingId, count: number) =>
  Effect.gen(function* () {
    const log = yield* AssignmentLog
    const read = yield* Effect.fork(Stream.runCollect(Stream.take(log.read(mapping), count)))
    yield* TestClock.adjust("1 second")
    return Chunk.toReadonlyArray(yield* Fiber.join(read))
  })

describe("dranspose weak point 4: what holds the ensemble together ends in the middle of a scan", () => {
  it.scoped(
    "and comes back empty: parameters, the scan and its assignments are published again, the scan ends whole",
    () =>
      Effect.gen(function* () {
        const { go, mapping, progress } = yield* halfway
        const outage = yield* FailingEnsemble.Outage
        yield* outage.begin
        yield* TestClock.adjust("5 seconds")
        yield* outage.end(true)
        yield* TestClock.adjust("10 seconds")
        const { ensemble } = yield* Controller
        const version = (yield* ensemble).parameters_version.gain ?? ""
        const store = yield* ParameterStore
        assert.isTrue(Option.isSome(yield* store.get("gain", Incarnation.make(version))))
        const updates = yield* UpdateLog
        const newest = yield* Effect.flatten(Stream.runHead(updates.read))
        assert.deepInclude(newest, { mapping_uuid: mapping, active_streams: ["eiger"], finished: false })
        const again = yield* eventsOf(mapping, 5)
        assert.deepStrictEqual(again[4]?.assignments, { eiger: ["w"] })
        yield* go
        yield* TestClock.adjust("5 seconds")
        assert.deepInclude(yield* progress, { finished: true, processed: 12, reassigned: 0, lost: 0 })
      }).pipe(Effect.provide(layer))
  )

  it.scoped("and comes back as it was: nothing is published twice", () =>
    Effect.gen(function* () {
      const { go, progress } = yield* halfway
      const outage = yield* FailingEnsemble.Outage
      yield* outage.begin
      yield* go
      yield* TestClock.adjust("5 seconds")
      assert.deepInclude(yield* progress, { completed_events: 5, finished: false })
      yield* outage.end(false)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(
        yield* outage.appended,
        Array.from({ length: 12 }, (_, event) => event)
      )
      assert.deepInclude(yield* progress, { finished: true, processed: 12, lost: 0 })
    }).pipe(Effect.provide(layer))
  )

  it.scoped("an append that was done but not confirmed is not repeated", () =>
    Effect.gen(function* () {
      const { go, progress } = yield* halfway
      const outage = yield* FailingEnsemble.Outage
      yield* outage.deceive
      yield* go
      yield* TestClock.adjust("10 seconds")
      assert.deepInclude(yield* progress, { finished: true, processed: 12, lost: 0 })
      assert.strictEqual((yield* outage.appended).length, 12)
    }).pipe(Effect.provide(layer))
  )

  it.scoped("a scan can't begin meanwhile, and the present one goes on", () =>
    Effect.gen(function* () {
      const { go, mapping, progress } = yield* halfway
      const outage = yield* FailingEnsemble.Outage
      const { begin, map: present } = yield* Controller
      yield* outage.begin
      assert.strictEqual((yield* Effect.flip(begin(map)))._tag, "EnsembleUnreachable")
      yield* outage.end(false)
      yield* go
      yield* TestClock.adjust("10 seconds")
      assert.deepInclude(yield* progress, { finished: true, processed: 12 })
      assert.strictEqual((yield* present).sequence.length, 3)
      assert.strictEqual((yield* eventsOf(mapping, 12)).length, 12)
    }).pipe(Effect.provide(layer))
  )
})
