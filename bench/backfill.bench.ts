/**
 * What a backfill costs beside its source: windows that are empty, with every row of the ledger durable; memory and the cost
 * of a progress tick as windows and backfills grow; how soon a half-done job of 100,000 windows goes on; and a year of
 * 1-minute candles from a local server that answers as an exchange does, in pages of 1,000, into Parquet.
 *
 *     npm run bench -- backfill
 */
import { NodeContext } from "@effect/platform-node"
import { Deferred, Effect, Layer, Option, Schedule } from "effect"
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { LiveRecord } from "../src/backfill/internal/liveRecord.js"
import { newRecord } from "../src/backfill/internal/backfillRun.js"
import * as Outgoing from "../src/outgoing/Outgoing.js"
import { OutgoingSettings } from "../src/outgoing/Settings.js"
import { BinanceHistory } from "../src/plugins/history/BinanceHistory.js"
import { job, open } from "../test/support/BackfillSite.js"
import { ScriptedHistory } from "../test/support/ScriptedHistory.js"
import { EmptyHistory, emptyJob } from "./support/EmptyHistory.js"
import { conditions, round, table } from "./support/Report.js"

const count = Number(process.env["BENCH_WINDOWS"] ?? 100_000)
const rows: Array<Record<string, string>> = []
const note = (what: string, figure: string, rate = "") => rows.push({ what, figure, rate })

const directory = mkdtempSync(join(tmpdir(), "outpost-bench-"))
const megabytes = () => process.memoryUsage().rss / 1_048_576

/** Memory once a part of the windows is done: what the program needs to run at all is in it, and of the windows little. */
const early = 0.2

const empties = Effect.scoped(
  Effect.gen(function* () {
    const site = yield* open(join(directory, "empty"), [EmptyHistory], [emptyJob(count)])
    const from = performance.now()
    const { id } = yield* site.backfills.start({})
    const done = Effect.map(site.backfills.get(id), ({ series }) => series[0]?.done ?? 0)
    yield* Effect.repeat(done, { schedule: Schedule.spaced("50 millis"), until: (windows) => windows >= early * count })
    const before = megabytes()
    const record = yield* site.backfills.await(id)
    const seconds = (performance.now() - from) / 1000
    if (record.series[0]?.empty !== count) return yield* Effect.dieMessage(JSON.stringify(record.series))
    note(`${count} empty windows, ledger durable`, `${round(seconds, 1)} s`, `${round(count / seconds)} windows/s`)
    note(`resident memory at ${early * 100} % of them and at the end`, `${round(before)} and ${round(megabytes())} MB`)
  })
)

/** Half of the windows are in the ledger already: the time from the start of the engine to the first request. */
const resume = Effect.scoped(
  Effect.gen(function* () {
    const asked = yield* Deferred.make<number>()
    const history = new ScriptedHistory(
      () => {
        Deferred.unsafeDone(asked, Effect.succeed(performance.now()))
        return "hang"
      },
      { rowsPerPage: 1 }
    )
    const from = performance.now()
    const site = yield* open(join(directory, "empty"), [history.history], [emptyJob(2 * count)])
    yield* site.backfills.start({})
    const first = yield* Deferred.await(asked)
    note(`${2 * count} windows, half of them done: start to first request`, `${round(first - from)} ms`)
  })
)

/** Counting one window of a record that has so many series. */
const ticks = Effect.sync(() => {
  const perTick = (series: number) => {
    const live = new LiveRecord(newRecord({}, 0, () => false))
    for (let n = 0; n < series; n++) live.add(`s/ohlc/P${n}/1m`, `P${n}`)
    const times = 300_000
    const from = performance.now()
    for (let n = 0; n < times; n++) live.change(`s/ohlc/P${n % series}/1m`, (counts) => counts.done++)
    return ((performance.now() - from) * 1e6) / times
  }
  perTick(10)
  note("a progress tick with 1 / 1,000 series", `${round(perTick(1))} / ${round(perTick(1_000))} ns`)
})

/** A program of its own, as cheap as can be: what it takes is not ours. */
const exchange = Effect.acquireRelease(
  Effect.async<{ readonly url: string; readonly stop: () => void }, Error>((resume) => {
    const child = spawn(process.execPath, ["bench/peers/klines-server.mjs"], { stdio: ["ignore", "pipe", "inherit"] })
    child.stdout.on("data", (text: Buffer) => {
      const url = /http:\/\/\S+/.exec(text.toString())?.[0]
      if (url !== undefined) resume(Effect.succeed({ url, stop: () => void child.kill() }))
    })
    child.on("exit", (code) => resume(Effect.fail(new Error(`the exchange ended with ${code}`))))
  }),
  ({ stop }) => Effect.sync(stop)
)

const candles = Effect.scoped(
  Effect.gen(function* () {
    const { url } = yield* exchange
    const year = job({
      source: "binance",
      isHisto: true,
      settings: { base_url: url },
      start: "2021-01-01",
      end: Option.some("2022-01-01"),
      concurrency: 1
    })
    for (const [name, concurrency] of [
      ["one window at a time", 1],
      ["four windows at a time", 4]
    ] as const) {
      const place = join(directory, `year-${concurrency}`)
      const outgoing = Outgoing.layer({ settings: new OutgoingSettings({}) })
      const site = yield* open(place, [BinanceHistory], [{ ...year, concurrency }], outgoing)
      const from = performance.now()
      const { id } = yield* site.backfills.start({})
      const record = yield* site.backfills.await(id)
      const seconds = (performance.now() - from) / 1000
      if (record.complete !== true) return yield* Effect.dieMessage(JSON.stringify(record))
      note(`a year of 1-minute candles, ${name}`, `${round(seconds, 1)} s`, `${round(record.rows / seconds)} rows/s`)
    }
  })
)

console.log(`backfill; ${conditions(directory)}`)
await Effect.runPromise(
  Effect.gen(function* () {
    yield* empties
    yield* resume
    yield* ticks
    yield* candles
  }).pipe(Effect.provide(Layer.mergeAll(NodeContext.layer)))
)
table(rows)
rmSync(directory, { recursive: true, force: true })
