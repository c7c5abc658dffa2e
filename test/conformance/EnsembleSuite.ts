/**
 * What every ensemble promises, whatever holds it together. `open` gives the ensemble as one service sees it: called twice in
 * one test it gives two services of the same ensemble.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Context, Duration, Effect, Exit, Fiber, Layer, Option, Schema, Scope, Stream } from "effect"
import { randomUUID } from "node:crypto"
import { AssignmentLog } from "../../src/assignment/AssignmentLog.js"
import { ControllerLock } from "../../src/assignment/ControllerLock.js"
import type { ControllerUpdate } from "../../src/assignment/ControllerUpdate.js"
import type { Ensemble } from "../../src/assignment/Ensemble.js"
import { EnsembleLog, type EnsembleLogLine } from "../../src/assignment/EnsembleLog.js"
import { ParameterStore } from "../../src/assignment/ParameterStore.js"
import { ReadyLog } from "../../src/assignment/ReadyLog.js"
import { ServiceRegistry } from "../../src/assignment/ServiceRegistry.js"
import type { IngesterState } from "../../src/assignment/ServiceState.js"
import type { WorkerUpdate } from "../../src/assignment/ServiceUpdate.js"
import { TickClock } from "../../src/assignment/TickClock.js"
import { UpdateLog } from "../../src/assignment/UpdateLog.js"
import { Incarnation, MappingId, type WorkAssignment } from "../../src/assignment/WorkAssignment.js"
import { idle } from "../support/IdleService.js"

/** An ensemble that lasts as long as its scope, and ways into it. */
export type Open = Effect.Effect<Layer.Layer<Ensemble>, never, Scope.Scope>

export const newMapping = (): MappingId => Schema.decodeSync(MappingId)(randomUUID())
export const newIncarnation = (): Incarnation => Schema.decodeSync(Incarnation)(randomUUID())

export const assignment = (event_number: number): WorkAssignment => ({
  event_number,
  assignments: event_number % 3 === 2 ? {} : { eiger: ["w1", "w2"], ümlaut: [] }
})
export const events = (from: number, to: number): ReadonlyArray<WorkAssignment> =>
  Array.from({ length: to - from }, (_, k) => assignment(from + k))

export const update = (mapping: MappingId, finished = false): ControllerUpdate => ({
  mapping_uuid: mapping,
  parameters_version: { gain: newIncarnation() },
  target_parameters_hash: null,
  active_streams: finished ? [] : ["eiger"],
  finished
})

const report = (completed: ReadonlyArray<number>): WorkerUpdate => ({
  state: "idle",
  source: "worker",
  completed,
  worker: "w1",
  has_result: completed.map(() => true),
  processing_times: {
    get_assignments: 0,
    get_messages: 0.5,
    assemble_event: 1e-7,
    custom_code: 1,
    send_result: 0.00001,
    no_events: completed.length
  }
})

const state = () => ({
  ...idle,
  service_uuid: newIncarnation(),
  dranspose_version: "0.2.0",
  processed_events: 3
})
const ingester = (name: string, streams: ReadonlyArray<string> = []): IngesterState => ({
  ...state(),
  name,
  url: "tcp://localhost:10000",
  connected_workers: {},
  streams
})

const line = (msg: string, levelname: string): EnsembleLogLine => ({
  msg,
  lineno: "12",
  name: "outpost.ingester",
  created: "1795303564.2966957",
  levelname
})

const take = <A>(stream: Stream.Stream<A>, count: number) =>
  Effect.map(Stream.runCollect(Stream.take(stream, count)), Chunk.toReadonlyArray)

/** What a reader has got so far, and a wait until it has got so much. */
export const collect = <A>(stream: Stream.Stream<A>) =>
  Effect.gen(function* () {
    const seen: Array<A> = []
    yield* Effect.forkScoped(Stream.runForEach(stream, (item) => Effect.sync(() => seen.push(item))))
    const until = (count: number) =>
      Effect.repeat(
        Effect.delay(
          Effect.sync(() => seen.length),
          "2 millis"
        ),
        { until: (length) => length >= count }
      ).pipe(Effect.timeout("2 minutes"), Effect.orDie, Effect.as<ReadonlyArray<A>>(seen))
    return { seen, until }
  })

