/** What goes wrong at an exchange, and what the engine is told. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Fiber, Option, Stream, TestClock } from "effect"
import * as Outgoing from "../../../src/outgoing/Outgoing.js"
import * as RateLimits from "../../../src/outgoing/RateLimits.js"
import { OutgoingSettings } from "../../../src/outgoing/Settings.js"
import { BinanceHistory } from "../../../src/plugins/history/BinanceHistory.js"
import { BitfinexHistory } from "../../../src/plugins/history/BitfinexHistory.js"
import { BitmexHistory } from "../../../src/plugins/history/BitmexHistory.js"
import { BybitHistory } from "../../../src/plugins/history/BybitHistory.js"
import { CoinbaseHistory } from "../../../src/plugins/history/CoinbaseHistory.js"
import { KrakenHistory } from "../../../src/plugins/history/KrakenHistory.js"
import { OkxHistory } from "../../../src/plugins/history/OkxHistory.js"
import type { History } from "../../../src/source/History.js"
import type { SourceError } from "../../../src/source/SourceError.js"
import { inOrder, rowsOf, series } from "../../conformance/HistorySuite.js"
import type { Fault } from "../../support/exchanges/Faults.js"
import { recurring } from "../../support/exchanges/Faults.js"
import * as ExchangeServer from "../../support/ExchangeServer.js"
import * as MarketOracle from "../../support/MarketOracle.js"
import * as RawServer from "../../support/RawServer.js"

const oracle = MarketOracle.make({ listedAt: Date.UTC(2023, 0, 3) })
const now = Date.UTC(2023, 2, 1)
/** Not at its begin: a page of the time before is not the empty page of before the listing. */
const window = { start: Date.UTC(2023, 1, 1), end: Date.UTC(2023, 1, 1, 12) }
const candles = series("ohlc", "BTC/USDT", 60)

const outgoing = Outgoing.make({ settings: new OutgoingSettings({}) })

/** What a window meets with a fault at the first request. */
const meeting = (fault: Fault, history: History = BinanceHistory, request = candles) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(now)
    const server = yield* ExchangeServer.make({
      oracle,
      now: () => now,
      faults: (_, n) => (n === 0 ? fault : undefined)
    })
    const prepared = yield* history.prepare({ base_url: server.url })
    const ask = rowsOf(prepared, request, window, yield* outgoing)
    return { first: yield* Effect.either(ask), again: ask, server }
  })

const errorOf = <A>(result: Either.Either<A, SourceError>) => Option.getOrThrow(Either.getLeft(result))

