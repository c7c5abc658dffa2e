/**
 * Live streams of the built program on venues that drop the line, let it die half-open, or send garbage, and under kill -9:
 * what is lost is noticed in time, known as a hole, and filled by a backfill.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { join } from "node:path"
import { afterAll } from "vitest"
import { rounds } from "../support/Crashes.js"
import * as ExchangeServer from "../support/ExchangeServer.js"
import * as FeedServer from "../support/FeedServer.js"
import { venues } from "../support/FeedVenues.js"
import * as MarketOracle from "../support/MarketOracle.js"
import { run } from "../support/OutpostProcess.js"
import { cleanUp, newDirectory, serve, type SiteServer } from "../support/SiteServer.js"

afterAll(cleanUp)

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

const eventually = async (what: string, within: number, holds: () => Promise<boolean>) => {
  const begin = performance.now()
  while (!(await holds())) {
    if (performance.now() - begin > within) assert.fail(`not within ${within} ms: ${what}`)
    await sleep(100)
  }
}

const stateOf = async (site: SiteServer, exchange: string): Promise<string> =>
  (await site.call("/api/streams")).json.find((stream: { exchange: string }) => stream.exchange === exchange).state

const start = (site: SiteServer, exchange: string) =>
  site.post("/api/streams/start", { exchange, pair: "BTC/USDT", channels: ["trades"] })

/** Numbers of the trades that stand in the dataset. */
const stored = async (site: SiteServer, exchange: string): Promise<ReadonlyArray<string>> => {
  const { status, text } = await site.call(`/api/data?series=${exchange}/trades/BTC-USDT&format=ndjson`)
  return status === 200
    ? text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).tid)
    : []
}

const symbol = "BTC-USDT"

/** A market that is busy for the next two minutes. */
const busy = (): MarketOracle.MarketOracle => {
  const now = Date.now()
  const isQuiet = ({ trades }: MarketOracle.MarketOracle) =>
    Array.from({ length: 12 }, (_, k) => trades(symbol, now + k * 10_000, now + (k + 1) * 10_000)).some(
      ({ length }) => length < 2
    )
  for (let n = 0; ; n++) {
    const oracle = MarketOracle.make({ seed: `live ${n}` })
    if (!isQuiet(oracle)) return oracle
  }
}

/** Tells the trades of a market as they happen to whoever listens. */
const telling = (oracle: MarketOracle.MarketOracle, feed: FeedServer.FeedServer) => {
  let told = Date.now()
  const timer = setInterval(() => {
    const now = Date.now()
    for (const { amount, at, id, isBuy, price } of oracle.trades(symbol, told, now)) {
      const trade = { id, at, price, amount, side: isBuy ? ("buy" as const) : ("sell" as const) }
      for (const client of feed.clients) if (!feed.mute) feed.say(client, venues.okx.trade(trade, client, feed))
    }
    told = now
  }, 100)
  return () => clearInterval(timer)
}

/** A heartbeat is ten seconds, and a busy machine takes its time. */
const twoHeartbeats = 20_000 + 2_000
/** The longest second wait between connections, and the time to be live again. */
const reconnected = 12_500 + 5_000

