/**
 * The event store without HTTP: append from 256 fibers against the same group commit in bare Node; a site of N events
 * (`BENCH_EVENTS`, default 1 million; the published figures are of 10 million): rebuild of a lost index, readiness after
 * `kill -9`, and queries over HTTP.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { join } from "node:path"
import { open } from "../test/support/Store.js"
import { eventBody } from "./support/Load.js"
import { conditions, median, percentile, ratio, round, table } from "./support/Report.js"
import { outpost, type Server, temporary } from "./support/Server.js"

const events = Number(process.env["BENCH_EVENTS"] ?? 1_000_000)
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 5)

// --- append -----------------------------------------------------------------

const fibers = 256
const perFiber = Number(process.env["BENCH_APPENDS"] ?? 2_000)

const appendBare = async (directory: string): Promise<number> => {
  const file = fs.openSync(join(directory, "bare"), "a")
  const line = Buffer.from(`{"seq":1,"ts":"2026-03-17T11:59:59.999Z","stream":"site",${eventBody.slice(1)}\n`)
  let pending: Array<Buffer> = []
  let acks: Array<() => void> = []
  let busy = false
  const flush = () => {
    if (pending.length === 0) return void (busy = false)
    const [lines, waiting] = [pending, acks]
    pending = []
    acks = []
    fs.writeSync(file, Buffer.concat(lines))
    fs.fdatasync(file, () => {
      for (const ack of waiting) ack()
      flush()
    })
  }
  const append = () =>
    new Promise<void>((resolve) => {
      pending.push(line)
      acks.push(resolve)
      if (!busy) {
        busy = true
        setImmediate(flush)
      }
    })
  const begin = performance.now()
  await Promise.all(
    Array.from({ length: fibers }, async () => {
      for (let k = 0; k < perFiber; k++) await append()
    })
  )
  const rate = (fibers * perFiber * 1_000) / (performance.now() - begin)
  fs.closeSync(file)
  return rate
}

const benchAppend = Effect.gen(function* () {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => temporary("append")),
    (path) => Effect.sync(() => fs.rmSync(path, { recursive: true }))
  )
  const store = yield* open(directory)
  const body = Buffer.from(eventBody)
  const ours = Effect.gen(function* () {
    const begin = performance.now()
    yield* Effect.forEach(Array.from({ length: fibers }), () => Effect.repeatN(store.post(body), perFiber - 1), {
      concurrency: "unbounded",
      discard: true
    })
    return (fibers * perFiber * 1_000) / (performance.now() - begin)
  })
  yield* ours
  const samples: Array<readonly [number, number]> = []
  for (let k = 0; k < rounds; k++) samples.push([yield* Effect.promise(() => appendBare(directory)), yield* ours])
  console.log(`append from ${fibers} fibers, 300 B, durable; ${conditions(directory)}; ${rounds} rounds`)
  table([
    { writer: "bare Node, same group commit", "events/s": round(median(samples.map(([bare]) => bare))), ratio: "1" },
    {
      writer: "TelemetryStore.post",
      "events/s": round(median(samples.map(([, own]) => own))),
      ratio: ratio(median(samples.map(([bare, own]) => own / bare)))
    }
  ])
}).pipe(Effect.scoped)

// --- a long history ---------------------------------------------------------

const days = 10
const filler =
  '"data":{"temperature":12.5,"humidity":81.25,"pressure":1013.2,"wind":{"speed":3.4,"gust":7.9,"direction":271},"sky":"clear","note":"the quick brown fox jumps over the lazy dog and runs away"},"meta":{"station":"roof-3"}}\n'

/** Ten days of events of twenty types, the last one ending now, and 200 rare ones. */
const generate = (site: string): number => {
  const end = Date.now()
  const begin = end - days * 86_400_000
  const rareEvery = Math.max(1, Math.floor(events / 200))
  let bytes = 0
  const buffer = Buffer.allocUnsafe(8 * 1024 * 1024)
  for (let day = 0; day < days; day++) {
    const key = new Date(begin + day * 86_400_000).toISOString().slice(0, 10).replaceAll("-", "")
    const file = fs.openSync(join(site, `site_${key}.ndjson`), "w")
    let used = 0
    for (let i = 0; i < events / days; i++) {
      const seq = day * Math.floor(events / days) + i + 1
      const ts = new Date(begin + Math.floor(((end - begin) * seq) / events)).toISOString()
      const type = seq % rareEvery === 0 ? "rare" : `type-${seq % 20}`
      used += buffer.write(`{"seq":${seq},"ts":"${ts}","stream":"site","type":"${type}",${filler}`, used, "latin1")
      if (used > buffer.length - 1_024) {
        bytes += fs.writeSync(file, buffer, 0, used)
        used = 0
      }
    }
    bytes += fs.writeSync(file, buffer, 0, used)
    // A start makes sure that what it speaks of is on the disk: what was written just now must not be measured with it.
    fs.fdatasyncSync(file)
    fs.closeSync(file)
  }
  return bytes
}