describe("each fault", () => {
  const expected: ReadonlyArray<readonly [Fault, Partial<SourceError>]> = [
    [
      { kind: "status", status: 404 },
      { reason: "Malformed", status: 404 }
    ],
    [
      { kind: "status", status: 500 },
      { reason: "Disconnected", status: 500 }
    ],
    [
      { kind: "status", status: 503 },
      { reason: "Disconnected", status: 503 }
    ],
    [
      { kind: "status", status: 401 },
      { reason: "Misconfigured", status: 401 }
    ],
    [
      { kind: "too-many", retryAfter: 7 },
      { reason: "RetryAfter", status: 429, retryAfter: 7000 }
    ],
    [
      { kind: "too-many", retryAfter: "Wed, 01 Mar 2023 00:00:09 GMT" },
      { reason: "RetryAfter", retryAfter: 9000 }
    ],
    [{ kind: "truncated" }, { reason: "Disconnected" }],
    [{ kind: "duplicate" }, { reason: "Malformed" }],
    [{ kind: "redirect-loop" }, { reason: "Disconnected" }]
  ]
  it.scoped.each(expected)("%o is told as %o, and asked again the rows are there", ([fault, error]) =>
    Effect.gen(function* () {
      const { again, first } = yield* meeting(fault)
      assert.deepInclude(errorOf(first), error)
      const truth = oracle.candles("BTCUSDT", 60, window.start, window.end)
      assert.isAbove(truth.length, 0)
      assert.strictEqual((yield* again).length, truth.length)
    })
  )

  it.scoped("a page of trades that comes again is no end of the trades", () =>
    Effect.gen(function* () {
      const trades = series("trades", "BTC/USDT")
      const hour = { start: window.start, end: window.start + 3_600_000 }
      yield* TestClock.setTime(now)
      for (const history of [BinanceHistory, OkxHistory]) {
        // Every request after the first is answered with what the first was answered.
        let held: string | undefined
        const server = yield* ExchangeServer.make({ oracle, now: () => now })
        const direct = yield* outgoing
        const repeating = Outgoing.Outgoing.of({
          send: (request) => {
            held ??= request.url
            return direct.send({ ...request, url: held })
          }
        })
        const prepared = yield* history.prepare({ base_url: server.url })
        const error = yield* Effect.flip(rowsOf(prepared, trades, hour, repeating))
        assert.strictEqual(error.reason, "Malformed", history.name)
      }
    })
  )

  it.scopedLive("an answer that never comes is given up, and its connection closed", () =>
    Effect.gen(function* () {
      const server = yield* ExchangeServer.make({ oracle, faults: () => ({ kind: "hang" }) })
      const prepared = yield* BinanceHistory.prepare({ base_url: server.url, timeout: "100ms" })
      const error = yield* Effect.flip(rowsOf(prepared, candles, window, yield* outgoing))
      assert.strictEqual(error.reason, "Disconnected")
      yield* Effect.yieldNow().pipe(Effect.repeat({ until: () => server.open() === 0 }))
    })
  )

  it.scopedLive("an interruption closes the connection", () =>
    Effect.gen(function* () {
      const server = yield* ExchangeServer.make({ oracle, faults: () => ({ kind: "hang" }) })
      const prepared = yield* BinanceHistory.prepare({ base_url: server.url })
      const fiber = yield* Effect.fork(rowsOf(prepared, candles, window, yield* outgoing))
      yield* Effect.yieldNow().pipe(Effect.repeat({ until: () => server.asked.length > 0 }))
      assert.strictEqual(server.open(), 1)
      yield* Fiber.interrupt(fiber)
      yield* Effect.yieldNow().pipe(Effect.repeat({ until: () => server.open() === 0 }))
    })
  )

  it.scoped("asked again and again, every exchange ends with all of its rows", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const faults = recurring({
        seed: 7,
        rate: 0.7,
        times: 2,
        kinds: ["status", "too-many", "truncated", "duplicate", "redirect-loop"]
      })
      const server = yield* ExchangeServer.make({ oracle, now: () => now, faults })
      const direct = yield* outgoing
      const day = { start: window.start, end: window.start + 86_400_000 }
      let failed = 0
      for (const history of [
        BinanceHistory,
        BybitHistory,
        OkxHistory,
        CoinbaseHistory,
        BitfinexHistory,
        BitmexHistory
      ]) {
        const pair = ["binance", "bybit", "okx"].includes(history.name) ? "BTC/USDT" : "BTC/USD"
        const symbol: Readonly<Record<string, string>> = {
          coinbase: "BTC-USD",
          okx: "BTC-USDT",
          bitfinex: "tBTCUSD",
          bitmex: "XBTUSD"
        }
        const prepared = yield* history.prepare({ base_url: server.url })
        const ask = rowsOf(prepared, series("ohlc", pair, 60), day, direct).pipe(
          Effect.tapError(({ reason }) => {
            failed++
            assert.include(["Malformed", "Disconnected", "RetryAfter"], reason, history.name)
            return Effect.void
          }),
          Effect.retry({ times: 100 })
        )
        const given = [...(yield* ask)].sort(inOrder)
        const late = history.name === "bitmex" ? 60_000 : 0
        const truth = oracle.candles(symbol[history.name] ?? "BTCUSDT", 60, day.start - late, day.end - late)
        assert.deepStrictEqual(
          given.map(({ close, TS }) => [Number(TS) / 1e6, Number(close)]),
          truth.map(({ at, close }) => [at + late, close]),
          history.name
        )
      }
      assert.isAbove(failed, 5)
    })
  )
})

describe("refusals in the words of each exchange", () => {
  const told: ReadonlyArray<readonly [History, number, string, SourceError["reason"]]> = [
    [BinanceHistory, 400, `{"code":-1121,"msg":"Invalid symbol."}`, "Misconfigured"],
    [BinanceHistory, 429, `{"code":-1003,"msg":"Too many requests."}`, "RetryAfter"],
    [BinanceHistory, 400, `{"code":-1102,"msg":"Mandatory parameter"}`, "Malformed"],
    [BinanceHistory, 503, `{"code":-1001,"msg":"Internal error"}`, "Disconnected"],
    [BinanceHistory, 200, `{"rows":[]}`, "Malformed"],
    [BybitHistory, 200, `{"retCode":10006,"retMsg":"Too many visits!","result":{}}`, "RetryAfter"],
    [BybitHistory, 200, `{"retCode":10016,"retMsg":"Server error.","result":{}}`, "Disconnected"],
    [BybitHistory, 200, `{"retCode":10001,"retMsg":"Not supported symbols","result":{}}`, "Misconfigured"],
    [OkxHistory, 200, `{"code":"50011","msg":"Too Many Requests","data":[]}`, "RetryAfter"],
    [OkxHistory, 200, `{"code":"50001","msg":"Service temporarily unavailable","data":[]}`, "Disconnected"],
    [OkxHistory, 200, `{"code":"51001","msg":"Instrument ID doesn't exist","data":[]}`, "Misconfigured"],
    [OkxHistory, 200, `{"code":"1","msg":"Operation failed","data":[]}`, "Malformed"],
    [CoinbaseHistory, 200, `{"message":"NotFound"}`, "Misconfigured"],
    [CoinbaseHistory, 200, `{"message":"Slow down"}`, "RetryAfter"],
    [CoinbaseHistory, 200, `{"message":"Internal server error"}`, "Disconnected"],
    [KrakenHistory, 200, `{"error":["EAPI:Rate limit exceeded"]}`, "RetryAfter"],
    [KrakenHistory, 200, `{"error":["EGeneral:Too many requests"]}`, "RetryAfter"],
    [KrakenHistory, 200, `{"error":["EService:Unavailable"]}`, "Disconnected"],
    [KrakenHistory, 200, `{"error":["EQuery:Unknown asset pair"]}`, "Misconfigured"],
    [BitfinexHistory, 500, `["error",10020,"symbol: invalid"]`, "Misconfigured"],
    [BitfinexHistory, 500, `["error",11010,"ratelimit: error"]`, "RetryAfter"],
    [BitmexHistory, 400, `{"error":{"message":"Unknown symbol"}}`, "Misconfigured"],
    [BitmexHistory, 503, `{"error":{"message":"The system is currently overloaded."}}`, "Disconnected"],
    [BinanceHistory, 200, `<html>captive portal</html>`, "Malformed"],
    [BinanceHistory, 451, ``, "Misconfigured"]
  ]
  it.scoped.each(told.map(([history, ...rest]) => [history.name, ...rest, history] as const))(
    "%s %i %s is %s",
    ([, status, body, reason, history]) =>
      Effect.gen(function* () {
        yield* TestClock.setTime(now)
        const server = yield* RawServer.make((_, response) => response.writeHead(status).end(body))
        const prepared = yield* history.prepare({ base_url: server.url })
        const error = yield* Effect.flip(
          rowsOf(prepared, series("ohlc", "BTC/USDT", 3600), { start: 1e12, end: 1e12 + 86_400_000 }, yield* outgoing)
        )
        assert.strictEqual(error.reason, reason)
        assert.strictEqual(error.source, history.name)
      })
  )
})

