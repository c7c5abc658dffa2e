/**
 * Frames of 100 kB at 2,000 a second through an ingester to two workers within one process, each frame dumped to disk:
 * `BENCH_MINUTES` (default 1; the published figure is of 10). A scan takes 20 s; its dump is removed when the next has begun, since
 * a minute weighs 12 GB. Each tenth of the time is told by resident memory and by the longest stall of the event loop.
 */
import { Effect, Layer } from "effect"
import { mkdirSync, rmSync } from "node:fs"
import { rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { monitorEventLoopDelay } from "node:perf_hooks"
import * as DumpWriter from "../src/ingest/archive/DumpWriter.js"
import { FrameDump } from "../src/ingest/FrameDump.js"
import * as InProcessTransport from "../src/ingest/transport/InProcessTransport.js"
import { SyntheticSource } from "../src/plugins/source/SyntheticSource.js"
import * as EndlessAssignments from "./support/EndlessAssignments.js"
import { conditions, round, table } from "./support/Report.js"
import { temporary } from "./support/Server.js"

const minutes = Number(process.env["BENCH_MINUTES"] ?? 1)
const rate = Number(process.env["BENCH_RATE"] ?? 2_000)
const size = 100_000
const scanSeconds = 20
const url = "inproc://frames"

const directory = temporary("frames")
mkdirSync(directory, { recursive: true })
const paths: Array<string> = []
const stopped: Array<string> = []

const dump = Layer.succeed(FrameDump, {
  open: ({ mapping }) => {
    const path = join(directory, `${mapping}.cbors`)
    paths.push(path)
    return DumpWriter.make({ path, onStopped: (alarm) => Effect.sync(() => void stopped.push(alarm.message)) })
  }
})

const rows: Array<Record<string, string>> = []
let [sent, written] = [0, 0]
const program = Effect.gen(function* () {
  const source = yield* SyntheticSource.prepare({ size, rate, shape: "raw" })
  const frames = yield* EndlessAssignments.take(url)
  const { begin } = yield* EndlessAssignments.forward(url, source)
  const delay = monitorEventLoopDelay({ resolution: 5 })
  const scans = (minutes * 60) / scanSeconds
  const tenth = Math.max(1, Math.round(scans / 10))
  delay.enable()
  let highest = 0
  for (let scan = 1; scan <= scans; scan++) {
    yield* begin(scan)
    const before = frames()
    for (let second = 0; second < scanSeconds; second++) {
      yield* Effect.sleep("1 second")
      highest = Math.max(highest, process.memoryUsage.rss())
    }
    const old = paths.length > 1 ? paths.shift() : undefined
    if (old !== undefined) {
      written += (yield* Effect.promise(() => stat(old))).size
      yield* Effect.promise(() => rm(old))
    }
    sent += frames() - before
    if (scan % tenth > 0) continue
    rows.push({
      "up to minute": round((scan * scanSeconds) / 60, 1),
      "frames/s": round((frames() - before) / scanSeconds),
      "highest MB": round(highest / 1e6),
      "longest stall ms": round(delay.max / 1e6, 1),
      "p99.9 ms": round(delay.percentile(99.9) / 1e6, 1)
    })
    highest = 0
    delay.reset()
  }
})

console.log(`${rate} frames/s of ${size} B, dumped; ${conditions(directory)}`)
await Effect.runPromise(
  program.pipe(Effect.scoped, Effect.provide(EndlessAssignments.layer(InProcessTransport.layer, dump)))
)
table(rows)
console.log(`${sent} frames arrived, ${round(written / 1e9, 1)} GB written and removed`)
console.log(stopped.length === 0 ? "no dump has ended before its scan" : stopped.join("\n"))
rmSync(directory, { recursive: true })
