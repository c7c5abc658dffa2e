import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope, TestClock } from "effect"
import { ReadyLog } from "../../src/assignment/ReadyLog.js"
import { ServiceRegistry } from "../../src/assignment/ServiceRegistry.js"
import * as FrameDump from "../../src/ingest/FrameDump.js"
import { frameOf, make as heldSource } from "../support/HeldSource.js"
import * as House from "../support/IngesterHouse.js"

const one = House.mappingOf(1)
const two = House.mappingOf(2)

/** Everything that can happen now has happened. */
const settled = TestClock.adjust("1 millis")

const single = (options: Partial<Parameters<typeof House.make>[0]> = {}) =>
  Effect.gen(function* () {
    const source = heldSource("cam", "CAM")
    const house = yield* House.make({ streams: [{ name: "cam", source: source.source }], ...options })
    return { ...house, source }
  })

const workerOf = (house: House.IngesterHouse, name: string) =>
  Effect.map(house.ingester.status, ({ workers }) => workers.find((worker) => worker.name === name))

describe("joining", () => {
  it.scoped("gives each worker one message for each event, in order, merged over streams", () =>
    Effect.gen(function* () {
      const [a, b] = [heldSource("a", "A"), heldSource("b", "B")]
      const house = yield* House.make({
        streams: [
          { name: "a", source: a.source },
          { name: "b", source: b.source }
        ]
      })
      const [w1, w2] = [yield* house.worker("w1", 1), yield* house.worker("w2", 2)]
      yield* house.ingester.restartWork(one, ["a", "b", "foreign"])
      yield* house.assign(
        one,
        0,
        { b: ["w1", "w2"], a: ["w1", "w2"] },
        { a: ["w1"], b: ["w2"], foreign: ["w1"] },
        { a: [], b: ["w1"] },
        {},
        { foreign: ["w2"] },
        { a: ["w2"] }
      )
      a.push(frameOf("a0"), frameOf("a1"), frameOf("a2"))
      a.push(frameOf("a3"))
      b.push(frameOf("b0"), frameOf("b1"), frameOf("b2"))
      assert.deepStrictEqual(yield* w1.texts(3), ["0 a0 b0", "1 a1", "2 b2"])
      assert.deepStrictEqual(yield* w2.texts(3), ["0 a0 b0", "1 b1", "5 a3"])
      const { phase, processedEvents } = yield* house.ingester.status
      assert.deepStrictEqual({ processedEvents, phase }, { processedEvents: 4, phase: "forwarding" })
    }).pipe(Effect.provide(House.layer))
  )

  it.scoped("takes no frame for a scan in which none of its streams takes part", () =>
    Effect.gen(function* () {
      const house = yield* single()
      yield* house.ingester.restartWork(one, ["foreign"])
      yield* house.assign(one, 0, { cam: ["w1"] })
      yield* settled
      assert.strictEqual(house.source.counts.opened, 0)
      assert.strictEqual((yield* house.ingester.status).phase, "idle")
    }).pipe(Effect.provide(House.layer))
  )

  it.scoped(
    "dranspose weak point 11: a header is built once for all who get the same streams, frames are never copied",
    () =>
      Effect.gen(function* () {
        const house = yield* single()
        const [w1, w2] = [yield* house.worker("w1", 1), yield* house.worker("w2", 2)]
        yield* house.ingester.restartWork(one, ["cam"])
        const frame = frameOf("f")
        house.source.push(frame)
        yield* house.assign(one, 0, { cam: ["w1", "w2"] })
        const [first] = yield* w1.take
        const [second] = yield* w2.take
        assert.strictEqual(first?.[0], second?.[0])
        assert.strictEqual(first?.[1], frame.parts[0])
      }).pipe(Effect.provide(House.layer))
  )
})

