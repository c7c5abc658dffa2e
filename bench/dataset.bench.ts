/**
 * Parquet series: the inventory of `BENCH_FILES` (default 10,000) files, cold and from the cache; one day merged into a year
 * of 1-minute candles, beside the same as one bare statement of DuckDB's; a year of candles as pages of 1,000, made durable
 * and merged. Ratios are of one run.
 */
import { DuckDBInstance } from "@duckdb/node-api"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import * as DuckDb from "../src/dataset/DuckDb.js"
import { layoutOf } from "../src/dataset/MarketLayout.js"
import * as ParquetDataset from "../src/dataset/ParquetDataset.js"
import type { Row } from "../src/domain/RowLayout.js"
import { Series } from "../src/domain/Series.js"
import { conditions, median, ratio, round, table } from "./support/Report.js"
import { temporary } from "./support/Server.js"

const count = Number(process.env["BENCH_FILES"] ?? 10_000)
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 5)
const window = { start: 0, end: 1 }
const series = Series.make({ source: "binance", type: "ohlc", pair: "BTC-USDT", span: 60 })
const layout = layoutOf("ohlc", "s")
if (layout === undefined) throw new Error("no layout")
const minutes = 366 * 1440
const begin = Date.UTC(2024, 0) / 1_000

const candle = (k: number, bump = 0): Row => {
  const open = 42_000 + Math.round(Math.sin(k / 1_000) * 1e6) / 100 + bump
  return {
    TS: BigInt(begin + k * 60) * 1_000_000_000n,
    open,
    high: open + 12.5,
    low: open - 9.75,
    close: open + 1.25,
    volume: (k % 977) / 8,
    quote_volume: ((k % 977) / 8) * open,
    weighted_average: null
  }
}
const candles = (from: number, length: number, bump = 0) => Array.from({ length }, (_, k) => candle(from + k, bump))

/** Milliseconds by the clock, and of this process's processors: the latter hold on a busy machine, too. */
interface Took {
  readonly ms: number
  readonly cpu: number
}

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<readonly [Took, A], E, R> =>
  Effect.suspend(() => {
    const start = performance.now()
    const before = process.cpuUsage()
    return Effect.map(effect, (value) => {
      const { system, user } = process.cpuUsage(before)
      return [{ ms: performance.now() - start, cpu: (user + system) / 1_000 }, value] as const
    })
  })

const middle = (all: ReadonlyArray<Took>): Took => ({
  ms: median(all.map(({ ms }) => ms)),
  cpu: median(all.map(({ cpu }) => cpu))
})
const figures = ({ cpu, ms }: Took) => ({ ms: round(ms), "cpu ms": round(cpu) })

/** The longest time that the event loop was held while an effect ran. */
const stall = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<readonly [number, A], E, R> =>
  Effect.suspend(() => {
    let longest = 0
    let last = performance.now()
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last - 1)
      last = performance.now()
    }, 1)
    return Effect.map(effect, (value) => [longest, value] as const).pipe(
      Effect.ensuring(Effect.sync(() => clearInterval(timer)))
    )
  })

const open = (site: string) =>
  ParquetDataset.make({ root: join(site, "data"), parts: join(site, "parts"), inventory: join(site, "inventory") })

const benchInventory = Effect.gen(function* () {
  const site = temporary("inventory")
  const first = yield* open(site)
  const part = yield* first.writePart(series, layout, window, candles(0, 1_440))
  const [file = ""] = (yield* first.merge(series, layout, [part])).written
  for (let k = 0; k < count; k++) {
    const path = join(site, `data/s${k % 10}/ohlc/P${Math.floor(k / 100)}-USDT/1m/${1900 + (k % 100)}.parquet`)
    fs.mkdirSync(dirname(path), { recursive: true })
    fs.copyFileSync(file, path)
  }
  fs.rmSync(join(site, "inventory"), { force: true })
  const cold = yield* open(site)
  const [coldTime, [coldStall, rows]] = yield* timed(stall(cold.inventory()))
  const again: Array<Took> = []
  for (let k = 0; k < rounds; k++) again.push((yield* timed(cold.inventory()))[0])
  const [againStall] = yield* stall(cold.inventory())
  const [restartTime] = yield* timed(Effect.flatMap(open(site), (dataset) => dataset.inventory()))
  const session = yield* (yield* DuckDb.DuckDb).session("work")
  const [bare] = yield* timed(
    session.rows(
      `select file_name, min(stats_min_value), max(stats_max_value), sum(row_group_num_rows) from
        parquet_metadata(${DuckDb.literal(join(site, "data"))} || '/*/*/*/*/*.parquet') where path_in_schema = 'TS' group by 1`
    )
  )
  console.log(
    `inventory of ${rows.reduce((sum, row) => sum + row.files, 0)} files in ${rows.length} series; ${conditions(site)}`
  )
  const row = (inventory: string, took: Took, stalled?: number) => ({
    inventory,
    ...figures(took),
    ratio: ratio(took.ms / bare.ms),
    "longest stall, ms": stalled === undefined ? "" : round(stalled)
  })
  table([
    row("DuckDB's parquet_metadata, bare", bare),
    row("cold", coldTime, coldStall),
    row("first of a new process", restartTime),
    row("cached", middle(again), againStall)
  ])
  fs.rmSync(site, { recursive: true })
}).pipe(Effect.scoped)

