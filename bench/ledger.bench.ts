/**
 * The chunk ledger: a file of N rows (`BENCH_ROWS`, default 1 million) opened by the engine and folded by the tool, beside
 * Python's `csv` reading the same file; and durable appends from 64 fibers, beside the same group commit in bare Node and
 * beside Python appending with an fsync for each row.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { join } from "node:path"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as AttemptRow from "../src/ledger/AttemptRow.js"
import * as Ledger from "../src/ledger/Ledger.js"
import { encode, header } from "../src/ledger/LedgerCsv.js"
import * as LedgerFile from "../src/ledger/LedgerFile.js"
import { instant } from "../src/ledger/LedgerText.js"
import { conditions, median, ratio, round, table } from "./support/Report.js"
import { temporary } from "./support/Server.js"

const count = Number(process.env["BENCH_ROWS"] ?? 1_000_000)
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 5)
const series = "binance/ohlc/BTC-USDT/1h"
const epoch = Date.UTC(2020, 0, 1)

/** The three rows of the n-th window: begun, downloaded, in the dataset. */
const rowsOf = (n: number): ReadonlyArray<string> => {
  const start = epoch + n * 3_600_000
  const finishedAt = start + 90_000
  const attempt: AttemptRow.Attempt = {
    runId: "0f8fad5b-d9cb-469f-a165-70867728950e",
    series,
    descriptor: "ohlc 1h",
    window: { start, end: start + 3_600_000 },
    startedAt: instant(start + 7),
    outputFormat: "parquet"
  }
  const path = `data/binance/ohlc/BTC-USDT/1h/${new Date(start).getUTCFullYear()}.parquet`
  return [
    AttemptRow.pending("download", attempt),
    AttemptRow.downloaded(attempt, {
      records: 60,
      bytes: 4_096,
      path: `.outpost/parts/${n}.part`,
      seconds: 0.123,
      finishedAt
    }),
    AttemptRow.processed(attempt, { bytes: 1_048_576, path, seconds: 0.045, finishedAt })
  ].map(encode)
}

const generate = (path: string): number => {
  const file = fs.openSync(path, "w")
  let text = header
  for (let n = 0; n * 3 < count; n++) {
    text += rowsOf(n).join("")
    if (text.length > 4_000_000) {
      fs.writeSync(file, text)
      text = ""
    }
  }
  fs.writeSync(file, text)
  fs.closeSync(file)
  return fs.statSync(path).size
}

const python = (script: string, ...args: ReadonlyArray<string>): ReadonlyArray<number> | undefined => {
  const { status, stdout } = spawnSync("python3", ["-c", script, ...args], { encoding: "utf8", maxBuffer: 1 << 26 })
  return status === 0 ? stdout.trim().split(" ").map(Number) : undefined
}

/** Seconds, and how many rows. */
const readers = {
  "Python csv.reader": `import csv, sys, time
t = time.perf_counter(); n = sum(1 for _ in csv.reader(open(sys.argv[1], newline="", encoding="utf-8"))) - 1
print(time.perf_counter() - t, n)`,
  "Python csv.DictReader, latest row of each date": `import csv, sys, time
t = time.perf_counter(); latest = {}; n = 0
for row in csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8")):
    n += 1; day = row["chunk_date_utc"]
    if day not in latest or row["started_at_utc"] >= latest[day]["started_at_utc"]: latest[day] = row
print(time.perf_counter() - t, n)`
}

const run = <A, E>(effect: Effect.Effect<A, E, NodeContext.NodeContext | Scope.Scope>): Promise<A> =>
  Effect.runPromise(effect.pipe(Effect.scoped, Effect.provide(NodeContext.layer)))

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

const held = (): number => {
  collect()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return arrayBuffers + heapUsed
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const begin = performance.now()
  await work()
  return (performance.now() - begin) / 1_000
}