describe("a scan", () => {
  it.scoped("leaves nothing to the next one: neither frames, nor assignments, nor messages, nor sources", () =>
    Effect.gen(function* () {
      const house = yield* single()
      const w1 = yield* house.worker("w1")
      yield* house.ingester.restartWork(one, ["cam"])
      house.source.push(frameOf("old"), frameOf("old"), frameOf("old"))
      yield* house.assign(one, 0, { cam: ["w1"] }, { cam: ["absent"] })
      assert.deepStrictEqual(yield* w1.texts(1), ["0 old"])
      yield* house.ingester.restartWork(two, ["cam"])
      yield* house.assign(one, 2, { cam: ["w1"] })
      yield* house.assign(two, 0, { cam: ["w1"] })
      house.source.push(frameOf("new"))
      assert.deepStrictEqual(yield* w1.texts(1), ["0 new"])
      assert.deepStrictEqual(house.source.counts, { opened: 2, open: 1, taken: 4 })
      const { mapping, undelivered, workers } = yield* house.ingester.status
      assert.strictEqual(mapping, two)
      assert.deepStrictEqual(
        workers.map((worker) => worker.name),
        ["w1"]
      )
      assert.strictEqual(undelivered, 0)
    }).pipe(Effect.provide(House.layer))
  )

  it.scoped("dranspose weak point 20: sources are open before anything is assigned", () =>
    Effect.gen(function* () {
      const house = yield* single()
      assert.strictEqual(house.source.counts.open, 0)
      yield* house.ingester.restartWork(one, ["cam"])
      yield* settled
      assert.strictEqual(house.source.counts.open, 1)
    }).pipe(Effect.provide(House.layer))
  )

  it.scoped("is finished with its dump closed and the controller told; later frames are counted", () =>
    Effect.gen(function* () {
      const house = yield* single()
      const ready = yield* ReadyLog
      const w1 = yield* house.worker("w1")
      yield* house.ingester.restartWork(one, ["cam"])
      yield* house.assign(one, 0, { cam: ["w1"] })
      house.source.push(frameOf("f"), frameOf("beyond"))
      assert.deepStrictEqual(yield* w1.texts(1), ["0 f"])
      const finishing = yield* Effect.fork(house.ingester.finishWork(one))
      yield* TestClock.adjust("20 millis")
      yield* Fiber.join(finishing)
      house.source.push(frameOf("beyond"), frameOf("beyond"))
      yield* settled
      const status = yield* house.ingester.status
      assert.strictEqual(status.phase, "finished")
      assert.strictEqual(status.streams[0]?.beyond, 3)
      const told = yield* House.firstOf(ready.read(one))
      assert.deepStrictEqual(told, { state: "finished", source: "ingester", ingester: "ing" })
      yield* house.ingester.restartWork(two, [])
      yield* settled
      assert.deepInclude(house.events, { _tag: "FramesBeyond", stream: "cam", frames: 3 })
    }).pipe(Effect.provide(House.layer))
  )

  it.scoped("forwards what is assigned already before it is finished, but does not wait for ever", () =>
    Effect.gen(function* () {
      const house = yield* single()
      yield* house.ingester.restartWork(one, ["cam"])
      yield* house.assign(one, 0, { cam: [] }, { cam: [] })
      house.source.push(frameOf("f"))
      yield* settled
      const finishing = yield* Effect.fork(house.ingester.finishWork(one))
      yield* TestClock.adjust("500 millis")
      assert.isNull(finishing.unsafePoll())
      yield* TestClock.adjust("600 millis")
      yield* Fiber.join(finishing)
      assert.strictEqual((yield* house.ingester.status).processedEvents, 1)
    }).pipe(Effect.provide(House.layer))
  )
})

