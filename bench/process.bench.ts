/**
 * The process: how fast `--help` and an empty site come up, how much memory an idle site takes, and how long the event loop
 * stalls at most at 2,000 events/s while every sync takes 30 ms (delay injected with strace, where it is installed).
 */
import { execFileSync, spawnSync } from "node:child_process"
import { eventBody } from "./support/Load.js"
import { median, percentile, round } from "./support/Report.js"
import { outpost, residentMegabytes, root, start, temporary } from "./support/Server.js"

const rounds = Number(process.env["BENCH_ROUNDS"] ?? 5)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const spawned = (args: ReadonlyArray<string>) => {
  const begin = performance.now()
  execFileSync(process.execPath, args, { cwd: root, stdio: "ignore" })
  return performance.now() - begin
}

const helps = Array.from({ length: rounds + 1 }, () => spawned(["dist/main.js", "--help"])).slice(1)
const nothing = Array.from({ length: rounds + 1 }, () => spawned(["-e", "0"])).slice(1)
const starts: Array<number> = []
for (let k = 0; k < rounds; k++) {
  const begin = performance.now()
  const server = await outpost()
  starts.push(performance.now() - begin)
  await server.stop()
}
const idle = await outpost()
await pause(5_000)
const resident = residentMegabytes(idle.pid)
await idle.stop()

/** In the first seconds of load the code that every request passes is compiled, here and there. */
const warmUp = 3_000

/** The checkpoint of the index falls into this time several times. */
const stall = async (): Promise<string> => {
  if (spawnSync("strace", ["-V"]).status !== 0) return "strace is not installed"
  const directory = temporary("stall")
  const server = await start(
    "outpost under strace",
    [
      "strace",
      "-f",
      "--seccomp-bpf",
      "-qq",
      "-o",
      "/dev/null",
      "-e",
      "trace=fdatasync,fsync",
      "-e",
      "inject=fdatasync,fsync:delay_exit=30000",
      process.execPath,
      "dist/main.js",
      "serve",
      "--idle",
      "--site",
      directory,
      "--port",
      "0"
    ],
    directory
  )
  // Seen from outside: /health needs the event loop and nothing else.
  const waits: Array<number> = []
  let running = true
  const begin = performance.now()
  const probe = (async () => {
    while (running) {
      const asked = performance.now()
      await (await fetch(`${server.url}/health`)).arrayBuffer()
      if (asked - begin > warmUp) waits.push(performance.now() - asked)
      await pause(2)
    }
  })()
  const lines = `${eventBody}\n`.repeat(20)
  let under = 0
  let sent = 0
  while (performance.now() - begin < 15_000) {
    if (under < 32) {
      under++
      sent += 20
      void fetch(`${server.url}/events`, {
        method: "POST",
        headers: { "content-type": "application/x-ndjson" },
        body: lines
      })
        .then((answer) => answer.arrayBuffer())
        .finally(() => under--)
    }
    await pause(Math.max(0, begin + (sent / 2_000) * 1_000 - performance.now()))
  }
  running = false
  await probe
  // A signal would reach strace, not the server.
  await fetch(`${server.url}/shutdown`, { method: "POST" })
  await pause(3_000)
  return `${round(percentile(waits, 100), 1)} ms (median ${round(percentile(waits, 50), 2)} ms, ${waits.length} probes, ${round(sent / 15)} events/s)`
}

console.log("| what | figure |\n|---|---|")
console.log(`| outpost --help | ${round(median(helps))} ms (node alone ${round(median(nothing))} ms) |`)
console.log(`| serve listening on an empty site | ${round(median(starts))} ms |`)
console.log(`| idle resident memory | ${round(resident)} MB |`)
console.log(`| longest answer of /health, 2,000 events/s, syncs of 30 ms | ${await stall()} |`)
process.exit(0)
