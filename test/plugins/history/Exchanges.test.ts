import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Stream, TestClock } from "effect"
import type { Row } from "../../../src/domain/RowLayout.js"
import type { TimeRange } from "../../../src/domain/TimeRange.js"
import * as Outgoing from "../../../src/outgoing/Outgoing.js"
import { OutgoingSettings } from "../../../src/outgoing/Settings.js"
import { BinanceHistory } from "../../../src/plugins/history/BinanceHistory.js"
import { BitfinexHistory } from "../../../src/plugins/history/BitfinexHistory.js"
import { BitmexHistory } from "../../../src/plugins/history/BitmexHistory.js"
import { BybitHistory } from "../../../src/plugins/history/BybitHistory.js"
import { CoinbaseHistory } from "../../../src/plugins/history/CoinbaseHistory.js"
import { KrakenHistory } from "../../../src/plugins/history/KrakenHistory.js"
import { OkxHistory } from "../../../src/plugins/history/OkxHistory.js"
import type { History } from "../../../src/source/History.js"
import { type Case, rowsOf, series, type Subject, suite } from "../../conformance/HistorySuite.js"
import * as ExchangeServer from "../../support/ExchangeServer.js"
import * as MarketOracle from "../../support/MarketOracle.js"

const listedAt = Date.UTC(2023, 0, 3, 5, 17)
const now = Date.UTC(2023, 2, 30, 12, 34, 56, 789)
const oracle = MarketOracle.make({ listedAt })
/** From before the listing to beyond the present. */
const within = { start: listedAt - 5 * 86_400_000, end: now + 86_400_000 }

const open = Effect.gen(function* () {
  const { url } = yield* ExchangeServer.make({ oracle, now: () => now })
  const outgoing = yield* Outgoing.make({ settings: new OutgoingSettings({}) })
  return { settings: { base_url: url }, outgoing }
})

const candle = (c: MarketOracle.OracleCandle, rest: Partial<Row> = {}): Row => ({
  TS: BigInt(c.at) * 1_000_000n,
  open: c.open,
  high: c.high,
  low: c.low,
  close: c.close,
  volume: c.volume,
  quote_volume: null,
  weighted_average: null,
  trades: null,
  ...rest
})

const trade = (t: MarketOracle.OracleTrade, rest: Partial<Row> = {}): Row => ({
  TS: BigInt(t.at) * 1_000_000n,
  tid: String(t.id),
  price: t.price,
  amount: t.amount,
  side: t.isBuy ? "buy" : "sell",
  ...rest
})

/** Candles of a symbol that are over. */
const candles =
  (symbol: string, span: number, rest: (c: MarketOracle.OracleCandle) => Partial<Row> = () => ({})) =>
  ({ end, start }: TimeRange): ReadonlyArray<Row> =>
    oracle
      .candles(symbol, span, start, end)
      .filter(({ at }) => at + span * 1000 <= now)
      .map((c) => candle(c, rest(c)))

const trades =
  (symbol: string, rest: (t: MarketOracle.OracleTrade) => Partial<Row> = () => ({})) =>
  ({ end, start }: TimeRange): ReadonlyArray<Row> =>
    oracle.trades(symbol, start, Math.min(end, now)).map((t) => trade(t, rest(t)))

const hours = (n: number) => n * 3_600_000
const quote = ({ quote }: MarketOracle.OracleCandle) => ({ quote_volume: quote })
const full = ({ quote, trades }: MarketOracle.OracleCandle) => ({ quote_volume: quote, trades })

const ofTrades =
  (symbol: string, span: number) =>
  ({ end, start }: TimeRange): ReadonlyArray<Row> => {
    const step = span * 1000
    const [from, to] = [Math.ceil(start / step) * step, Math.ceil(end / step) * step]
    const all = [...oracle.trades(symbol, from, Math.min(to, now))].sort((a, b) => a.at - b.at || a.micros - b.micros)
    return MarketOracle.candlesOfTrades(all, span)
      .filter(({ at }) => at + step <= now)
      .map((c) => candle(c, { ...full(c), weighted_average: c.quote / c.volume }))
  }