describe("sources", () => {
  it.scoped(
    "dranspose weak point 5: a stalled source shows, one that ends early is an event, and nothing is cancelled",
    () =>
      Effect.gen(function* () {
        const house = yield* single({ staleAfter: "5 seconds" })
        const w1 = yield* house.worker("w1")
        yield* house.ingester.restartWork(one, ["cam"])
        yield* house.assign(one, 0, { cam: ["w1"] }, { cam: ["w1"] })
        yield* TestClock.adjust("4 seconds")
        assert.strictEqual((yield* house.ingester.status).phase, "forwarding")
        yield* TestClock.adjust("3 seconds")
        const stalled = yield* house.ingester.status
        assert.strictEqual(stalled.phase, "stalled")
        assert.deepInclude(stalled.streams[0], { stale: true, waitingSince: 0 })
        house.source.push(frameOf("late"))
        assert.deepStrictEqual(yield* w1.texts(1), ["0 late"])
        yield* settled
        assert.strictEqual((yield* house.ingester.status).phase, "forwarding")
        house.source.fail("Exhausted")
        yield* settled
        const ended = yield* house.ingester.status
        assert.strictEqual(ended.phase, "stalled")
        assert.strictEqual(ended.streams[0]?.connection, "ended")
        assert.match(ended.lastError?.detail ?? "", /cam has ended before event 1/)
        assert.deepStrictEqual(
          house.events.map((event) => event._tag),
          ["SourceStale", "SourceResumed", "SourceEnded"]
        )
      }).pipe(Effect.provide(House.layer))
  )

  it.scoped("dranspose weak point 6: missing and repeated frames are counted and reported", () =>
    Effect.gen(function* () {
      const house = yield* single()
      yield* house.ingester.restartWork(one, ["cam"])
      const numbers = [0, 1, 4, 4, 5, 3, 6]
      house.source.push(frameOf("start", { marker: "start" }), ...numbers.map((number) => frameOf("f", { number })))
      house.source.fail("Malformed")
      house.source.push(frameOf("f", { number: 7 }))
      yield* house.assign(one, 0, ...Array.from({ length: 9 }, () => ({ cam: [] })))
      yield* TestClock.adjust("1100 millis")
      const { streams } = yield* house.ingester.status
      assert.deepInclude(streams[0], { missing: 2, repeated: 2, malformed: 1, frames: 9 })
      assert.deepStrictEqual(house.events, [
        { _tag: "FramesIrregular", stream: "cam", missing: 2, repeated: 2, malformed: 1 }
      ])
    }).pipe(Effect.provide(House.layer))
  )

  it.scoped("dranspose weak point 2: a lost source is closed before it is opened again, and with the scan", () =>
    Effect.gen(function* () {
      const house = yield* single()
      const w1 = yield* house.worker("w1")
      yield* house.ingester.restartWork(one, ["cam"])
      yield* house.assign(one, 0, { cam: ["w1"] })
      for (let time = 1; time <= 5; time++) {
        house.source.fail("Disconnected")
        yield* TestClock.adjust("11 seconds")
        assert.deepInclude(house.source.counts, { open: 1, opened: time + 1 })
      }
      house.source.push(frameOf("f"))
      assert.deepStrictEqual(yield* w1.texts(1), ["0 f"])
      assert.strictEqual((yield* house.ingester.status).streams[0]?.reconnects, 5)
      house.source.fail("Misconfigured")
      yield* TestClock.adjust("1 minute")
      assert.deepInclude(house.source.counts, { open: 0, opened: 6 })
      assert.isTrue(house.events.some(({ _tag }) => _tag === "SourceFailed"))
    }).pipe(Effect.provide(House.layer))
  )

  it.effect(
    "dranspose weak point 2: forwarding that fails says so, leaves nothing open, and is well when made again",
    () =>
      Effect.gen(function* () {
        const source = heldSource("cam", "CAM")
        const options = { streams: [{ name: "cam", source: source.source }] }
        const scope = yield* Scope.make()
        const house = yield* Scope.extend(House.make(options), scope)
        yield* house.ingester.restartWork(one, ["cam"])
        yield* house.assign(one, 0, { cam: [] })
        const failure = yield* Effect.fork(Effect.flip(house.ingester.run))
        source.push(frameOf("f"))
        assert.match((yield* Fiber.join(failure)).message, /ing has failed: .*the dump is broken/)
        assert.strictEqual((yield* house.ingester.status).phase, "failed")
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual(source.counts.open, 0)
        yield* Effect.scoped(
          Effect.gen(function* () {
            const again = yield* House.make({ ...options, streams: [{ name: "other", source: source.source }] })
            const w1 = yield* again.worker("w1")
            yield* again.ingester.restartWork(two, ["other"])
            yield* again.assign(two, 0, { other: ["w1"] })
            source.push(frameOf("g"))
            assert.deepStrictEqual(yield* w1.texts(1), ["0 g"])
            assert.strictEqual(source.counts.open, 1)
          })
        )
        assert.strictEqual(source.counts.open, 0)
      }).pipe(Effect.provide(Layer.merge(House.layer, brokenDump)))
  )
})

