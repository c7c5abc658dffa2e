import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FrameSums from "../../src/ingest/demo/FrameSums.js"
import * as LivePicture from "../../src/ingest/demo/LivePicture.js"
import * as Pipeline from "../../src/ingest/Pipeline.js"
import * as ReducerModule from "../../src/ingest/reducer/ReducerModule.js"
import * as EventRunner from "../../src/ingest/worker/EventRunner.js"
import * as WorkerModule from "../../src/ingest/worker/WorkerModule.js"
import { SyntheticSource } from "../../src/plugins/source/SyntheticSource.js"

const demo = (frames: number) =>
  Effect.gen(function* () {
    const source = yield* SyntheticSource.prepare({ size: 64, count: frames })
    const runner = Effect.flatMap(WorkerModule.check(FrameSums.make()), (module) => EventRunner.inProcess(module))
    return yield* Pipeline.open({
      streams: [{ name: "camera", source }],
      runners: [yield* runner, yield* runner],
      reducer: yield* ReducerModule.check(LivePicture.make())
    })
  })

describe("Pipeline", () => {
  it.live("a scan in one process is exact, again and again, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const events = 502
      const pipeline = yield* demo(events - 2)
      for (const _ of [1, 2, 3]) {
        const summary = yield* Pipeline.scan(pipeline, Pipeline.seriesMap("camera", events, 10))
        assert.deepInclude(summary, { events, processed: events, reassigned: 0, lost: 0 })
        const published = yield* pipeline.reducer.publication.values
        assert.strictEqual(published["events"], events - 2)
        assert.isAbove(Number(published["mean"]), 100)
      }
      const workers = yield* Effect.forEach(pipeline.workers, ({ status }) => status)
      assert.deepStrictEqual(
        workers.map(({ lost, outstanding, troubles }) => [lost, outstanding, troubles]),
        [
          [0, 0, 0],
          [0, 0, 0]
        ]
      )
      // Start and end go to both workers.
      assert.strictEqual(
        workers.reduce((sum, { processed }) => sum + processed, 0),
        3 * (events + 2)
      )
    }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))
  )

  it("the map of a series has exactly so many events, whatever their number", () => {
    for (const events of [0, 1, 2, 3, 101, 10_001, 10_002, 10_003, 25_000]) {
      const { parts, sequence } = Pipeline.seriesMap("camera", events)
      const total = sequence.reduce((sum, part) => sum + (parts[part]?.["camera"]?.length ?? 0), 0)
      assert.strictEqual(total, events)
    }
  })
})