const benchLoad = async () => {
  const directory = temporary("ledger")
  const path = join(directory, "ledger.csv")
  const bytes = generate(path)
  const rows = Math.ceil(count / 3) * 3
  console.log(
    `${rows} rows of three a window, ${round(bytes / 1e6)} MB, warm; ${conditions(directory)}; ${rounds} rounds`
  )
  const times = new Map<string, Array<number>>()
  const note = (name: string, seconds: number) => times.set(name, [...(times.get(name) ?? []), seconds])
  let memory = 0
  for (let k = 0; k < rounds; k++) {
    for (const [name, script] of Object.entries(readers)) {
      const found = python(script, path)
      if (found?.[0] === undefined) continue
      if (found[1] !== rows) throw new Error(`${name} read ${found[1]} rows`)
      note(name, found[0])
    }
    const before = held()
    const scope = Effect.runSync(Scope.make())
    note(
      "Ledger.make",
      await timed(() =>
        Effect.runPromise(Ledger.make(path).pipe(Scope.extend(scope), Effect.provide(NodeContext.layer)))
      )
    )
    memory = held() - before
    await Effect.runPromise(Scope.close(scope, Exit.void))
    note("LedgerFile.state (ledger state)", await timed(() => run(LedgerFile.state(path))))
  }
  const base = median(times.get("Python csv.reader") ?? times.get("Ledger.make") ?? [])
  table(
    [...times].map(([reader, seconds]) => ({
      reader,
      seconds: round(median(seconds), 2),
      "rows/s": round(rows / median(seconds)),
      "MB/s": round(bytes / 1e6 / median(seconds)),
      ratio: ratio(base / median(seconds))
    }))
  )
  console.log(`memory held by Ledger.make: ${round(memory / 1e6)} MB, ${round(memory / (rows / 3))} bytes a window`)
  fs.rmSync(directory, { recursive: true })
}

// --- append -----------------------------------------------------------------

const fibers = 64
const perFiber = Number(process.env["BENCH_APPENDS"] ?? 500)
const line = Buffer.from(rowsOf(0)[1] ?? "")

const appendBare = async (directory: string): Promise<number> => {
  const file = fs.openSync(join(directory, "bare"), "a")
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
  const seconds = await timed(() =>
    Promise.all(
      Array.from({ length: fibers }, async () => {
        for (let k = 0; k < perFiber; k++) await append()
      })
    )
  )
  fs.closeSync(file)
  return (fibers * perFiber) / seconds
}

const appendPython = `import csv, os, sys, time
t = time.perf_counter(); n = 0
while time.perf_counter() - t < 1:
    with open(sys.argv[1], "a", newline="", encoding="utf-8") as fh:
        csv.writer(fh).writerow(["x" * 10] * 24); fh.flush(); os.fsync(fh.fileno())
    n += 1
print(n / (time.perf_counter() - t))`

const appendOurs = (directory: string): Promise<number> =>
  run(
    Effect.gen(function* () {
      const ledger = yield* Ledger.make(join(directory, "ours.csv"))
      const attempt = (n: number): AttemptRow.Attempt => ({
        runId: "0f8fad5b-d9cb-469f-a165-70867728950e",
        series,
        descriptor: "ohlc 1h",
        window: { start: epoch + n * 3_600_000, end: epoch + (n + 1) * 3_600_000 },
        startedAt: instant(epoch + n)
      })
      const begin = performance.now()
      yield* Effect.forEach(
        Array.from({ length: fibers }),
        (_, fiber) =>
          Effect.forEach(
            Array.from({ length: perFiber }),
            (_, k) =>
              Effect.suspend(() => ledger.append(AttemptRow.pending("download", attempt(fiber * perFiber + k)))),
            { discard: true }
          ),
        { concurrency: "unbounded", discard: true }
      )
      return (fibers * perFiber * 1_000) / (performance.now() - begin)
    })
  )

const benchAppend = async () => {
  const directory = temporary("ledger-append")
  await appendOurs(directory)
  const samples: Array<{ bare: number; ours: number; python: number | undefined }> = []
  for (let k = 0; k < rounds; k++) {
    const bare = await appendBare(directory)
    const ours = await appendOurs(directory)
    samples.push({ bare, ours, python: python(appendPython, join(directory, "python.csv"))?.[0] })
  }
  const pythons = samples.flatMap(({ python }) => python ?? [])
  console.log(`\ndurable appends from ${fibers} fibers; ${conditions(directory)}; ${rounds} rounds`)
  table([
    { writer: "bare Node, same group commit", "rows/s": round(median(samples.map(({ bare }) => bare))), ratio: "1" },
    {
      writer: "Ledger.append",
      "rows/s": round(median(samples.map(({ ours }) => ours))),
      ratio: ratio(median(samples.map(({ bare, ours }) => ours / bare)))
    },
    ...(pythons.length === 0
      ? []
      : [
          {
            writer: "Python, open, write, fsync, close",
            "rows/s": round(median(pythons)),
            ratio: ratio(median(samples.map(({ bare, python }) => (python ?? NaN) / bare)))
          }
        ])
  ])
  fs.rmSync(directory, { recursive: true })
}

await benchLoad()
await benchAppend()
