/**
 * Jobs of the built program against an exchange that fails in every way, killed again and again: after the last resume the
 * dataset is the oracle's, the ledger explains every window, and nothing half-written is left.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import * as DuckDb from "../../src/dataset/DuckDb.js"
import * as ParquetDataset from "../../src/dataset/ParquetDataset.js"
import { Series } from "../../src/domain/Series.js"
import * as CollectorSite from "../support/CollectorSite.js"
import { randomFrom, rounds } from "../support/Crashes.js"
import { recurring } from "../support/exchanges/Faults.js"
import type { Asked } from "../support/exchanges/Venue.js"
import * as ExchangeServer from "../support/ExchangeServer.js"
import * as MarketOracle from "../support/MarketOracle.js"
import { run, start } from "../support/OutpostProcess.js"
import { temporaryDirectory } from "../support/Store.js"

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

const begin = Date.UTC(2021, 0, 1)
const minute = 60_000
const chunks = 500
const windowMinutes = 100
const end = begin + chunks * windowMinutes * minute
const series = Series.make({ source: "binance", type: "ohlc", pair: "BTC-USDT", span: 60 })

const config = `jobs:
  candles:
    source: binance
    settings: {timeout: 1s}
    pairs: [BTC/USDT]
    span: 1m
    start: ${new Date(begin).toISOString()}
    end: ${new Date(end).toISOString()}
    window: ${windowMinutes}m
    concurrency: 8
    retry_delay: 20ms
    max_retries: 3
`

const oracle = MarketOracle.make({ listedAt: begin + 3 * 86_400_000 })

const isEmptyBefore = ({ end = 0, start = 0 }: Asked): boolean =>
  oracle.candles("BTCUSDT", 60, start - (end - start), start).length === 0

/** Times and closes in the files. */
const stored = (site: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const dataset = yield* ParquetDataset.make({
        root: join(site, "data"),
        parts: join(site, ".outpost", "parts"),
        inventory: join(site, "inventory-of-the-test")
      })
      const rows = yield* Stream.runCollect(dataset.read({ series }))
      return [...rows].map(({ TS, close }) => `${BigInt(String(TS)) / 1_000_000n} ${String(close)}`)
    })
  ).pipe(Effect.provide(DuckDb.layer))

const leftovers = (site: string) =>
  [join(site, "data"), join(site, ".outpost", "parts")].flatMap((directory) =>
    fs.existsSync(directory)
      ? fs
          .readdirSync(directory, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile() && !/^\d{4}\.parquet$/.test(entry.name))
          .map(({ name }) => name)
      : []
  )

const coverage = async (site: string, env: Readonly<Record<string, string>>) => {
  const { out } = await run(["coverage", series.key, "--json", "--site", site], { env })
  const { coverage } = JSON.parse(out) as { coverage: ReadonlyArray<Readonly<Record<string, unknown>>> }
  return coverage[0]
}

describe("a backfill that is killed", () => {
  const jobs = rounds(1, 10)
  const kills = rounds(2, 10)

  it.scopedLive(
    `${jobs} jobs of ${chunks} windows, ${kills} times kill -9 each: every window once or explained`,
    () =>
      Effect.gen(function* () {
        for (let seed = 1; seed <= jobs; seed++) {
          const random = randomFrom(seed)
          const site = yield* temporaryDirectory
          fs.writeFileSync(join(site, "outpost.yaml"), config)
          const server = yield* ExchangeServer.make({
            oracle,
            now: () => end + 86_400_000,
            faults: (asked, nth) => {
              const fault = recurring({ seed, rate: 0.2, times: 2 })(asked, nth)
              // The page before once more, where that is an empty one, can't be told from the truth.
              return fault?.kind === "duplicate" && isEmptyBefore(asked) ? undefined : fault
            }
          })
          const env = { DCCD_BINANCE_REST_URL: server.url }
          for (let kill = 0; kill < kills; kill++) {
            const life = start(["backfill", "--resume", "--site", site], { env })
            const after = 700 + random() * 1_500
            const ended = yield* Effect.promise(() =>
              Promise.race([life.ended, new Promise<undefined>((resolve) => setTimeout(resolve, after, undefined))])
            )
            life.child.kill("SIGKILL")
            if (ended === undefined) yield* Effect.promise(() => life.ended)
          }
          yield* Effect.promise(() => run(["backfill", "--resume", "--site", site], { env }))
          const last = yield* Effect.promise(() =>
            run(["backfill", "--resume", "--retry-failed", "--json", "--site", site], { env })
          )
          assert.strictEqual(last.code, 0, last.err)

          const wanted = oracle.candles("BTCUSDT", 60, begin, end).map(({ at, close }) => `${at} ${close}`)
          assert.deepStrictEqual(yield* stored(site), wanted)
          const report = yield* Effect.promise(() => coverage(site, env))
          assert.deepStrictEqual([report?.["unknown"], report?.["failed"]], [[], []])
          assert.deepStrictEqual(leftovers(site), [])
        }
      }),
    3_000_000
  )
})