const timed = async <A>(run: () => Promise<A>): Promise<readonly [number, A]> => {
  const begin = performance.now()
  const result = await run()
  return [performance.now() - begin, result]
}

const ready = async (site: string): Promise<readonly [number, Server]> =>
  timed(async () => {
    const server = await outpost({ directory: site, keep: true })
    const answer = await fetch(`${server.url}/ready`)
    if (answer.status !== 200) throw new Error("not ready")
    return server
  })

const ask = async (server: Server, path: string) => {
  const times: Array<number> = []
  let count = 0
  for (let k = 0; k < 7; k++) {
    const [time, answer] = await timed(async () => (await fetch(server.url + path)).text())
    count = (JSON.parse(answer) as { events: ReadonlyArray<unknown> }).events.length
    times.push(time)
  }
  return { ms: median(times), worst: percentile(times, 100), count }
}

const benchHistory = async () => {
  const site = temporary("history")
  const empty = temporary("empty")
  const bytes = generate(site)
  console.log(`\n${events} events, ${round(bytes / 1e6)} MB in ${days} files; ${conditions(site)}`)
  // Once over the files, so that they are in the page cache.
  for (const name of fs.readdirSync(site)) fs.readFileSync(join(site, name))
  const [rebuild] = await timed(() => Effect.runPromise(Effect.scoped(open(site))))
  const starts: Array<number> = []
  const emptyStarts: Array<number> = []
  for (let k = 0; k < rounds; k++) {
    const [time, server] = await ready(site)
    starts.push(time)
    for (let n = 0; n < 50; n++)
      await fetch(`${server.url}/event`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: eventBody
      })
    await server.kill()
    const [nothing, other] = await ready(empty)
    emptyStarts.push(nothing)
    await other.kill()
  }
  const server = (await ready(site))[1]
  const hour = new Date(Date.now() - 3_600_000).toISOString()
  const rare = await ask(server, "/events?stream=site&type=rare&limit=100&order=desc")
  const last = await ask(server, `/events?stream=site&type=type-7&since=${hour}&limit=10000`)
  const newest = await ask(server, "/events?stream=site&limit=100&order=desc")
  await server.stop()
  table([
    {
      what: "rebuild of a lost index, warm",
      figure: `${round(rebuild)} ms`,
      rate: `${round(bytes / 1e3 / rebuild)} MB/s`
    },
    {
      what: "spawn to /ready after kill -9",
      figure: `${round(median(starts))} ms`,
      rate: `${ratio(median(starts) / median(emptyStarts))} x an empty site`
    },
    { what: "the same on an empty site", figure: `${round(median(emptyStarts))} ms`, rate: "" },
    {
      what: `newest 100 of a rare type (${rare.count} found)`,
      figure: `${rare.ms.toFixed(1)} ms`,
      rate: `worst ${rare.worst.toFixed(1)} ms`
    },
    {
      what: `last hour of one type in twenty (${last.count} found)`,
      figure: `${last.ms.toFixed(1)} ms`,
      rate: `worst ${last.worst.toFixed(1)} ms`
    },
    {
      what: `newest 100 of all (${newest.count} found)`,
      figure: `${newest.ms.toFixed(1)} ms`,
      rate: `worst ${newest.worst.toFixed(1)} ms`
    }
  ])
  fs.rmSync(site, { recursive: true })
  fs.rmSync(empty, { recursive: true })
}

await Effect.runPromise(benchAppend)
await benchHistory()
