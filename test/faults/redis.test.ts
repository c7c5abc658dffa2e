/**
 * Redis goes away and comes back, empty or as it was, while an ensemble writes and reads. Rounds by `OUTPOST_FAULT_ROUNDS`.
 * The clock that goes back is played by entries with ids of one's own.
 */
import { assert, describe } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import { AssignmentLog } from "../../src/assignment/AssignmentLog.js"
import { ReadyLog } from "../../src/assignment/ReadyLog.js"
import { ServiceRegistry } from "../../src/assignment/ServiceRegistry.js"
import { UpdateLog } from "../../src/assignment/UpdateLog.js"
import type { WorkAssignment } from "../../src/assignment/WorkAssignment.js"
import { assignment, collect, newMapping, update } from "../conformance/EnsembleSuite.js"
import { rounds } from "../support/Crashes.js"
import { test } from "../support/RedisTest.js"

const deaths = rounds(1, 10)

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, k) => from + k)
const numbersOf = (seen: ReadonlyArray<WorkAssignment>) => seen.map((each) => each.event_number)

describe("Redis goes away", () => {
  test("killed and started anew while assignments are written: readers miss none and see none twice", (server) =>
    Effect.gen(function* () {
      const [log, mapping] = [yield* AssignmentLog, newMapping()]
      const reader = yield* collect(log.read(mapping))
      let next = 0
      // As a controller does it: what it is not sure of, and what readers may not have seen yet, it writes again.
      const write = Effect.suspend(() => log.append(mapping, [assignment(next)])).pipe(
        Effect.tap(() => Effect.sync(() => next++)),
        Effect.tapError(() => Effect.sync(() => (next = reader.seen.length)))
      )
      const writer = yield* Effect.forkScoped(Effect.forever(Effect.ignore(write).pipe(Effect.delay("1 millis"))))
      for (let round = 1; round <= deaths; round++) {
        yield* reader.until(round * 200)
        yield* server.kill
        yield* Effect.sleep("100 millis")
        yield* server.start
      }
      yield* reader.until((deaths + 1) * 200)
      yield* Fiber.interrupt(writer)
      assert.deepStrictEqual(numbersOf(reader.seen), numbers(0, reader.seen.length))
    }))

  test("comes back empty with a clock that went back: what stands before the last id is read", (server) =>
    Effect.gen(function* () {
      const [log, mapping] = [yield* AssignmentLog, newMapping()]
      const key = `dranspose:assigned:${mapping}`
      const put = (id: string, event: number) =>
        server.ask("XADD", key, id, "data", JSON.stringify([assignment(event)]))
      const reader = yield* collect(log.read(mapping))
      yield* put("5000-0", 0)
      yield* put("5000-1", 1)
      yield* reader.until(2)
      yield* server.kill
      yield* server.start
      // Smaller ids, the very id that was seen last with another entry, and a greater one.
      for (const [id, event] of [["3-0", 2], ["4000-7", 3], ["5000-1", 4], ["6000-0", 5]] as const) yield* put(id, event) // prettier-ignore
      yield* reader.until(6)
      // The same without a lost link.
      yield* server.ask("FLUSHALL")
      yield* put("10-0", 6)
      yield* reader.until(7)
      assert.deepStrictEqual(numbersOf(reader.seen), numbers(0, 7))
    }))

  test("comes back empty: reports and updates go on, each once", (server) =>
    Effect.gen(function* () {
      const [updates, ready, mapping] = [yield* UpdateLog, yield* ReadyLog, newMapping()]
      const heard = yield* collect(updates.read)
      const reports = yield* collect(ready.read(mapping))
      const said = Array.from({ length: 4 }, () => update(newMapping()))
      const report = (ingester: string) => ({ state: "finished", source: "ingester", ingester }) as const
      for (const [k, each] of said.entries()) {
        if (k === 2) {
          yield* server.kill
          assert.strictEqual((yield* Effect.flip(updates.append(each)))._tag, "EnsembleUnreachable")
          yield* server.start
        }
        yield* updates.append(each)
        yield* ready.append(mapping, report(String(k)))
        yield* heard.until(k + 1)
        yield* reports.until(k + 1)
      }
      assert.deepStrictEqual(heard.seen, said)
      assert.deepStrictEqual(reports.seen, [report("0"), report("1"), report("2"), report("3")])
    }))

  test("stopped with its connections open: writers are told in time, readers go on when it does", (server) =>
    Effect.gen(function* () {
      const [log, registry, mapping] = [yield* AssignmentLog, yield* ServiceRegistry, newMapping()]
      const reader = yield* collect(log.read(mapping))
      yield* log.append(mapping, [assignment(0)])
      yield* reader.until(1)
      yield* server.pause
      const ask = Effect.timed(Effect.flip(registry.roster))
      const told = yield* Effect.all([ask, ask, ask], { concurrency: "unbounded" })
      for (const [time, error] of told) {
        assert.strictEqual(error._tag, "EnsembleUnreachable")
        assert.isBelow(Duration.toMillis(time), 3_000)
      }
      const waiting = yield* Effect.fork(registry.roster)
      yield* Effect.sleep("50 millis")
      const [time] = yield* Effect.timed(Fiber.interrupt(waiting))
      assert.isBelow(Duration.toMillis(time), 300)
      yield* Effect.sleep("1 second")
      yield* server.resume
      yield* Effect.retry(log.append(mapping, [assignment(1)]), { times: 3 })
      yield* reader.until(2)
      assert.deepStrictEqual(numbersOf(reader.seen), [0, 1])
      assert.isAtMost(yield* server.connections, 2)
    }))

  test("is away from the beginning: readers wait for it", (server) =>
    Effect.gen(function* () {
      const [log, mapping] = [yield* AssignmentLog, newMapping()]
      yield* server.kill
      const reader = yield* collect(log.read(mapping))
      yield* Effect.sleep("300 millis")
      yield* server.start
      yield* log.append(mapping, [assignment(0)])
      assert.deepStrictEqual(numbersOf(yield* reader.until(1)), [0])
    }))
})