export const suite = (
  name: string,
  open: Open,
  run: <A, E>(test: Effect.Effect<A, E, Scope.Scope>) => Effect.Effect<A | void, E, Scope.Scope>
) => {
  const test = <E>(title: string, body: Effect.Effect<void, E, Ensemble | Scope.Scope>) =>
    it.scopedLive(title, () => run(Effect.flatMap(open, (layer) => Effect.provide(body, layer))))

  describe(`an ensemble ${name}`, () => {
    test(
      "gives assignments in order to every reader, from the first one on and as they come",
      Effect.gen(function* () {
        const log = yield* AssignmentLog
        const mapping = newMapping()
        yield* log.append(mapping, events(0, 5))
        const readers = yield* Effect.fork(
          Effect.all(
            [1, 2].map(() => take(log.read(mapping), 2_000)),
            { concurrency: 2 }
          )
        )
        for (let k = 5; k < 1_990; k += 5) yield* log.append(mapping, events(k, k + 5))
        const late = yield* Effect.fork(take(log.read(mapping), 2_000))
        yield* log.append(mapping, events(1_990, 2_000))
        for (const read of [...(yield* Fiber.join(readers)), yield* Fiber.join(late)])
          assert.deepStrictEqual(read, events(0, 2_000))
      })
    )

    test(
      "drops events that a controller has put twice, and holds what came before its turn",
      Effect.gen(function* () {
        const log = yield* AssignmentLog
        const mapping = newMapping()
        for (const [from, to] of [[0, 3], [0, 3], [5, 8], [3, 6], [2, 9]] as const) yield* log.append(mapping, events(from, to)) // prettier-ignore
        assert.deepStrictEqual(yield* take(log.read(mapping), 9), events(0, 9))
      })
    )

    test(
      "begins a log that was removed anew, for its readers too, and keeps mappings apart",
      Effect.gen(function* () {
        const log = yield* ReadyLog
        const [mapping, other] = [newMapping(), newMapping()]
        const reader = yield* collect(log.read(mapping))
        yield* log.append(mapping, report([1]))
        yield* log.append(other, report([100]))
        yield* log.append(mapping, report([2, 3]))
        yield* reader.until(2)
        yield* log.remove(mapping)
        yield* log.remove(newMapping())
        yield* log.append(mapping, report([4]))
        assert.deepStrictEqual(yield* reader.until(3), [report([1]), report([2, 3]), report([4])])
        assert.deepStrictEqual(yield* take(log.read(mapping), 1), [report([4])])
        assert.deepStrictEqual(yield* take(log.read(other), 1), [report([100])])
        yield* log.clear
        yield* log.append(other, report([101]))
        assert.deepStrictEqual(yield* take(log.read(other), 1), [report([101])])
      })
    )

    test(
      "keeps every kind of report as it was said",
      Effect.gen(function* () {
        const log = yield* ReadyLog
        const mapping = newMapping()
        const said = [
          { ...report([]), state: "ready", processing_times: null },
          { state: "idle", source: "reducer", completed: 7, worker: "w1" },
          { state: "finished", source: "reducer", completed: null, worker: null },
          { state: "finished", source: "ingester", ingester: "eiger-ingester" }
        ] as const
        for (const each of said) yield* log.append(mapping, each)
        assert.deepStrictEqual(yield* take(log.read(mapping), 4), [...said])
      })
    )

    test(
      "tells the newest update and every later one",
      Effect.gen(function* () {
        const log = yield* UpdateLog
        const said = Array.from({ length: 300 }, (_, k) => update(newMapping(), k % 2 === 1))
        assert.deepStrictEqual(yield* log.newest, Option.none())
        for (const each of said.slice(0, 3)) yield* log.append(each)
        const reader = yield* collect(log.read)
        yield* reader.until(1)
        yield* Effect.forEach(said.slice(3), log.append, { discard: true })
        assert.deepStrictEqual(yield* reader.until(298), said.slice(2))
        assert.deepStrictEqual(yield* log.newest, Option.fromNullable(said.at(-1)))
        yield* log.remove
        const fresh = yield* collect(log.read)
        const last = update(newMapping())
        yield* log.append(last)
        assert.deepStrictEqual(yield* fresh.until(1), [last])
        assert.deepStrictEqual((yield* reader.until(299)).at(-1), last)
      })
    )

    test(
      "knows who is alive and what they describe, by name",
      Effect.gen(function* () {
        const registry = yield* ServiceRegistry
        const gain = { name: "gain", description: null, dtype: "int", default: 3 } as const
        const scale = { name: "a scale", description: "ü", dtype: "float", default: 1 } as const
        const worker = { ...state(), name: "w1", ingesters: [ingester("b")], tags: ["generic", "debug"] }
        const reducer = { ...state(), name: "reducer", url: "tcp://localhost:10200" }
        const [b, a] = [ingester("b", ["orca"]), ingester("a", ["eiger"])]
        yield* registry.announce({ kind: "ingester", state: b }, [])
        yield* registry.announce({ kind: "ingester", state: a }, [])
        yield* registry.announce({ kind: "worker", state: worker }, [gain, scale])
        yield* registry.announce({ kind: "reducer", state: reducer }, [gain])
        assert.deepStrictEqual(yield* registry.roster, { ingesters: [a, b], workers: [worker], reducer })
        assert.deepStrictEqual(yield* registry.descriptions, [scale, gain])
        yield* registry.announce({ kind: "ingester", state: { ...a, processed_events: 4 } }, [])
        yield* registry.withdraw("ingester", "b")
        yield* registry.withdraw("reducer", "nobody")
        assert.deepStrictEqual((yield* registry.roster).ingesters, [{ ...a, processed_events: 4 }])
        assert.deepStrictEqual(yield* registry.census, yield* registry.roster)
      })
    )

    test(
      "keeps values of parameters as they are, by version",
      Effect.gen(function* () {
        const store = yield* ParameterStore
        const [first, second] = [newIncarnation(), newIncarnation()]
        const bytes = Uint8Array.from({ length: 256 }, (_, k) => k)
        const get = (version: Incarnation) =>
          Effect.map(store.get("a:name", version), Option.map((value) => Array.from(value))) // prettier-ignore
        yield* store.put("a:name", first, bytes.subarray(16))
        yield* store.put("a:name", second, new Uint8Array())
        assert.deepStrictEqual(yield* get(first), Option.some(Array.from(bytes.subarray(16))))
        assert.deepStrictEqual(yield* get(second), Option.some([]))
        assert.deepStrictEqual(yield* get(newIncarnation()), Option.none())
        yield* store.remove("a:name", first)
        yield* store.remove("a:name", newIncarnation())
        assert.deepStrictEqual([yield* get(first), yield* get(second)], [Option.none(), Option.some([])])
        yield* store.clear
        assert.deepStrictEqual(yield* get(second), Option.none())
      })
    )

    test(
      "has one controller at a time",
      Effect.gen(function* () {
        const lock = yield* ControllerLock
        const scope = yield* Scope.make()
        const lost = yield* Scope.extend(lock.hold, scope)
        const second = yield* Effect.fork(Effect.scoped(Effect.as(lock.hold, "held")))
        yield* Effect.sleep("100 millis")
        assert.isNull(second.unsafePoll())
        const held = yield* Effect.fork(lost)
        yield* Effect.sleep("20 millis")
        assert.isNull(held.unsafePoll())
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual(yield* Fiber.join(second), "held")
      })
    )

    test(
      "gives the tick of an interval to one of all that ask",
      Effect.gen(function* () {
        const clock = yield* TickClock
        const [mapping, other] = [newMapping(), newMapping()]
        const ask = (of: MappingId) => clock.tick(of, Duration.millis(150))
        assert.deepStrictEqual([yield* ask(mapping), yield* ask(mapping), yield* ask(other)], [true, false, true])
        yield* Effect.sleep("200 millis")
        assert.strictEqual(yield* ask(mapping), true)
      })
    )

    test(
      "keeps what services log, by level, and tells it from now on",
      Effect.gen(function* () {
        const log = yield* EnsembleLog
        const old = [line("ä", "DEBUG"), line("b", "INFO"), line("c", "ERROR"), line("d", "NOTE")]
        for (const each of old) yield* log.append(each)
        assert.deepStrictEqual(yield* log.recent("DEBUG"), old)
        assert.deepStrictEqual(yield* log.recent("INFO"), old.slice(1))
        assert.deepStrictEqual(yield* log.recent("WARNING"), [line("c", "ERROR")])
        const follower = yield* collect(log.follow)
        // When it has begun is told by the first line that it gets.
        const begin = Effect.delay(log.append(line("begin", "INFO")), "10 millis")
        yield* Effect.repeat(begin, { until: () => follower.seen.length > 0 })
        yield* log.append(line("e", "DEBUG"))
        yield* log.append(line("f", "CRITICAL"))
        const count = (yield* log.recent("DEBUG")).length - old.length
        assert.deepStrictEqual((yield* follower.until(1)).slice(0, 1), [line("begin", "INFO")])
        yield* Effect.repeat(Effect.delay(Effect.void, "2 millis"), { until: () => follower.seen.at(-1)?.msg === "f" })
        assert.isAtMost(follower.seen.length, count)
        assert.deepStrictEqual(follower.seen.slice(-2), [line("e", "DEBUG"), line("f", "CRITICAL")])
      })
    )

    test(
      "lets go of every wait at once",
      Effect.gen(function* () {
        const context = yield* Effect.context<Ensemble>()
        const mapping = newMapping()
        yield* Effect.forkScoped(
          Effect.scoped(Effect.zipRight(Context.get(context, ControllerLock).hold, Effect.never))
        )
        yield* Effect.sleep("50 millis")
        const waits = [
          Stream.runDrain(Context.get(context, AssignmentLog).read(mapping)),
          Stream.runDrain(Context.get(context, ReadyLog).read(mapping)),
          Stream.runDrain(Context.get(context, UpdateLog).read),
          Stream.runDrain(Context.get(context, EnsembleLog).follow),
          Effect.scoped(Context.get(context, ControllerLock).hold)
        ]
        for (const wait of waits) {
          const fiber = yield* Effect.fork(wait)
          yield* Effect.sleep("50 millis")
          assert.isNull(fiber.unsafePoll())
          const [time] = yield* Effect.timed(Fiber.interrupt(fiber))
          assert.isBelow(Duration.toMillis(time), 300)
        }
      })
    )
  })
}
