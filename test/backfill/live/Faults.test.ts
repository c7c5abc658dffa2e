/** A venue that misbehaves, on real sockets, and what stands on the disk afterwards. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { join } from "node:path"
import * as DuckDb from "../../../src/dataset/DuckDb.js"
import { Dataset } from "../../../src/dataset/Dataset.js"
import * as ParquetDataset from "../../../src/dataset/ParquetDataset.js"
import { Series } from "../../../src/domain/Series.js"
import * as FeedServer from "../../support/FeedServer.js"
import { venues } from "../../support/FeedVenues.js"
import { temporaryDirectory } from "../../support/Store.js"
import * as Collecting from "./Collecting.js"

const begin = (exchange: keyof typeof venues, channels: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const server = yield* FeedServer.open(venues[exchange])
    const collecting = yield* Collecting.open({ tuning: { backoff: Collecting.atOnce } })
    yield* collecting.collectors.reconcile(Collecting.job(exchange, channels, server.url), { idle: false })
    yield* live(collecting)
    return { server, collecting }
  })

const live = (collecting: Collecting.Collecting) =>
  Collecting.until("live", () => Effect.map(Collecting.statusOf(collecting), ({ state }) => state === "live"))

const trade = { price: 50_000, amount: 1, side: "buy" } as const

describe("a venue that", () => {
  it.scopedLive("drops the connection: the hole is known, and what comes after it is stored", () =>
    Effect.gen(function* () {
      const { collecting, server } = yield* begin("binance", ["trades"])
      server.trade(trade)
      yield* Effect.sleep("300 millis")
      server.drop()
      server.silentTrade(trade)
      yield* Collecting.until("it is back", () => server.connections > 1)
      yield* live(collecting)
      server.trade(trade)
      const tids = () => collecting.dataset.rows("binance/trades/BTC-USDT").map(({ tid }) => tid)
      yield* Collecting.until("both are stored", () => tids().length === 2)
      assert.deepStrictEqual(tids(), ["1", "3"])
      assert.strictEqual((yield* Collecting.statusOf(collecting)).reconnects, 1)
      const [before, after] = collecting.covered.map(({ range }) => range)
      yield* Collecting.until("covered again", () => collecting.covered.length > 1)
      assert.isAtLeast(after?.start ?? Infinity, before?.end ?? 0)
    })
  )

  it.scopedLive("stalls half-open is noticed, and left", () =>
    Effect.gen(function* () {
      const { collecting, server } = yield* begin("bybit", ["trades"])
      server.trade(trade)
      yield* Collecting.until("it was stored", () => collecting.dataset.rows("bybit/trades/BTC-USDT").length === 1)
      server.stall()
      yield* Collecting.until("it is noticed", () =>
        Effect.map(Collecting.statusOf(collecting), ({ error }) => error?.includes("silent") === true)
      )
      server.mute = false
      yield* live(collecting)
      server.trade(trade)
      yield* Collecting.until(
        "the next one was stored",
        () => collecting.dataset.rows("bybit/trades/BTC-USDT").length === 2
      )
    })
  )

  it.scopedLive("sends garbage between its messages is understood all the same", () =>
    Effect.gen(function* () {
      const { collecting, server } = yield* begin("kraken", ["trades", "book"])
      for (const text of [
        "",
        "{",
        "null",
        "[]",
        '{"channel":"trade","data":[{"price":"cheap"}]}',
        "\u{1F4A9}".repeat(1000)
      ]) {
        server.shout(text)
        server.trade(trade)
      }
      yield* Collecting.until("six trades", () => collecting.dataset.rows("kraken/trades/BTC-USDT").length === 6)
      const status = yield* Collecting.statusOf(collecting)
      assert.strictEqual(status.malformed, 6)
      assert.strictEqual(status.state, "live")
      assert.strictEqual(server.connections, 1)
    })
  )

  it.scopedLive.each([
    ["bybit", "book", 50, false],
    ["okx", "book@50", 50, false],
    ["kraken", "book", 10, false],
    ["coinbase", "book@10", 10, false],
    ["bitfinex", "book", 25, true]
  ] as const)("%s, %s: loses a change on the way is asked for the whole book again", ([exchange, book, depth, anew]) =>
    Effect.gen(function* () {
      const { collecting, server } = yield* begin(exchange, [book])
      server.level({ side: "bid", price: 49_999, amount: 7 })
      server.level({ side: "bid", price: 49_998, amount: 0 }, { lost: true })
      for (const client of server.clients) if (exchange === "bitfinex") client.sent++
      server.level({ side: "ask", price: 50_003, amount: 5 })
      const wanted = () => JSON.stringify(server.best(depth))
      const newest = () => {
        const rows = collecting.dataset.rows(`${exchange}/orderbook/BTC-USDT`)
        const last = rows.filter((row) => row["TS"] === rows.at(-1)?.["TS"])
        return JSON.stringify(last.map(({ amount, price, side }) => ({ side, price, amount })))
      }
      yield* Collecting.until("the book is right again", () => newest() === wanted())
      const status = yield* Collecting.statusOf(collecting)
      assert.strictEqual(status.gaps, 1)
      assert.strictEqual(server.connections, anew ? 2 : 1)
    })
  )
})

describe("files", () => {
  it.scopedLive(
    "hold every trade once and every book, in series of their own",
    () =>
      Effect.gen(function* () {
        const root = yield* temporaryDirectory
        const paths = { root: join(root, "data"), parts: join(root, "parts"), inventory: join(root, "inventory.json") }
        const files = yield* Layer.build(ParquetDataset.layerWith(paths).pipe(Layer.provide(DuckDb.layer)))
        const server = yield* FeedServer.open(venues.bybit)
        const collecting = yield* Collecting.open({ directory: join(root, "live"), files: Layer.succeedContext(files) })
        const job = Collecting.job("bybit", ["trades", "book"], server.url, { durable: true })
        yield* collecting.collectors.reconcile(job, { idle: false })
        yield* live(collecting)
        for (let n = 0; n < 500; n++) server.trade({ ...trade, price: 50_000 + n })
        yield* Collecting.until("all are durable", () =>
          Effect.map(Collecting.statusOf(collecting), ({ rows }) => rows > 520)
        )
        yield* collecting.collectors.reconcile({ jobs: [], settings: () => ({}) }, { idle: false })
        const read = (type: string) =>
          Effect.flatMap(Dataset, (dataset) =>
            Stream.runCollect(dataset.read({ series: Series.make({ source: "bybit", type, pair: "BTC-USDT" }) }))
          ).pipe(
            Effect.provide(files),
            Effect.map((rows) => [...rows])
          )
        const trades = yield* read("trades")
        assert.deepStrictEqual(
          trades.map(({ price, tid }) => [tid, price]),
          server.trades.map(({ id, price }) => [`t-${id}`, price])
        )
        const books = yield* read("orderbook")
        assert.strictEqual(books.length % 24, 0)
        assert.isAbove(books.length, 0)
        assert.deepStrictEqual(
          books
            .slice(0, 24)
            .map(({ amount, price, side }) => `${side} ${price} ${amount}`)
            .sort(),
          server
            .best(50)
            .map(({ amount, price, side }) => `${side} ${price} ${amount}`)
            .sort()
        )
      }),
    Duration.toMillis("30 seconds")
  )
})
