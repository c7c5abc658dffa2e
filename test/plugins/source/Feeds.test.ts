/** Each exchange's feed, through the engine, against a server that speaks that exchange's protocol. */
import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { BookState } from "../../../src/backfill/live/BookState.js"
import { feeds } from "../../../src/plugins/source/Feeds.js"
import * as Collecting from "../../backfill/live/Collecting.js"
import * as FeedServer from "../../support/FeedServer.js"
import { venues } from "../../support/FeedVenues.js"

interface Case {
  readonly exchange: keyof typeof venues
  readonly book: string
  readonly depth: number
  /** How the exchange names the trade of this number. */
  readonly tid: (id: number) => string
  /** Nanoseconds that it adds to the milliseconds. */
  readonly nanos?: bigint
  readonly single?: boolean
}

const cases: ReadonlyArray<Case> = [
  { exchange: "binance", book: "book@10", depth: 10, tid: String },
  { exchange: "bybit", book: "book", depth: 50, tid: (id) => `t-${id}` },
  { exchange: "okx", book: "book", depth: 5, tid: String },
  { exchange: "okx", book: "book@50", depth: 50, tid: String },
  { exchange: "kraken", book: "book", depth: 10, tid: String, nanos: 456_000n },
  { exchange: "coinbase", book: "book@10", depth: 10, tid: String },
  { exchange: "bitfinex", book: "book", depth: 25, tid: String, single: true },
  { exchange: "bitmex", book: "book", depth: 10, tid: (id) => `m-${id}`, single: true },
  { exchange: "bitmex", book: "book@25", depth: 25, tid: (id) => `m-${id}`, single: true }
]

/** A machine that stands still for a moment does not take the venue for silent. */
const patient = { heartbeat: Duration.minutes(1), answerWithin: Duration.minutes(1) }

const isLive = (collecting: Collecting.Collecting) =>
  Collecting.until("every stream is live", () =>
    Effect.map(collecting.collectors.list, (all) => all.length > 0 && all.every(({ state }) => state === "live"))
  )

