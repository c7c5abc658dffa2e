import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { ServiceRegistry } from "../../../src/assignment/ServiceRegistry.js"
import * as EventRunner from "../../../src/ingest/worker/EventRunner.js"
import * as Worker from "../../../src/ingest/worker/Worker.js"
import * as WorkerModule from "../../../src/ingest/worker/WorkerModule.js"
import * as house from "../../support/WorkerHouse.js"

const first = "5fa5c6e4-1358-484b-8d4a-a9cfb0dbc779"
const second = "cb5272cd-1358-484b-8d4a-a9cfb0dbc779"
const one = "00000000-0000-4000-8000-000000000001"
const two = "00000000-0000-4000-8000-000000000002"
const anew = "00000000-0000-4000-8000-000000000003"

/** Everything an event holds, as one text. */
const contents = ({ event_number, streams }: WorkerModule.WorkerEvent) =>
  `${event_number}: ${Object.keys(streams)
    .sort()
    .flatMap((name) => streams[name]?.frames.map(String) ?? [])
    .join(" ")}`

const worker = (exports: WorkerModule.WorkerModule) =>
  Effect.gen(function* () {
    const runner = yield* EventRunner.inProcess(yield* WorkerModule.check(exports))
    const made = yield* Worker.make({ name: "w1", runner })
    yield* house.settle
    return made
  })

const ownState = Effect.map(
  Effect.flatMap(ServiceRegistry, (registry) => registry.roster),
  ({ workers }) => workers[0]
)