/** The time of a candle is that of its end. */
const atEnd =
  (symbol: string, span: number) =>
  ({ end, start }: TimeRange): ReadonlyArray<Row> =>
    candles(symbol, span)({ start: start - span * 1000, end: end - span * 1000 }).length === 0
      ? []
      : oracle.candles(symbol, span, start - span * 1000, Math.min(end, now) - span * 1000).map((c) =>
          candle(c, {
            ...full(c),
            TS: BigInt(c.at + span * 1000) * 1_000_000n,
            weighted_average: (c.open + c.close) / 2
          })
        )

const of = (history: History, cases: ReadonlyArray<Omit<Case, "within" | "now">>): Subject => ({
  history,
  open,
  context: (effect) => effect,
  series: cases.map((given) => ({ within, now, ...given }))
})

suite("of exchanges", [
  of(BinanceHistory, [
    { request: series("ohlc", "BTC/USDT", 60), truth: candles("BTCUSDT", 60, full) },
    { request: series("ohlc", "XBT/EUR", 3600), truth: candles("BTCUSDT", 3600, full) },
    { request: series("ohlc", "ETH/BTC", 300), truth: candles("ETHBTC", 300, full) },
    { request: series("trades", "BTC/USDT"), truth: trades("BTCUSDT"), longest: hours(7) }
  ]),
  of(BybitHistory, [
    { request: series("ohlc", "BTC/USDT", 60), truth: candles("BTCUSDT", 60, quote) },
    { request: series("ohlc", "ETH/USDT", 14_400), truth: candles("ETHUSDT", 14_400, quote) }
  ]),
  of(OkxHistory, [
    { request: series("ohlc", "BTC/USDT", 60), truth: candles("BTC-USDT", 60, quote) },
    { request: series("ohlc", "ETH/USDT", 3600), truth: candles("ETH-USDT", 3600, quote) },
    { request: series("trades", "BTC/USDT"), truth: trades("BTC-USDT"), longest: hours(3) }
  ]),
  of(CoinbaseHistory, [
    { request: series("ohlc", "BTC/USD", 60), truth: candles("BTC-USD", 60) },
    { request: series("ohlc", "ETH/EUR", 21_600), truth: candles("ETH-EUR", 21_600) }
  ]),
  of(KrakenHistory, [
    { request: series("ohlc", "BTC/USD", 60), truth: ofTrades("XBTUSD", 60), longest: hours(18) },
    { request: series("ohlc", "DOGE/EUR", 14_400), truth: ofTrades("XDGEUR", 14_400), longest: hours(30) },
    {
      request: series("trades", "BTC/USD"),
      truth: trades("XBTUSD", ({ at, micros }) => ({ TS: BigInt(at * 1000 + micros) * 1000n })),
      longest: hours(14)
    }
  ]),
  of(BitfinexHistory, [
    { request: series("ohlc", "BTC/USD", 60), truth: candles("tBTCUSD", 60) },
    { request: series("ohlc", "BTC/USDT", 3600), truth: candles("tBTCUST", 3600) },
    { request: series("trades", "DOGE/USD"), truth: trades("tDOGE:USD"), longest: hours(20) }
  ]),
  of(BitmexHistory, [
    { request: series("ohlc", "BTC/USD", 60), truth: atEnd("XBTUSD", 60) },
    { request: series("ohlc", "ETH/USD", 3600), truth: atEnd("ETHUSD", 3600) },
    {
      request: series("trades", "BTC/USD"),
      truth: trades("XBTUSD", ({ id }) => ({ tid: `id-${id}` })),
      longest: hours(5)
    }
  ])
])

const exchanges = [
  BinanceHistory,
  BitfinexHistory,
  BitmexHistory,
  BybitHistory,
  CoinbaseHistory,
  KrakenHistory,
  OkxHistory
]

