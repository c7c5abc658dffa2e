/**
 * A detector, an ingester, two workers and a reducer in one program, with modules written here: the mean of every frame, and
 * the brightest of a scan.
 *
 *     npx tsx scratchpad/06-detector-to-result.ts
 *
 * In a program of yours the imports are `from "outpost/ingest/Pipeline"` and so on.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Console, Effect } from "effect"
import * as Pipeline from "../src/ingest/Pipeline.js"
import * as ReducerModule from "../src/ingest/reducer/ReducerModule.js"
import * as EventRunner from "../src/ingest/worker/EventRunner.js"
import * as WorkerModule from "../src/ingest/worker/WorkerModule.js"
import { SyntheticSource } from "../src/plugins/source/SyntheticSource.js"

/** Called for each event in a worker. A stream1 frame is a header in JSON, then the pixels. */
const process: WorkerModule.WorkerModule["process"] = ({ streams }) => {
  const pixels = streams["camera"]?.frames[1]
  return pixels && { mean: pixels.reduce((sum, value) => sum + value, 0) / pixels.length }
}

const best = { event: -1, mean: 0 }

/** Called for each result that a worker gave. */
const reduce: ReducerModule.ReducerModule["reduce"] = ({ event_number, payload }) => {
  const { mean } = payload as { readonly mean: number }
  if (mean > best.mean) Object.assign(best, { event: event_number, mean })
}

const program = Effect.gen(function* () {
  const events = 1_000
  // A series begins and ends with a message of its own.
  const source = yield* SyntheticSource.prepare({ size: 2048, count: events - 2 })
  const module = yield* WorkerModule.check({ process })
  const pipeline = yield* Pipeline.open({
    streams: [{ name: "camera", source }],
    runners: [yield* EventRunner.inProcess(module), yield* EventRunner.inProcess(module)],
    reducer: yield* ReducerModule.check({ reduce })
  })
  const { lost, processed, reassigned } = yield* Pipeline.scan(pipeline, Pipeline.seriesMap("camera", events))
  yield* Console.log(`${events} events: ${processed} processed, ${reassigned} reassigned, ${lost} lost`)
  yield* Console.log(`brightest: event ${best.event}, mean ${best.mean.toFixed(2)}`)
})

await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(NodeContext.layer)))
