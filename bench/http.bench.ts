/**
 * `POST /event`, 300 B, durable, against a bare `node:http` server that parses the same JSON and group-commits the same
 * bytes; and `POST /events` NDJSON. Both servers are up; rounds are interleaved; the figures are medians of the rounds.
 */
import { eventBody, post } from "./support/Load.js"
import { conditions, median, ratio, round, table } from "./support/Report.js"
import { bare, cpuMicros, outpost, type Server } from "./support/Server.js"

const rounds = Number(process.env["BENCH_ROUNDS"] ?? 5)
const seconds = Number(process.env["BENCH_SECONDS"] ?? 3)

interface Sample {
  readonly rate: number
  readonly cpu: number
  readonly p99: number
}

const measure = async (
  server: Server,
  connections: number,
  path: string,
  body: string,
  contentType: string,
  events: number
): Promise<Sample> => {
  const before = cpuMicros(server.pid)
  const result = await post(`${server.url}${path}`, { connections, seconds, body, contentType })
  if (result.errors > 0) throw new Error(`${server.name}: ${result.errors} errors`)
  return {
    rate: result.requestsPerSecond * events,
    cpu: (cpuMicros(server.pid) - before) / (result.requests * events),
    p99: result.p99
  }
}

const summary = (samples: ReadonlyArray<Sample>) => ({
  rate: median(samples.map((s) => s.rate)),
  cpu: median(samples.map((s) => s.cpu)),
  p99: median(samples.map((s) => s.p99))
})

const peer = await bare()
const ours = await outpost()
console.log(`POST /event, 300 B, durable; ${conditions(ours.directory)}; ${rounds} rounds of ${seconds} s`)
const rows = []
for (const connections of [32, 64]) {
  const samples: Record<string, Array<Sample>> = { bare: [], outpost: [] }
  for (const server of [peer, ours]) await measure(server, connections, "/event", eventBody, "application/json", 1)
  for (let k = 0; k < rounds; k++) {
    for (const server of k % 2 === 0 ? [peer, ours] : [ours, peer]) {
      samples[server === peer ? "bare" : "outpost"]?.push(
        await measure(server, connections, "/event", eventBody, "application/json", 1)
      )
    }
  }
  const a = summary(samples["bare"] ?? [])
  const b = summary(samples["outpost"] ?? [])
  const ratios = (samples["outpost"] ?? []).map((s, k) => s.rate / (samples["bare"]?.[k]?.rate ?? NaN))
  rows.push({
    connections,
    server: "bare node:http",
    "events/s": round(a.rate),
    "cpu us": round(a.cpu, 1),
    "p99 ms": round(a.p99, 1),
    ratio: "1"
  })
  rows.push({
    connections,
    server: "outpost",
    "events/s": round(b.rate),
    "cpu us": round(b.cpu, 1),
    "p99 ms": round(b.p99, 1),
    ratio: ratio(median(ratios))
  })
  rows.push({
    connections,
    server: "Python reference (842/s at best, never syncs)",
    "events/s": "842",
    "cpu us": "1610",
    "p99 ms": "66",
    ratio: `${round(b.rate / 842)} x`
  })
}
table(rows)
await peer.stop()

console.log(`\nPOST /events, NDJSON, durable; ${conditions(ours.directory)}`)
const batches = []
for (const lines of [100, 1_000]) {
  const body = `${eventBody}\n`.repeat(lines)
  await measure(ours, 4, "/events", body, "application/x-ndjson", lines)
  const samples = []
  for (let k = 0; k < rounds; k++) samples.push(await measure(ours, 4, "/events", body, "application/x-ndjson", lines))
  const { cpu, p99, rate } = summary(samples)
  batches.push({ "lines a request": lines, "events/s": round(rate), "cpu us": round(cpu, 2), "p99 ms": round(p99, 1) })
}
table(batches)
await ours.stop()
