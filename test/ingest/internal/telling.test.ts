import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Stream } from "effect"
import * as InProcessEnsemble from "../../../src/assignment/InProcessEnsemble.js"
import { ReadyLog } from "../../../src/assignment/ReadyLog.js"
import type { ServiceUpdate } from "../../../src/assignment/ServiceUpdate.js"
import { MappingId } from "../../../src/assignment/WorkAssignment.js"
import * as telling from "../../../src/ingest/internal/telling.js"

const one = MappingId.make("00000000-0000-4000-8000-000000000001")
const two = MappingId.make("00000000-0000-4000-8000-000000000002")

const reduced = (completed: number): ServiceUpdate => ({ state: "idle", source: "reducer", completed, worker: "w" })

describe("telling", () => {
  it.effect("a log that was lost gets what was told last of its scan again, at most a thousand of it", () =>
    Effect.gen(function* () {
      const log = yield* ReadyLog
      const { repeat, tell } = telling.make(log)
      const first = (mapping: MappingId, count: number) =>
        Effect.map(Stream.runCollect(Stream.take(log.read(mapping), count)), (found) =>
          Chunk.toReadonlyArray(found).map((update) => (update.source === "reducer" ? update.completed : undefined))
        )
      const numbers = Array.from({ length: 2_500 }, (_, number) => number)
      for (const number of numbers) yield* tell(one, reduced(number))
      assert.deepStrictEqual(yield* first(one, 2_500), numbers)
      yield* log.remove(one)
      yield* repeat(one)
      assert.deepStrictEqual(yield* first(one, 1_000), numbers.slice(-1_000))

      yield* tell(two, reduced(7), reduced(8))
      yield* log.remove(one)
      yield* log.remove(two)
      yield* repeat(one)
      yield* repeat(two)
      assert.deepStrictEqual(yield* first(two, 2), [7, 8])
      yield* tell(one, reduced(9))
      assert.deepStrictEqual(yield* first(one, 1), [9])
    }).pipe(Effect.provide(InProcessEnsemble.layer))
  )
})