describe("a full disk", () => {
  const mount = fs.mkdtempSync(join(tmpdir(), "outpost-merge-"))
  let mounted = false
  beforeAll(() => {
    mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", mount]).status === 0
  })
  afterAll(() => {
    if (mounted) spawnSync("umount", [mount])
    fs.rmSync(mount, { recursive: true, force: true })
  })
  /** Bytes that are free when the merge begins: none, or less than it needs. */
  const rooms = [64 * 1024, 0, 200 * 1024].slice(0, rounds(1, 3))

  it.scopedLive(
    "during a merge, then freed: nothing is fetched twice, and the dataset is whole",
    () =>
      Effect.gen(function* () {
        if (!mounted) {
          if (process.env["OUTPOST_REQUIRE_SERVICES"] === "1") assert.fail("a tmpfs can't be mounted: root is required")
          return yield* Effect.sync(() => console.warn("SKIPPED: a tmpfs can't be mounted here (root is needed)"))
        }
        for (const room of rooms) {
          const site = yield* temporaryDirectory
          const data = join(mount, `data-${room}`)
          fs.writeFileSync(join(site, "outpost.yaml"), `settings: {data_path: ${data}}\n${config}`)
          fs.symlinkSync(data, join(site, "data"))
          const server = yield* ExchangeServer.make({ oracle, now: () => end + 86_400_000 })
          const env = { DCCD_BINANCE_REST_URL: server.url }
          const { bavail, bsize } = fs.statfsSync(mount)
          fs.writeFileSync(join(mount, "ballast"), Buffer.alloc(bavail * bsize - room))
          const full = yield* Effect.promise(() => run(["backfill", "--json", "--site", site], { env }))
          assert.strictEqual(full.code, 1, full.err)
          assert.match(JSON.parse(full.out).backfills[0].error, /ENOSPC|No space left/i)
          const asked = server.asked.length

          fs.rmSync(join(mount, "ballast"))
          const freed = yield* Effect.promise(() => run(["backfill", "--resume", "--json", "--site", site], { env }))
          assert.strictEqual(freed.code, 0, freed.err)
          assert.isAtLeast(asked, chunks)
          assert.strictEqual(server.asked.length, asked)
          const wanted = oracle.candles("BTCUSDT", 60, begin, end).map(({ at, close }) => `${at} ${close}`)
          assert.deepStrictEqual(yield* stored(site), wanted)
          assert.deepStrictEqual(leftovers(site), [])
          fs.rmSync(data, { recursive: true })
        }
      }),
    240_000
  )
})

describe("a config that is edited to nonsense while a job runs", () => {
  it.scopedLive(
    "is told, and the job goes on to its end",
    () =>
      Effect.gen(function* () {
        const exchange = { oracle, perSecond: 150 }
        const site = yield* CollectorSite.open({ config, exchange })
        yield* Effect.promise(async () => {
          const status = async () => (await site.call("/status")).json.config.error
          const { json } = await site.post("/api/jobs/start", { jobs: ["candles"] })
          const job = async () => (await site.call(`/api/backfill/${json.id}`)).json
          while ((await job()).series[0].done < 20) await sleep(50)
          fs.writeFileSync(site.configPath, "jobs: {candles: [unclosed")
          for (let k = 0; k < 200 && (await status()) === null; k++) await sleep(50)
          assert.include(await status(), "line 1")
          assert.strictEqual((await job()).status, "running")
          const errors = async () => (await site.call("/api/logs?level=error")).text
          for (let k = 0; k < 200 && !(await errors()).includes("stays in force"); k++) await sleep(50)
          assert.include(await errors(), "the last good one stays in force")
          const record = await CollectorSite.over(site, json.id)
          assert.deepInclude(record, { status: "done", complete: true, failed: 0 })
          fs.writeFileSync(site.configPath, config)
          for (let k = 0; k < 200 && (await status()) !== null; k++) await sleep(50)
          assert.isNull(await status())
        })
      }),
    120_000
  )
})

describe("two at once", () => {
  it.scopedLive(
    "a second `backfill --resume` is told who holds the site, or joins its server",
    () =>
      Effect.gen(function* () {
        const site = yield* temporaryDirectory
        fs.writeFileSync(join(site, "outpost.yaml"), config)
        const server = yield* ExchangeServer.make({ oracle, perSecond: 100 })
        const env = { DCCD_BINANCE_REST_URL: server.url }
        const first = start(["backfill", "--resume", "--site", site], { env })
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 2_000)))
        const second = yield* Effect.promise(() => run(["backfill", "--resume", "--site", site], { env }))
        assert.strictEqual(second.code, 4, second.err)
        first.child.kill("SIGINT")
        const { code } = yield* Effect.promise(() => first.ended)
        assert.strictEqual(code, 130)

        const serving = start(["serve", "--site", site, "--port", "0", "--idle"], { env })
        yield* Effect.promise(() => serving.prints(/listening on/))
        const joined = yield* Effect.promise(() =>
          run(["backfill", "--resume", "--limit", "20", "--site", site], { env })
        )
        assert.strictEqual(joined.code, 0, joined.out + joined.err)
        serving.child.kill("SIGTERM")
        assert.strictEqual((yield* Effect.promise(() => serving.ended)).code, 0)
      }),
    120_000
  )
})