describe("Worker", () => {
  it.scoped("pairs the messages of all ingesters, sends results, and reports what is done", () =>
    Effect.gen(function* () {
      const reducer = yield* house.reducer
      const a = yield* house.ingester("a", ["a"], one)
      const b = yield* house.ingester("b", ["b", "c"], two)
      const seen: Array<string> = []
      yield* worker({
        process: (event) => {
          seen.push(contents(event))
          return event.event_number === 1 ? undefined : event.event_number
        }
      })
      const incarnation = (yield* ownState)?.service_uuid
      assert.deepStrictEqual(a.pings, [`w1 ${incarnation}`, `w1 ${incarnation}`])
      assert.deepStrictEqual(
        (yield* ownState)?.ingesters.map(({ name }) => name),
        ["a", "b"]
      )
      yield* house.begin(first, [["a", "b", "c"], ["a"], [], ["b"]])
      for (const event of [0, 1]) yield* a.send(event, "a")
      yield* b.send(0, "b", "c")
      yield* b.send(3, "b")
      yield* house.settle
      assert.deepStrictEqual(seen, ["0: a0 b0 c0", "1: a1", "3: b3"])
      assert.deepStrictEqual(
        reducer.results.map((header) => JSON.parse(header).event_number),
        [0, 3]
      )
      yield* house.finish(first)
      yield* house.settle
      const reports = yield* house.reports(first)
      assert.deepStrictEqual([reports[0], reports.at(-1)], ["ready", "finished"])
      assert.strictEqual(reports.slice(1, -1).join(" "), "idle 0r 1 3r")
    }).pipe(Effect.provide(house.layer))
  )

  it.scoped("a module that throws and frames that are lost cost their own event, which is reported and told", () =>
    Effect.gen(function* () {
      yield* house.reducer
      const a = yield* house.ingester("a", ["a"], one)
      const made = yield* worker({
        process: ({ event_number }) => {
          if (event_number === 1) throw new Error("boom")
          return event_number
        }
      })
      yield* house.begin(first, [["a"], ["a"], ["a"], ["a"]])
      yield* a.send(0, "a")
      yield* a.send(1, "a")
      yield* a.sendRaw([Buffer.from("{")])
      yield* a.send(3, "a")
      yield* house.settle
      const status = yield* made.status
      assert.deepInclude(status, { processed: 4, outstanding: 0, lost: 1, troubles: 3 })
      const reports = yield* house.reports(first)
      assert.strictEqual(reports.slice(1).join(" "), "idle 0r 1 2x 3r")
    }).pipe(Effect.provide(house.layer))
  )

  it.scoped("a new mapping interrupts what was going on; nothing of it comes out later", () =>
    Effect.gen(function* () {
      const reducer = yield* house.reducer
      const a = yield* house.ingester("a", ["a"], one)
      let interrupted = 0
      yield* worker({
        process: ({ event_number }) =>
          event_number === 1 ? Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++)) : event_number
      })
      yield* house.begin(first, [["a"], ["a"], ["a"]])
      for (const event of [0, 1, 2]) yield* a.send(event, "a")
      yield* house.settle
      yield* house.begin(second, [["a"]])
      yield* a.send(0, "a")
      yield* house.settle
      assert.strictEqual(interrupted, 1)
      assert.deepStrictEqual(
        reducer.results.map((header) => JSON.parse(header).event_number),
        [0, 0]
      )
      assert.deepStrictEqual(yield* house.reports(second), ["ready", "idle 0r"])
      assert.strictEqual((yield* ownState)?.mapping_uuid, second)
    }).pipe(Effect.provide(house.layer))
  )

  it.scoped(
    "dranspose weak point 7: a worker whose pause made an ingester forget it keeps its connection and what waits in it",
    () =>
      Effect.gen(function* () {
        yield* house.reducer
        const a = yield* house.ingester("a", ["a"], one)
        const seen: Array<number> = []
        yield* worker({ process: ({ event_number }) => void seen.push(event_number) })
        yield* house.begin(first, [["a"], ["a"]])
        // Much later than any socket is allowed to be unlisted, the ingester has not listed the worker once.
        yield* Effect.forEach([1, 2, 3], () => Effect.zipRight(TestClock.adjust("2 seconds"), a.announce()))
        const before = a.pings.length
        yield* a.send(0, "a")
        yield* Effect.forEach([1, 2, 3, 4], () => Effect.zipRight(TestClock.adjust("2 seconds"), a.announce()))
        yield* a.send(1, "a")
        yield* house.settle
        assert.deepStrictEqual(seen, [0, 1])
        // Pings went on, two seconds apart: two at once would be another connection.
        assert.strictEqual(a.pings.length - before, 4)
      }).pipe(Effect.provide(house.layer))
  )

  it.scoped("an ingester that began anew is connected to again, one that is long gone is left", () =>
    Effect.gen(function* () {
      yield* house.reducer
      const scope = yield* Scope.make()
      const a = yield* Scope.extend(house.ingester("a", ["a"], one), scope)
      const made = yield* worker({ process: () => undefined })
      assert.strictEqual(a.pings.length, 2)
      yield* Scope.close(scope, Exit.void)
      const b = yield* house.ingester("a", ["a"], anew)
      yield* TestClock.adjust("2 seconds")
      assert.isAtLeast(b.pings.length, 2)
      assert.deepStrictEqual((yield* made.status).ingesters, ["a"])
      yield* TestClock.adjust("40 seconds")
      assert.deepStrictEqual((yield* made.status).ingesters, [])
    }).pipe(Effect.provide(house.layer))
  )

  it.scoped("ticks reach about one event in each interval", () =>
    Effect.gen(function* () {
      yield* house.reducer
      const a = yield* house.ingester("a", ["a"], one)
      const ticked: Array<number> = []
      let ticks = 0
      yield* worker({
        tickInterval: 10,
        tick: () => void ticks++,
        process: ({ event_number }, _parameters, tick) => {
          if (tick) ticked.push(event_number)
        }
      })
      yield* house.begin(first, [["a"], ["a"], ["a"], ["a"]])
      for (const event of [0, 1]) yield* Effect.zipRight(a.send(event, "a"), house.settle)
      yield* TestClock.adjust("10 seconds")
      for (const event of [2, 3]) yield* Effect.zipRight(a.send(event, "a"), house.settle)
      assert.deepStrictEqual(ticked, [0, 2])
      assert.strictEqual(ticks, 2)
    }).pipe(Effect.provide(house.layer))
  )

  it.scoped("results wait for a reducer that is not there yet", () =>
    Effect.gen(function* () {
      const a = yield* house.ingester("a", ["a"], one)
      yield* worker({ process: ({ event_number }) => event_number })
      yield* house.begin(first, [["a"]])
      yield* a.send(0, "a")
      yield* house.settle
      assert.deepStrictEqual(yield* house.reports(first), ["ready"])
      const reducer = yield* house.reducer
      yield* house.settle
      assert.strictEqual(reducer.results.length, 1)
      assert.deepStrictEqual(yield* house.reports(first), ["ready", "idle 0r"])
    }).pipe(Effect.provide(house.layer))
  )
})
