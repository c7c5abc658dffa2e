/**
 * An ingester between a detector and two workers. Over ZeroMQ on loopback, detector and workers in processes of their own,
 * against a bare loop that relays the same messages from PULL to ROUTER; and within one process. Ten events in a row go to one
 * worker. Rounds of both are interleaved; figures are medians. Latency is that of frames from send to receipt, at half the rate
 * that the ingester has reached.
 */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { loadavg } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import * as zmq from "zeromq"
import * as FrameDump from "../src/ingest/FrameDump.js"
import * as InProcessTransport from "../src/ingest/transport/InProcessTransport.js"
import * as ZmqTransport from "../src/ingest/transport/ZmqTransport.js"
import { SyntheticSource } from "../src/plugins/source/SyntheticSource.js"
import { ZeromqSource } from "../src/plugins/source/ZeromqSource.js"
import * as EndlessAssignments from "./support/EndlessAssignments.js"
import { median, percentile, ratio, round, table } from "./support/Report.js"
import { root } from "./support/Server.js"

const rounds = Number(process.env["BENCH_ROUNDS"] ?? 3)
const seconds = Number(process.env["BENCH_SECONDS"] ?? 2)
const sizes = (process.env["BENCH_SIZES"] ?? "100,2000,1048576").split(",").map(Number)
const upstream = "tcp://127.0.0.1:17771"
const downstream = "tcp://127.0.0.1:17772"
/** Events a second of the Python ingester, batches of ten: reference section 9. */
const python: Readonly<Record<number, number>> = { 100: 1_611, 2_000: 3_543, 1_048_576: 757 }

/** Milliseconds before latency is measured: what is compiled meanwhile is not the relay's. */
const warmth = 5_000

interface Heard {
  readonly frames: number
  readonly latencies: ReadonlyArray<number>
}

const peer = async (...args: ReadonlyArray<string>): Promise<ChildProcess> => {
  const child = fork(join(root, "bench/peers/ingest-peer.mjs"), [...args])
  await once(child, "message")
  return child
}
const hear = async (workers: ChildProcess): Promise<Heard> => {
  workers.send("?")
  return (await once(workers, "message"))[0]
}
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** What arrives at the workers in a while, once it flows; the processor time that this process takes for each frame. */
const measure = async (size: number, rate: number, relay: () => Promise<() => Promise<void>>, warm = 500) => {
  const source = await peer("source", upstream, String(size), String(rate))
  const workers = await peer("workers", downstream)
  const stop = await relay()
  await sleep(warm)
  const before = await hear(workers)
  const cpu = process.cpuUsage()
  const begin = performance.now()
  await sleep(seconds * 1_000)
  const after = await hear(workers)
  const elapsed = (performance.now() - begin) / 1_000
  const used = process.cpuUsage(cpu)
  await stop()
  for (const child of [source, workers]) {
    child.kill("SIGKILL")
    await once(child, "exit")
  }
  const frames = after.frames - before.frames
  return { rate: frames / elapsed, micros: (used.user + used.system) / frames, latencies: after.latencies }
}

/** The least that has to be done: receive, put a header in front, send to a worker; wait where that one is full. */
const bareRelay = async () => {
  const pull = new zmq.Pull({ linger: 0 })
  pull.connect(upstream)
  const router = new zmq.Router({ mandatory: true, sendTimeout: 0, linger: 0 })
  await router.bind(downstream)
  await router.receive()
  await router.receive()
  const header = Buffer.alloc(106, "h")
  const relay = async () => {
    for (let event = 0; ; event++) {
      const message = await pull.receive()
      const worker = EndlessAssignments.workerOf(event)
      while (
        !(await router.send([worker, header, ...message]).then(
          () => true,
          () => false
        ))
      )
        await sleep(1)
    }
  }
  const done = relay().catch(() => undefined)
  return async () => {
    pull.close()
    await done
    await router.unbind(router.lastEndpoint ?? "")
    router.close()
  }
}

const ours = async () => {
  const controller = new AbortController()
  const running = Effect.runPromise(
    ZeromqSource.prepare({ url: upstream, buffer: 2 * 2 ** 20 }).pipe(
      Effect.flatMap((source) => EndlessAssignments.forward(downstream, source)),
      Effect.flatMap(({ begin }) => begin(1)),
      Effect.zipRight(Effect.never),
      Effect.scoped,
      Effect.provide(EndlessAssignments.layer(ZmqTransport.layer, FrameDump.layerNone))
    ),
    { signal: controller.signal }
  ).catch((error: unknown) => {
    if (!controller.signal.aborted) throw error
  })
  return async () => {
    controller.abort()
    await running
  }
}

const inProcess = (size: number) =>
  Effect.gen(function* () {
    const source = yield* SyntheticSource.prepare({ size, shape: "raw" })
    const frames = yield* EndlessAssignments.take("inproc://bench")
    yield* Effect.flatMap(EndlessAssignments.forward("inproc://bench", source), ({ begin }) => begin(1))
    yield* Effect.sleep("500 millis")
    const before = frames()
    const begin = performance.now()
    yield* Effect.sleep(seconds * 1_000)
    return ((frames() - before) * 1_000) / (performance.now() - begin)
  }).pipe(
    Effect.scoped,
    Effect.provide(EndlessAssignments.layer(InProcessTransport.layer, FrameDump.layerNone)),
    Effect.runPromise
  )

const load = () => `load average ${loadavg()[0]?.toFixed(1)}, Node ${process.version}`

console.log(`Over ZeroMQ; ${load()}`)
const rows = []
for (const size of sizes) {
  const bare: Array<Awaited<ReturnType<typeof measure>>> = []
  const mine: Array<Awaited<ReturnType<typeof measure>>> = []
  for (let at = 0; at < rounds; at++) {
    bare.push(await measure(size, 0, bareRelay))
    mine.push(await measure(size, 0, ours))
  }
  const half = Math.round(median(mine.map(({ rate }) => rate)) / 2)
  const calm = { bare: await measure(size, half, bareRelay, warmth), mine: await measure(size, half, ours, warmth) }
  const rate = median(mine.map((run) => run.rate))
  rows.push({
    "frame B": size,
    "events/s": round(rate),
    "bare relay/s": round(median(bare.map((run) => run.rate))),
    "of bare": ratio(median(mine.map((run, at) => run.rate / (bare[at]?.rate ?? NaN)))),
    "of Python": ratio(rate / (python[size] ?? NaN)),
    "cpu us": round(median(mine.map(({ micros }) => micros)), 1),
    "bare cpu us": round(median(bare.map(({ micros }) => micros)), 1),
    "p99 ms at half": round(percentile(calm.mine.latencies, 99), 2),
    "bare p99 ms": round(percentile(calm.bare.latencies, 99), 2)
  })
}
table(rows)
console.log(`\nIn one process; ${load()}`)
const inside = []
for (const size of [100, 2_000]) {
  const rates = []
  for (let at = 0; at < rounds; at++) rates.push(await inProcess(size))
  inside.push({ "frame B": size, "events/s": round(median(rates)) })
}
table(inside)