describe("a venue", () => {
  it.scopedLive(
    "that sends garbage, drops the line and lets it die half-open: noticed in time, and healed by a backfill",
    () =>
      Effect.gen(function* () {
        const oracle = busy()
        const exchange = yield* ExchangeServer.make({ oracle })
        const feed = yield* FeedServer.open(venues.okx)
        yield* Effect.acquireRelease(
          Effect.sync(() => telling(oracle, feed)),
          (stop) => Effect.sync(stop)
        )
        const directory = newDirectory()
        fs.writeFileSync(
          join(directory, "outpost.yaml"),
          "stream_jobs:\n  - {exchange: okx, pairs: [BTC/USDT], channels: [trades], time_step: 1}\n"
        )
        const env = { DCCD_OKX_WS_URL: feed.url, DCCD_OKX_REST_URL: exchange.url }
        yield* Effect.promise(async () => {
          const site = await serve(directory, { env })
          const isLive = async () => (await stateOf(site, "okx")) === "live"
          await start(site, "okx")
          await eventually("live", 60_000, isLive)
          await sleep(2_500)
          const begin = Date.now()

          for (const text of ["", "{", "null", "[]", '{"arg":{"channel":"trades"},"data":[{"px":1}]}', "\u{1F4A9}"]) {
            feed.shout(text)
          }
          await sleep(4_000)
          assert.deepStrictEqual([await stateOf(site, "okx"), feed.connections], ["live", 1])

          feed.drop()
          await eventually("the drop is noticed", 2_000, async () => !(await isLive()))
          await eventually("live again", reconnected, isLive)
          await sleep(5_000)

          feed.stall()
          await eventually("the silence is noticed", twoHeartbeats, async () => !(await isLive()))
          feed.mute = false
          await eventually("live once more", reconnected, isLive)
          await sleep(2_500)
          const end = Date.now()
          await sleep(2_500)
          await site.post("/api/streams/stop", { exchange: "okx", pair: "BTC/USDT", channels: ["trades"] })

          const within = oracle.trades(symbol, begin, end).map(({ id }) => String(id))
          const before = new Set(await stored(site, "okx"))
          const lost = within.filter((id) => !before.has(id))
          assert.isNotEmpty(lost, "nothing was lost, so nothing is shown")
          const times = ["--start", new Date(begin).toISOString(), "--end", new Date(end).toISOString()]
          const unknown = async () => {
            const report = await run(["coverage", "okx/trades/BTC-USDT", ...times, "--json", "--site", directory], {
              env
            })
            return JSON.parse(report.out).coverage[0].unknown
          }
          assert.isNotEmpty(await unknown())
          const request = ["--source", "okx", "--series", "okx/trades/BTC-USDT", ...times]
          const healed = await run(["backfill", ...request, "--json", "--site", directory], { env })
          assert.strictEqual(healed.code, 0, healed.err + healed.out)
          const after = new Set(await stored(site, "okx"))
          assert.deepStrictEqual(
            within.filter((id) => !after.has(id)),
            []
          )
          assert.deepStrictEqual(await unknown(), [])
        })
      }),
    180_000
  )
})

describe("kill -9 of a site with live streams", () => {
  const kills = rounds(1, 20)
  const step = 2

  it.scopedLive(
    `${kills} times: a durable stream loses nothing it was told, another one at most its last ${step} s`,
    () =>
      Effect.gen(function* () {
        const durable = yield* FeedServer.open(venues.okx)
        const usual = yield* FeedServer.open(venues.bybit)
        const directory = newDirectory()
        fs.writeFileSync(
          join(directory, "outpost.yaml"),
          // With a step of an hour, what is there after the kill came out of the journal.
          `stream_jobs:
  - {exchange: okx, pairs: [BTC/USDT], channels: [trades], time_step: 3600, durable: true}
  - {exchange: bybit, pairs: [BTC/USDT], channels: [trades], time_step: ${step}}
`
        )
        const env = { DCCD_OKX_WS_URL: durable.url, DCCD_BYBIT_WS_URL: usual.url }
        /** How long before its site died each trade was told, in ms. */
        const ages = new Map<number, number>()
        const serving = async () => {
          const site = await serve(directory, { env })
          for (const exchange of ["okx", "bybit"]) {
            await start(site, exchange)
            await eventually(`${exchange} is live`, 60_000, async () => (await stateOf(site, exchange)) === "live")
          }
          return site
        }
        yield* Effect.promise(async () => {
          for (let kill = 0; kill < kills; kill++) {
            const site = await serving()
            const told = new Map<number, number>()
            for (const until = performance.now() + 7_000 + Math.random() * 3_000; performance.now() < until;) {
              for (const feed of [durable, usual]) {
                const { id } = feed.trade({ at: Date.now(), price: 50_000, amount: 1, side: "buy" })
                told.set(id, performance.now())
              }
              await sleep(20)
            }
            const died = performance.now()
            await site.kill()
            for (const [id, at] of told) ages.set(id, died - at)
          }
          const site = await serving()
          const missing = async (exchange: string, older: number) => {
            const there = new Set((await stored(site, exchange)).map((tid) => tid.replace("t-", "")))
            return [...ages].filter(([id, age]) => age > older && !there.has(String(id))).map(([id]) => id)
          }
          assert.isAbove(ages.size, 100 * kills)
          // What was on the line when the site died it was not told.
          assert.deepStrictEqual(await missing("okx", 250), [])
          // A flush takes its time too, the first one above all: on a busy machine a few seconds.
          assert.deepStrictEqual(await missing("bybit", step * 1_000 + 3_500), [])
          await site.kill()
        })
      }),
    60_000 + kills * 60_000
  )
})