describe("order books", () => {
  const pairs: Readonly<Record<string, string>> = { binance: "BTC/USDT", bybit: "BTC/USDT", okx: "BTC/USDT" }
  const symbols: Readonly<Record<string, string>> = {
    binance: "BTCUSDT",
    bitfinex: "tBTCUSD",
    bitmex: "XBTUSD",
    bybit: "BTCUSDT",
    coinbase: "BTC-USD",
    kraken: "XBTUSD",
    okx: "BTC-USDT"
  }
  const counted = new Set(["bitfinex", "coinbase", "okx"])

  for (const history of exchanges) {
    it.scoped(`${history.name}: a row per level, as it is now`, () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(now)
        const { outgoing, settings } = yield* open
        const prepared = yield* history.prepare(settings)
        const request = series("orderbook", pairs[history.name] ?? "BTC/USD")
        const rows = yield* rowsOf(prepared, request, { start: now - 1000, end: now + 1000 }, outgoing)
        const { asks, bids } = oracle.book(symbols[history.name] ?? "")
        const expected = [bids, asks].flatMap((levels, n) =>
          levels.map(({ amount, count, price }) => ({
            TS: BigInt(now) * 1_000_000n,
            side: n === 0 ? "bid" : "ask",
            price,
            amount,
            count: counted.has(history.name) ? count : null,
            is_snapshot: true
          }))
        )
        assert.sameDeepMembers([...rows], expected)
      })
    )

    it.scoped(`${history.name}: there is none of the past`, () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(now)
        const { outgoing, settings } = yield* open
        const prepared = yield* history.prepare(settings)
        const request = series("orderbook", pairs[history.name] ?? "BTC/USD")
        assert.isTrue((yield* prepared.plan(request, "s")).snapshot)
        const error = yield* Effect.flip(rowsOf(prepared, request, { start: 0, end: now }, outgoing))
        assert.strictEqual(error.reason, "Unsupported")
      })
    )
  }
})