describe("workers", () => {
  it.scoped(
    "dranspose weak point 9: one that takes nothing delays its own share, is reported, and left out at last",
    () =>
      Effect.gen(function* () {
        const house = yield* single({ workerMessages: 2_000, workerPatience: "30 seconds" })
        const slow = yield* house.worker("slow", 1)
        const fast = yield* house.worker("fast", 2)
        yield* house.ingester.restartWork(one, ["cam"])
        const rounds = 2_500
        yield* house.assign(
          one,
          0,
          ...Array.from({ length: rounds }, () => [{ cam: ["slow"] }, { cam: ["fast"] }] as const).flat()
        )
        house.source.push(...Array.from({ length: rounds * 2 }, (_, number) => frameOf("f", { number })))
        assert.lengthOf(yield* fast.texts(rounds), rounds)
        yield* TestClock.adjust("2 seconds")
        const blocked = yield* workerOf(house, "slow")
        assert.deepInclude(blocked, { state: "blocked", sentMessages: 1_000, queuedMessages: 1_500, blockedSince: 0 })
        assert.deepStrictEqual(
          house.events.map(({ _tag }) => _tag),
          ["WorkerSlow"]
        )
        yield* TestClock.adjust("30 seconds")
        assert.deepInclude(house.events, {
          _tag: "WorkerDropped",
          worker: "slow",
          undelivered: 1_500,
          reason: "silent"
        })
        yield* house.assign(one, rounds * 2, { cam: ["slow"] }, { cam: ["fast"] })
        house.source.push(frameOf("g"), frameOf("h"))
        assert.deepStrictEqual(yield* fast.texts(1), [`${rounds * 2 + 1} h`])
        assert.deepInclude(yield* workerOf(house, "slow"), { state: "dropped", undelivered: 1_501, queuedMessages: 0 })
        assert.strictEqual((yield* house.ingester.status).undelivered, 1_501)
        assert.lengthOf(yield* slow.take, 1_000)
        const [told] = (yield* (yield* ServiceRegistry).roster).ingesters
        assert.deepStrictEqual(told?.dropped_workers, ["slow"])
        yield* house.ingester.restartWork(two, ["cam"])
        yield* TestClock.adjust("2 seconds")
        assert.isUndefined((yield* (yield* ServiceRegistry).roster).ingesters[0]?.dropped_workers)
      }).pipe(Effect.provide(House.layer))
  )

  it.scoped("dranspose weak point 9: one whose outbox is full holds up others for a stated time in all", () =>
    Effect.gen(function* () {
      const house = yield* single({ workerMessages: 10, workerPatience: "4 seconds" })
      const slow = yield* house.worker("slow", 1)
      const fast = yield* house.worker("fast", 2)
      yield* house.ingester.restartWork(one, ["cam"])
      const events = 8_000
      yield* house.assign(one, 0, ...Array.from({ length: events }, () => ({ cam: ["slow"] })), { cam: ["fast"] })
      house.source.push(...Array.from({ length: events + 1 }, () => frameOf("f")))
      // It takes some every second, and never all.
      for (let second = 0; second < 4; second++) {
        yield* TestClock.adjust("1 second")
        assert.lengthOf(yield* slow.take, 1_000)
      }
      assert.isFalse(house.events.some(({ _tag }) => _tag === "WorkerDropped"))
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* fast.texts(1), [`${events} f`])
      const [dropped] = house.events.flatMap((event) => (event._tag === "WorkerDropped" ? [event] : []))
      assert.strictEqual(dropped?.reason, "hindering")
      assert.isAtMost(dropped?.undelivered ?? NaN, 10)
      const { sentMessages, undelivered: all } = (yield* workerOf(house, "slow")) ?? { sentMessages: 0, undelivered: 0 }
      assert.strictEqual(sentMessages + all, events)
    }).pipe(Effect.provide(House.layer))
  )

  it.scoped("one that is slow holds back its source where nobody else waits", () =>
    Effect.gen(function* () {
      const house = yield* single({ workerMessages: 10, workerPatience: "10 seconds" })
      const slow = yield* house.worker("slow")
      yield* house.ingester.restartWork(one, ["cam"])
      const events = 5_000
      yield* house.assign(one, 0, ...Array.from({ length: events }, () => ({ cam: ["slow"] })))
      for (let at = 0; at < events; at += 100) {
        house.source.push(...Array.from({ length: 100 }, (_, number) => frameOf(String(at + number))))
      }
      let taken = 0
      while (taken < events) {
        yield* TestClock.adjust("9 seconds")
        for (const message of yield* slow.take) assert.strictEqual(House.textOf(message), `${taken} ${taken++}`)
        assert.isAtMost(house.source.counts.taken - taken, 1_000 + 10 + 2 * 100)
      }
      assert.isFalse(house.events.some(({ _tag }) => _tag === "WorkerDropped"))
    }).pipe(Effect.provide(House.layer))
  )

  it.scoped("dranspose weak point 7: one that pauses and comes back finds all that is its, the scan goes on", () =>
    Effect.gen(function* () {
      const house = yield* single()
      const registry = yield* ServiceRegistry
      const paused = yield* house.worker("paused", 1)
      const other = yield* house.worker("other", 2)
      yield* house.ingester.restartWork(one, ["cam"])
      const connected = Effect.map(registry.roster, ({ ingesters }) =>
        Object.values(ingesters[0]?.connected_workers ?? {})
          .map(({ name }) => name)
          .sort()
      )
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* connected, ["other", "paused"])
      yield* house.assign(one, 0, ...Array.from({ length: 4_000 }, (_, at) => ({ cam: [at % 2 ? "other" : "paused"] })))
      house.source.push(...Array.from({ length: 4_000 }, () => frameOf("f")))
      for (let second = 0; second < 7; second++) {
        yield* other.ping
        yield* TestClock.adjust("1 second")
      }
      assert.lengthOf(yield* other.texts(2_000), 2_000)
      assert.deepStrictEqual(yield* connected, ["other"])
      assert.deepInclude(yield* workerOf(house, "paused"), { connected: false, state: "blocked" })
      yield* paused.ping
      yield* settled
      assert.deepStrictEqual(yield* connected, ["other", "paused"])
      assert.deepStrictEqual(
        yield* paused.texts(2_000),
        Array.from({ length: 2_000 }, (_, at) => `${at * 2} f`)
      )
      yield* settled
      assert.deepInclude(yield* workerOf(house, "paused"), { connected: true, state: "ready", undelivered: 0 })
    }).pipe(Effect.provide(House.layer))
  )

  it.scoped("one that connects late gets what waits for it", () =>
    Effect.gen(function* () {
      const house = yield* single()
      yield* house.ingester.restartWork(one, ["cam"])
      yield* house.assign(one, 0, { cam: ["late"] })
      house.source.push(frameOf("f"))
      yield* TestClock.adjust("20 seconds")
      const late = yield* house.worker("late")
      assert.deepStrictEqual(yield* late.texts(1), ["0 f"])
    }).pipe(Effect.provide(House.layer))
  )
})