describe.each(cases)("$exchange, $book", ({ book, depth, exchange, nanos = 0n, single = false, tid }) => {
  const begin = Effect.gen(function* () {
    const server = yield* FeedServer.open(venues[exchange])
    const collecting = yield* Collecting.open({ tuning: patient })
    yield* collecting.collectors.reconcile(Collecting.job(exchange, ["trades", book], server.url), { idle: false })
    yield* isLive(collecting)
    return { server, collecting }
  })

  it.scopedLive("stores every trade as it was told, once", () =>
    Effect.gen(function* () {
      const { collecting, server } = yield* begin
      server.trade({ price: 50_000.25, amount: 0.125, side: "buy" })
      server.trade({ price: 50_000, amount: 1.5, side: "sell" }, 2)
      for (let n = 0; n < 40; n++)
        server.trade({ price: 50_000 + n, amount: 0.01 * (n + 1), side: n % 2 ? "buy" : "sell" })
      const series = `${exchange}/trades/BTC-USDT`
      yield* Collecting.until("42 trades are stored", () => collecting.dataset.rows(series).length >= 42)
      assert.deepStrictEqual(
        collecting.dataset.rows(series),
        server.trades.map(({ amount, at, id, price, side }) => ({
          TS: BigInt(at) * 1_000_000n + nanos,
          tid: tid(id),
          // Some exchanges spell a number with so many digits and no more.
          price: exchange === "kraken" ? Number(price.toFixed(1)) : price,
          amount: exchange === "kraken" ? Number(amount.toFixed(8)) : amount,
          side
        }))
      )
    })
  )

  it.scopedLive("keeps the book as the venue has it: levels that come, change and go", () =>
    Effect.gen(function* () {
      const { collecting, server } = yield* begin
      const series = `${exchange}/orderbook/BTC-USDT`
      server.level({ side: "bid", price: 50_000, amount: 9 })
      server.level({ side: "bid", price: 49_998.5, amount: 0 })
      server.level({ side: "ask", price: 50_000.5, amount: 0 })
      server.level({ side: "ask", price: 50_002, amount: 0.5 })
      server.level({ side: "ask", price: 50_020, amount: 3 })
      const wanted = JSON.stringify(server.best(depth))
      const newest = () => {
        const rows = collecting.dataset.rows(series)
        const last = rows.at(-1)?.["TS"]
        return rows
          .filter((row) => row["TS"] === last)
          .map(({ amount, price, side }) => ({ side, price, amount }))
          .sort((a, b) =>
            a.side === b.side
              ? (a.side === "bid" ? -1 : 1) * (Number(a.price) - Number(b.price))
              : a.side === "bid"
                ? -1
                : 1
          )
      }
      yield* Collecting.until("the stored book is the venue's", () => JSON.stringify(newest()) === wanted)
    })
  )

  it.scopedLive("shows a refusal, and does not ask again at once", () =>
    Effect.gen(function* () {
      const server = yield* FeedServer.open(venues[exchange])
      server.refuses = true
      const collecting = yield* Collecting.open({ tuning: patient })
      yield* collecting.collectors.reconcile(Collecting.job(exchange, ["trades"], server.url), { idle: false })
      yield* Collecting.until("it is rejected", () =>
        Effect.map(Collecting.statusOf(collecting), (status) => status.state === "rejected" && status.running)
      )
      const status = yield* Collecting.statusOf(collecting)
      assert.isString(status.error)
      assert.isAbove((status.until ?? 0) - (status.since ?? 0), 600)
      assert.strictEqual(server.connections, 1)
    })
  )

  it.scopedLive("builds the book anew after a connection was lost", () =>
    Effect.gen(function* () {
      const server = yield* FeedServer.open(venues[exchange])
      const collecting = yield* Collecting.open({ tuning: { ...patient, backoff: Collecting.atOnce } })
      yield* collecting.collectors.reconcile(Collecting.job(exchange, [book], server.url), { idle: false })
      yield* isLive(collecting)
      server.drop()
      server.book.bids.delete(50_000)
      server.book.asks.set(50_000.2, 4)
      server.bookNumber += 10
      const wanted = JSON.stringify(server.best(depth).map(({ price }) => price))
      yield* Collecting.until("the stored book is the venue's", () => {
        const rows = collecting.dataset.rows(`${exchange}/orderbook/BTC-USDT`)
        const newest = rows.filter((row) => row["TS"] === rows.at(-1)?.["TS"]).map(({ price }) => price)
        return JSON.stringify(newest) === wanted
      })
      assert.isAbove(server.connections, 1)
    })
  )

  it.effect("says what it can't do before it connects", () =>
    Effect.gen(function* () {
      const feed = yield* (feeds.find(({ name }) => name === exchange) ?? assert.fail()).prepare({})
      const refusal = (pair: string, channels: ReadonlyArray<string>) => Effect.flip(feed.subscribe({ pair, channels }))
      for (const [pair, channels] of [
        ["BTC/USDT", ["ticker"]],
        ["BTC/USDT", ["book@7"]],
        ["BTC/USDT", ["trades@5"]],
        ["BTC/USDT", ["constructor"]],
        ["BTC/USDT", []],
        ["BTC/USDT", [book, "book"]],
        ["BTCUSDT", ["trades"]],
        ["../etc/passwd", ["trades"]]
      ] as const) {
        assert.strictEqual((yield* refusal(pair, channels)).reason, "Unsupported", `${pair} ${channels.join()}`)
      }
      assert.strictEqual(
        Boolean(yield* Effect.isFailure(feed.subscribe({ pair: "BTC/USDT", channels: ["trades", book] }))),
        single
      )
      assert.strictEqual((yield* feed.subscribe({ pair: "BTC/USDT", channels: [book] })).channels[0]?.depth, depth)
    })
  )
})

describe("kraken's checksum", () => {
  it.effect("is right for the example of its manual, and only for it", () =>
    Effect.gen(function* () {
      const feed = yield* (feeds.find(({ name }) => name === "kraken") ?? assert.fail()).prepare({})
      const subscribed = yield* feed.subscribe({ pair: "BTC/USD", channels: ["book"] })
      const level = (text: string) =>
        text.split(" ").map((one) => `{"price":${one.split("x")[0]},"qty":${one.split("x")[1]}}`)
      const bids =
        "45283.5x0.10000000 45283.4x1.54582015 45282.1x0.10000000 45281.0x0.10000000 45280.3x1.54592586 45279.0x0.07990000 45277.6x0.03310103 45277.5x0.30000000 45277.3x1.54602737 45276.6x0.15445238"
      const asks =
        "45285.2x0.00100000 45286.4x1.54571953 45286.6x1.54571109 45289.6x1.54560911 45290.2x0.15890660 45291.8x1.54553491 45294.7x0.04454749 45296.1x0.35380000 45297.5x0.09945542 45299.5x0.18772827"
      const taken = (more: string) => {
        const text = `{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD","bids":[${level(bids)}],"asks":[${level(asks + more)}],"checksum":3310070434}]}`
        const [meaning] = subscribed.open().read(text)
        return meaning?._tag === "Book" ? new BookState(10).take(meaning.change) : meaning
      }
      assert.strictEqual(taken(""), "applied")
      assert.strictEqual(taken(" 45285.3x1.00000000"), "lost")
    })
  )
})