describe("trades of one instant", () => {
  it.scoped("that a page of Kraken's divides are all given, each once", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const { start } = window
      // Seven in one nanosecond, where a page holds four; the cursor is exclusive.
      const all = Array.from({ length: 12 }, (_, id) => ({ id, at: start + (id < 2 ? id : id < 9 ? 5 : id) }))
      const server = yield* RawServer.make((request, response) => {
        const since = BigInt(new URL(request.url ?? "", "http://x").searchParams.get("since") ?? "")
        const page = all.filter(({ at }) => BigInt(at) * 1_000_000n > since)
        const size = page[0]?.at === start + 5 ? 8 : 4
        const given = page.slice(0, size)
        const last = String(BigInt(given[given.length - 1]?.at ?? 0) * 1_000_000n || since)
        const trades = given.map(({ at, id }) => ["1", "1", at / 1000, "b", "l", "", id])
        response.end(JSON.stringify({ error: [], result: { XXBTZUSD: trades, last } }))
      })
      const { pages } = yield* KrakenHistory.prepare({ base_url: server.url })
      const given = yield* pages(series("trades", "BTC/USD"), { start, end: start + 60_000 }).pipe(
        Stream.runCollect,
        Effect.provideService(Outgoing.Outgoing, yield* outgoing)
      )
      assert.deepStrictEqual(
        [...given].flatMap(({ rows }) => rows.map(({ tid }) => Number(tid))),
        all.map(({ id }) => id)
      )
    })
  )
})

describe("rows that can't be read", () => {
  it.scoped("are counted and left out; the others are given", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const good = (at: number) => [at, "1", "3", "0.5", "2", "9", 0, "1", 4]
      const { start } = window
      const bad = [null, "x", [], [start, "1", "3", "x", "2"], ["soon", 1, 1, 1, 1], [start + 60_000, "", 1, 1, 1]]
      const body = JSON.stringify([good(start), ...bad, good(start + 120_000)])
      const server = yield* RawServer.make((_, response) => response.end(body))
      const { pages } = yield* BinanceHistory.prepare({ base_url: server.url })
      const [page] = yield* pages(candles, { start, end: start + 600_000 }).pipe(
        Stream.runCollect,
        Effect.provideService(Outgoing.Outgoing, yield* outgoing)
      )
      assert.deepInclude(page, { malformed: bad.length, bytes: body.length })
      assert.deepStrictEqual(
        page?.rows.map(({ TS }) => TS),
        [BigInt(start) * 1_000_000n, BigInt(start + 120_000) * 1_000_000n]
      )
    })
  )
})

describe("the limit of a source", () => {
  it.scoped("Retry-After of one job pauses the requests of another", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const server = yield* ExchangeServer.make({
        oracle,
        now: () => now,
        faults: (_, n) => (n === 0 ? { kind: "too-many", retryAfter: 30 } : undefined)
      })
      const limits = yield* RateLimits.make.pipe(Effect.provideService(Outgoing.Outgoing, yield* outgoing))
      const prepared = yield* BinanceHistory.prepare({ base_url: server.url })
      const first = yield* limits.limited("binance", prepared.capabilities.rate)
      const second = yield* limits.limited("binance", prepared.capabilities.rate)
      assert.strictEqual((yield* Effect.flip(rowsOf(prepared, candles, window, first))).retryAfter, 30_000)
      const other = yield* Effect.fork(rowsOf(prepared, candles, window, second))
      yield* TestClock.adjust("29 seconds")
      assert.strictEqual(server.asked.length, 1)
      yield* TestClock.adjust("1 seconds")
      assert.isAbove((yield* Fiber.join(other)).length, 0)
    })
  )
})