/** What a script would do: rows of both, the later ones first, one of each time, over the old file. */
const bareMerge = async (year: string, day: string): Promise<Took> => {
  const instance = await DuckDBInstance.create(":memory:", { threads: "2", memory_limit: "512MB" })
  const connection = await instance.connect()
  const merge = Effect.promise(async () => {
    await connection.run(`copy (
      select * exclude (late) from (select *, 0 as late from read_parquet('${year}') union all by name
        select "TS" // 1000000000 as "TS", * exclude ("TS", quote_volume), quote_volume as "quoteVolume", 1 as late from read_json('${day}'))
      qualify row_number() over (partition by "TS" order by late desc) = 1 order by "TS"
    ) to '${year}.bare' (format parquet, compression snappy)`)
    fs.renameSync(`${year}.bare`, year)
  })
  const [took] = await Effect.runPromise(timed(merge))
  connection.closeSync()
  instance.closeSync()
  return took
}

const benchMerge = Effect.gen(function* () {
  const site = temporary("merge")
  const dataset = yield* open(site)
  const whole = yield* dataset.writePart(series, layout, window, candles(0, minutes))
  const [year = ""] = (yield* dataset.merge(series, layout, [whole])).written
  const samples: Array<readonly [Took, Took]> = []
  for (let k = 0; k < rounds; k++) {
    const day = yield* dataset.writePart(series, layout, window, candles((100 + k) * 1_440, 1_440, k + 1))
    const copy = `${site}/bare.parquet`
    fs.copyFileSync(year, copy)
    const bare = yield* Effect.promise(() => bareMerge(copy, day.path))
    samples.push([bare, (yield* timed(dataset.merge(series, layout, [day])))[0]])
  }
  const [bare, own] = [middle(samples.map(([one]) => one)), middle(samples.map(([, one]) => one))]
  console.log(`\none day into a year of 1-minute candles; ${conditions(site)}; ${rounds} rounds`)
  table([
    { merge: "bare DuckDB, not synced", ...figures(bare), ratio: "1" },
    { merge: "Dataset.merge, durable", ...figures(own), ratio: ratio(own.ms / bare.ms) }
  ])
  fs.rmSync(site, { recursive: true })
}).pipe(Effect.scoped)

const benchYear = Effect.gen(function* () {
  const site = temporary("year")
  const dataset = yield* open(site)
  const pages = Array.from({ length: Math.ceil(minutes / 1_000) }, (_, k) =>
    candles(k * 1_000, Math.min(1_000, minutes - k * 1_000))
  )
  const [writing, parts] = yield* timed(
    Effect.forEach(pages, (rows) => dataset.writePart(series, layout, window, rows))
  )
  const [merging, result] = yield* timed(dataset.merge(series, layout, parts))
  const [reading] = yield* timed(Stream.runDrain(dataset.encode("ndjson", { series })))
  const row = (step: string, took: Took) => ({ step, ...figures(took), "rows/s": round((minutes * 1_000) / took.ms) })
  console.log(`\na year of 1-minute candles, ${pages.length} pages; ${result.added} rows; ${conditions(site)}`)
  table([
    row("parts, each synced", writing),
    row("merge of all", merging),
    row("both", { ms: writing.ms + merging.ms, cpu: writing.cpu + merging.cpu }),
    row("read as NDJSON", reading)
  ])
  fs.rmSync(site, { recursive: true })
}).pipe(Effect.scoped)

await Effect.runPromise(
  benchInventory.pipe(
    Effect.zipRight(benchMerge),
    Effect.zipRight(benchYear),
    Effect.provide(DuckDb.layer),
    Effect.scoped
  )
)
