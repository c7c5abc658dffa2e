/**
 * A whole ensemble in one process: controller, ingester, two workers and a reducer, over memory. One worker module gives no
 * results, so that events alone are measured; the other sums every pixel and has each event reduced. Rounds of both are
 * interleaved; figures are medians. Must: 50,000 events/s of 2 kB frames.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Effect } from "effect"
import { loadavg } from "node:os"
import * as FrameSums from "../src/ingest/demo/FrameSums.js"
import * as LivePicture from "../src/ingest/demo/LivePicture.js"
import * as Pipeline from "../src/ingest/Pipeline.js"
import * as ReducerModule from "../src/ingest/reducer/ReducerModule.js"
import * as EventRunner from "../src/ingest/worker/EventRunner.js"
import * as WorkerModule from "../src/ingest/worker/WorkerModule.js"
import { SyntheticSource } from "../src/plugins/source/SyntheticSource.js"
import { median, round, table } from "./support/Report.js"

const rounds = Number(process.env["BENCH_ROUNDS"] ?? 5)
const events = Number(process.env["BENCH_EVENTS"] ?? 100_000)

const modules: Readonly<Record<string, () => WorkerModule.WorkerModule>> = {
  "no results": () => ({ process: () => undefined }),
  "a result for every event": FrameSums.make
}

const open = (module: () => WorkerModule.WorkerModule) =>
  Effect.gen(function* () {
    const source = yield* SyntheticSource.prepare({ size: 2048, count: events - 2 })
    const runner = Effect.flatMap(WorkerModule.check(module()), (checked) => EventRunner.inProcess(checked))
    return yield* Pipeline.open({
      streams: [{ name: "camera", source }],
      runners: [yield* runner, yield* runner],
      reducer: yield* ReducerModule.check(LivePicture.make())
    })
  })

const measured = (pipeline: Pipeline.Pipeline) =>
  Effect.gen(function* () {
    const before = process.cpuUsage()
    const { lost, processed, seconds } = yield* Pipeline.scan(pipeline, Pipeline.seriesMap("camera", events))
    const { system, user } = process.cpuUsage(before)
    if (processed !== events || lost !== 0)
      return yield* Effect.dieMessage(`${processed} of ${events} events, ${lost} lost`)
    return { rate: events / seconds, cpu: (user + system) / events }
  })

const program = Effect.gen(function* () {
  const pipelines = yield* Effect.forEach(Object.entries(modules), ([name, module]) =>
    Effect.map(open(module), (pipeline) => ({ name, pipeline, found: [] as Array<{ rate: number; cpu: number }> }))
  )
  for (const { pipeline } of pipelines) yield* measured(pipeline)
  for (let round = 0; round < rounds; round++) {
    for (const { found, pipeline } of pipelines) found.push(yield* measured(pipeline))
  }
  console.log(`${events} events of 2 kB, ${rounds} rounds, load ${loadavg().map(round).join(" ")}\n`)
  table(
    pipelines.map(({ found, name }) => ({
      "workers give": name,
      "events/s": round(median(found.map(({ rate }) => rate))),
      "CPU us per event": round(median(found.map(({ cpu }) => cpu)))
    }))
  )
})

await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(NodeContext.layer)))
