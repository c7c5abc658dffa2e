/**
 * Live readers: what 200 readers of `/events/tail` cost a server that takes 2,000 events a second, in processor time and in
 * the senders' latency. The readers are in a process of their own, so that theirs is no part of the latency that is measured
 * here; with two cores they still take a share of what the server could have.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { Agent, request } from "node:http"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { eventBody } from "./support/Load.js"
import { conditions, percentile, round, table } from "./support/Report.js"
import { cpuMicros, outpost, root, type Server } from "./support/Server.js"

const rate = Number(process.env["BENCH_RATE"] ?? 2_000)
const seconds = Number(process.env["BENCH_SECONDS"] ?? 8)
const agent = new Agent({ keepAlive: true, maxSockets: 64 })

const post = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    const begin = performance.now()
    const sent = request(
      `${server.url}/event`,
      {
        method: "POST",
        agent,
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(eventBody) }
      },
      (response) => {
        response
          .resume()
          .on("end", () =>
            response.statusCode === 200
              ? resolve(performance.now() - begin)
              : reject(new Error(String(response.statusCode)))
          )
      }
    )
    sent.on("error", reject)
    sent.end(eventBody)
  })

/** Connects so many readers; answers how to ask for the events that one of them has seen, and how to end them. */
const connectReaders = async (server: Server, readers: number) => {
  const child = spawn(process.execPath, [join(root, "bench/peers/readers.mjs"), server.url, String(readers)], {
    stdio: ["pipe", "pipe", "inherit"]
  })
  const said = createInterface(child.stdout)
  await once(said, "line")
  return {
    seen: async () => {
      child.stdin.write("\n")
      return Number((await once(said, "line"))[0])
    },
    end: async () => {
      child.stdin.end()
      await once(child, "exit")
    }
  }
}

/** Posts at a steady rate from one timer of 10 ms. */
const load = async (server: Server) => {
  const latencies: Array<number> = []
  const waiting: Array<Promise<unknown>> = []
  const begin = performance.now()
  const before = cpuMicros(server.pid)
  let sent = 0
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsed = performance.now() - begin
      if (elapsed > seconds * 1_000) {
        clearInterval(timer)
        return resolve()
      }
      for (const due = (elapsed * rate) / 1_000; sent < due; sent++)
        waiting.push(post(server).then((ms) => latencies.push(ms)))
    }, 10)
  })
  await Promise.all(waiting)
  const spent = performance.now() - begin
  return {
    cpu: (cpuMicros(server.pid) - before) / (spent * 10),
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    sent,
    rate: (sent * 1_000) / spent
  }
}

const server = await outpost()
console.log(`${rate} events/s posted one by one; ${conditions(server.directory)}`)
const first = await connectReaders(server, 50)
await load(server)
await first.end()
const rows = []
for (const readers of [0, 50, 200]) {
  const live = readers === 0 ? undefined : await connectReaders(server, readers)
  // Coming and going costs about a millisecond each, which is no part of following.
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const result = await load(server)
  await new Promise((resolve) => setTimeout(resolve, 300))
  const seen = await live?.seen()
  await live?.end()
  rows.push({
    readers,
    "server cpu %": round(result.cpu, 1),
    "sent/s": round(result.rate),
    "p50 ms": round(result.p50, 2),
    "p99 ms": round(result.p99, 2),
    "seen by one reader": seen === undefined ? "" : `${seen} of ${result.sent}`
  })
}
table(rows)
await server.stop()
