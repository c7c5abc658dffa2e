/**
 * Memory over time: `BENCH_MINUTES` (default 2; the published figure is of 30) at 2,000 events/s with 50 readers of the live
 * tail. Resident memory is a saw: garbage piles up until it is collected. So it is looked at every second, and each tenth of the
 * time is told by its lowest value, which is what is held; the slope is that of the second half's.
 */
import { readdirSync } from "node:fs"
import { connect } from "node:net"
import { eventBody } from "./support/Load.js"
import { conditions, round, table } from "./support/Report.js"
import { outpost, residentMegabytes } from "./support/Server.js"

const minutes = Number(process.env["BENCH_MINUTES"] ?? 2)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const server = await outpost()
console.log(`2,000 events/s, 50 readers, ${minutes} minutes; ${conditions(server.directory)}`)
const { hostname, port } = new URL(server.url)
let seen = 0
for (let k = 0; k < 50; k++) {
  const socket = connect(Number(port), hostname, () =>
    socket.write(`GET /events/tail HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`)
  )
  socket.on("data", (chunk) => (seen += k === 0 ? chunk.toString("latin1").split("\ndata: ").length - 1 : 0))
}
const lines = `${eventBody}\n`.repeat(20)
const samples: Array<{ minute: number; mb: number; handles: number }> = []
const begin = performance.now()
let sent = 0
let refused = 0
let next = 0
while (performance.now() - begin < minutes * 60_000) {
  const answer = await fetch(`${server.url}/events`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: lines
  })
  await answer.arrayBuffer()
  if (answer.status === 200) sent += 20
  else refused += 20
  const elapsed = performance.now() - begin
  if (elapsed >= next) {
    samples.push({
      minute: elapsed / 60_000,
      mb: residentMegabytes(server.pid),
      handles: readdirSync(`/proc/${server.pid}/fd`).length
    })
    next += 1_000
  }
  await pause(Math.max(0, begin + (sent / 2_000) * 1_000 - performance.now()))
}
await pause(500)
const tenth = minutes / 10
const lowest = Array.from({ length: 10 }, (_, k) => {
  const own = samples.filter(({ minute }) => Math.floor(minute / tenth) === k)
  return {
    minute: (k + 0.5) * tenth,
    mb: Math.min(...own.map(({ mb }) => mb)),
    highest: Math.max(...own.map(({ mb }) => mb)),
    handles: Math.max(...own.map(({ handles }) => handles))
  }
})
const late = lowest.slice(5)
const mean = (of: (sample: (typeof late)[number]) => number) =>
  late.reduce((sum, sample) => sum + of(sample), 0) / late.length
const [x, y] = [mean((s) => s.minute), mean((s) => s.mb)]
const slope =
  late.reduce((sum, s) => sum + (s.minute - x) * (s.mb - y), 0) / late.reduce((sum, s) => sum + (s.minute - x) ** 2, 0)
table(
  lowest.map((sample) => ({
    "up to minute": round(sample.minute + tenth / 2, 1),
    "lowest MB": round(sample.mb, 1),
    "highest MB": round(sample.highest, 1),
    handles: sample.handles
  }))
)
console.log(
  `sent ${sent}, refused ${refused}, seen by one reader ${seen}; slope of the second half ${round(slope * 60, 1)} MB/h`
)
await server.stop()
process.exit(0)