describe("whatever comes", () => {
  /** What a venue says, bent: a value replaced by another, somewhere. */
  const bent = fc.tuple(fc.nat(), fc.jsonValue({ maxDepth: 2 }))

  it.effect.prop(
    "is read without a crash, and no row has a price that is no number",
    { at: fc.nat({ max: 6 }), text: fc.oneof(fc.string(), fc.json(), fc.constant("")), bent },
    ({ at, bent: [place, value], text }) =>
      Effect.gen(function* () {
        const feed = feeds[at] ?? assert.fail()
        const exchange = feed.name as keyof typeof venues
        for (const channel of ["trades", "book"]) {
          const subscribed = yield* Effect.flatMap(feed.prepare({}), ({ subscribe }) =>
            subscribe({ pair: "BTC/USDT", channels: [channel] })
          )
          const { read } = subscribed.open()
          for (const one of [text, ...spoken(exchange).map((message) => bend(message, place, value))]) {
            for (const meaning of read(one)) {
              if (meaning._tag !== "Rows") continue
              for (const row of meaning.rows) {
                assert.isTrue(
                  typeof row["TS"] === "bigint" && Number.isFinite(row["price"]) && Number.isFinite(row["amount"])
                )
              }
            }
          }
        }
      }),
    { fastCheck: { numRuns: 150 } }
  )
})

describe("the address", () => {
  it.effect("is the exchange's own, not trusted, unless the operator says another", () =>
    Effect.gen(function* () {
      for (const feed of feeds) {
        const own = yield* Effect.flatMap(feed.prepare({}), ({ subscribe }) =>
          subscribe({ pair: "BTC/USDT", channels: ["trades"] })
        )
        assert.match(own.url, /^wss:\/\//)
        assert.isFalse(own.trusted)
        const other = yield* Effect.flatMap(feed.prepare({ base_url: "ws://127.0.0.1:9/" }), ({ subscribe }) =>
          subscribe({ pair: "BTC/USDT", channels: ["trades"] })
        )
        assert.match(other.url, /^ws:\/\/127\.0\.0\.1:9(\/[^/]|$)/)
        assert.isTrue(other.trusted)
        for (const base_url of ["http://127.0.0.1", "nonsense", "ws://h?x=1"]) {
          assert.strictEqual((yield* Effect.flip(feed.prepare({ base_url }))).reason, "Misconfigured")
        }
      }
    })
  )
})

/** What a venue says of a trade and of a change of its book. */
const spoken = (exchange: keyof typeof venues): ReadonlyArray<string> => {
  const venue = venues[exchange]
  const book = { bids: new Map([[49_000, 1]]), asks: new Map([[50_000, 2]]) }
  const market = { book, bookNumber: 101, refuses: false }
  const url = "/stream?streams=btcusdt@aggTrade/btcusdt@depth20@100ms"
  const client: FeedServer.Listener = { url, subscribed: new Map(), sent: 0 }
  for (const topic of [
    "publicTrade.BTCUSDT",
    "orderbook.50.BTCUSDT",
    "trades",
    "books",
    "trade",
    "book",
    "market_trades",
    "level2",
    "orderBookL2_25"
  ])
    client.subscribed.set(topic, {})
  return [
    ...venue.trade({ id: 7, at: 1_780_000_000_000, price: 1, amount: 2, side: "buy" }, client, market),
    ...venue.change({ side: "bid", price: 49_000, amount: 1 }, 101, client, market)
  ]
}

/** One value of a JSON text replaced. */
const bend = (text: string, place: number, value: unknown): string => {
  let left = place % (text.split(/[,:]/).length + 1)
  return JSON.stringify(JSON.parse(text), (_, one: unknown) => (left-- === 0 ? value : one))
}