describe("what is told", () => {
  it.scoped(
    "dranspose weak point 23: rates, bytes, depths, drops and the last error are there, and only the truth",
    () =>
      Effect.gen(function* () {
        const house = yield* single()
        yield* house.worker("w1")
        yield* house.ingester.restartWork(one, ["cam"])
        yield* house.assign(one, 0, ...Array.from({ length: 1_500 }, () => ({ cam: ["w1"] })))
        house.source.push(...Array.from({ length: 1_500 }, () => frameOf("12345678")))
        yield* TestClock.adjust("1 second")
        const status = yield* house.ingester.status
        assert.deepInclude(status, { processedEvents: 1_500, eventRate: 1_500, bytes: 12_000, undelivered: 0 })
        assert.deepInclude(status.workers[0], { connected: true, sentMessages: 1_000, queuedMessages: 500 })
        assert.isAbove(status.workers[0]?.queuedBytes ?? 0, 500 * 8)
        assert.isUndefined(status.lastError)
        yield* TestClock.adjust("1 minute")
        const later = yield* house.ingester.status
        assert.deepInclude(later, { processedEvents: 1_500, eventRate: 0, undelivered: 500 })
        assert.match(later.lastError?.detail ?? "", /500 messages were not delivered/)
      }).pipe(Effect.provide(House.layer))
  )

  it.effect("takes its entry out of the ensemble at the end", () =>
    Effect.gen(function* () {
      const registry = yield* ServiceRegistry
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* single()
          yield* TestClock.adjust("1 second")
          const { ingesters } = yield* registry.roster
          assert.deepInclude(ingesters[0], { name: "ing", url: "inproc://ing", streams: ["cam"], processed_events: 0 })
        })
      )
      assert.lengthOf((yield* registry.roster).ingesters, 0)
    }).pipe(Effect.provide(House.layer))
  )
})

const brokenDump = Layer.succeed(FrameDump.FrameDump, {
  open: ({ mapping }) =>
    Effect.succeed(
      mapping === one
        ? {
            offer: () => {
              throw new Error("the dump is broken")
            },
            close: Effect.void
          }
        : undefined
    )
})