describe("what an exchange does not have", () => {
  it.effect("dccd weak point 17: spans are those of its own table, and a refusal names them", () =>
    Effect.gen(function* () {
      const known: Readonly<Record<string, ReadonlyArray<number>>> = {
        binance: [60, 180, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 28_800, 43_200, 86_400, 259_200, 604_800],
        bybit: [60, 180, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 604_800],
        okx: [60, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 604_800],
        coinbase: [60, 300, 900, 3600, 21_600, 86_400],
        bitmex: [60, 300, 3600, 86_400]
      }
      for (const history of exchanges) {
        const spans = known[history.name]
        if (spans === undefined) continue
        const { plan } = yield* history.prepare({})
        const all = [60, 90, 180, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 28_800, 43_200, 86_400, 259_200, 604_800]
        for (const span of [...all, 1_296_000, 2_592_000]) {
          const planned = yield* Effect.either(plan(series("ohlc", "BTC/USDT", span), "s"))
          assert.strictEqual(planned._tag === "Right", spans.includes(span), `${history.name} ${span}`)
          if (planned._tag === "Left") {
            assert.strictEqual(planned.left.reason, "Unsupported")
            for (const there of spans) assert.include(planned.left.detail, String(there))
          }
        }
      }
    })
  )

  it.effect("the windows are those of the reference", () =>
    Effect.gen(function* () {
      const spans: Readonly<Record<string, number>> = { binance: 990, bybit: 990, okx: 300, coinbase: 300 }
      for (const history of exchanges) {
        const { plan } = yield* history.prepare({})
        const { grid, window } = yield* plan(series("ohlc", "BTC/USDT", 3600), "s")
        assert.strictEqual(grid, hours(1))
        if (spans[history.name] !== undefined) assert.strictEqual(window, hours(1) * (spans[history.name] ?? 0))
        if (history.name === "kraken") assert.strictEqual(window, hours(6))
      }
    })
  )

  it.effect("candles whose grid is not that of 1970 wait until any of them is over", () =>
    Effect.gen(function* () {
      for (const history of [BinanceHistory, BybitHistory, OkxHistory, BitfinexHistory]) {
        const { plan } = yield* history.prepare({})
        assert.strictEqual((yield* plan(series("ohlc", "BTC/USDT", 604_800), "s")).settle, 604_800_000, history.name)
        assert.isUndefined((yield* plan(series("ohlc", "BTC/USDT", 60), "s")).settle)
      }
    })
  )

  it.effect("trades of the past, pairs that are none and candles without a span are told", () =>
    Effect.gen(function* () {
      for (const history of [BybitHistory, CoinbaseHistory]) {
        const { plan } = yield* history.prepare({})
        assert.match((yield* Effect.flip(plan(series("trades", "BTC/USDT"), "s"))).detail, /newest/)
      }
      const { plan } = yield* BinanceHistory.prepare({})
      for (const request of [series("ohlc", "BTCUSDT", 60), series("ohlc", "A/B/C", 60), series("ohlc", "BTC/USDT")])
        assert.strictEqual((yield* Effect.flip(plan(request, "s"))).reason, "Unsupported")
    })
  )

  it.scoped("a pair the exchange does not trade is a mistake in the config, however it says so", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const { outgoing, settings } = yield* open
      for (const history of exchanges) {
        const prepared = yield* history.prepare(settings)
        const request = series("ohlc", "NO/SUCH", 3600)
        const error = yield* Effect.flip(rowsOf(prepared, request, { start: listedAt, end: now }, outgoing))
        assert.strictEqual(error.reason, "Misconfigured", history.name)
      }
    })
  )

  it.effect("the exchange's own rate holds unless another is set, and for its own address alone", () =>
    Effect.gen(function* () {
      for (const history of exchanges) {
        const rate = (settings: unknown) =>
          Effect.map(history.prepare(settings), ({ capabilities }) => Option.fromNullable(capabilities.rate))
        assert.isTrue(Option.isSome(yield* rate({})))
        assert.deepStrictEqual(yield* rate({ base_url: "http://127.0.0.1:1/" }), Option.none())
        assert.deepStrictEqual(yield* rate({ rate: null }), Option.none())
        assert.deepStrictEqual(
          yield* rate({ base_url: "http://127.0.0.1:1", rate: { per_second: 2 } }),
          Option.some({ perSecond: 2, burst: 1 })
        )
      }
    })
  )

  it.scoped("dccd weak point 3: windows side by side lose no bar between them where both bounds are exclusive", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const { outgoing, settings } = yield* open
      const prepared = yield* OkxHistory.prepare(settings)
      const request = series("ohlc", "BTC/USDT", 60)
      const begin = Math.floor((now - hours(20)) / 60_000) * 60_000
      const plan = yield* prepared.plan(request, "s")
      const found: Array<bigint> = []
      for (let page = 0; page < 3; page++) {
        const window = { start: begin + page * plan.window, end: begin + (page + 1) * plan.window }
        for (const { TS } of yield* rowsOf(prepared, request, window, outgoing)) found.push(BigInt(String(TS)))
      }
      const truth = oracle.candles("BTC-USDT", 60, begin, begin + 3 * plan.window)
      assert.deepStrictEqual(
        found,
        truth.map(({ at }) => BigInt(at) * 1_000_000n)
      )
      assert.strictEqual(new Set(found).size, found.length)
    })
  )

  it.scoped(
    "dccd weak point 3: an empty window is confirmed empty by one request, and no candle is lost behind it",
    () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(now)
        const server = yield* ExchangeServer.make({ oracle, now: () => now })
        const outgoing = yield* Outgoing.make({ settings: new OutgoingSettings({}) })
        const prepared = yield* BinanceHistory.prepare({ base_url: server.url })
        const window = { start: listedAt - hours(20), end: listedAt - hours(10) }
        const empty = yield* prepared
          .pages(series("ohlc", "BTC/USDT", 60), window)
          .pipe(Stream.runCollect, Effect.provideService(Outgoing.Outgoing, outgoing))
        assert.deepStrictEqual(
          [...empty].flatMap(({ rows }) => rows),
          []
        )
        assert.strictEqual(server.asked.length, 1)
        // The first candle there is begins right behind an empty window.
        const [first] = oracle.candles("BTCUSDT", 60, listedAt, now)
        const begin = first?.at ?? 0
        const rows = yield* rowsOf(
          prepared,
          series("ohlc", "BTC/USDT", 60),
          { start: begin, end: begin + 60_000 },
          outgoing
        )
        assert.deepStrictEqual(
          rows.map(({ TS }) => TS),
          [BigInt(begin) * 1_000_000n]
        )
      })
  )
})
