/** Histories that ask nobody over the network: files, the station's own events, invented series; and one that may be absent. */
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Stream } from "effect"
import type { Row } from "../../../src/domain/RowLayout.js"
import type { TimeRange } from "../../../src/domain/TimeRange.js"
import { Outgoing } from "../../../src/outgoing/Outgoing.js"
import * as Ccxt from "../../../src/plugins/history/CcxtHistory.js"
import { FilesHistory } from "../../../src/plugins/history/FilesHistory.js"
import { GeneratorHistory } from "../../../src/plugins/history/GeneratorHistory.js"
import { TelemetryHistory } from "../../../src/plugins/history/TelemetryHistory.js"
import * as Site from "../../../src/site/Site.js"
import { type RecordedEvent, RecordedEvents } from "../../../src/source/RecordedEvents.js"
import { type Opened, rowsOf, series, type Subject, suite } from "../../conformance/HistorySuite.js"
import * as MarketOracle from "../../support/MarketOracle.js"

const nobody = Outgoing.of({ send: () => Effect.dieMessage("asked over the network") })
const day = 86_400_000
const nanos = (at: number) => BigInt(at) * 1_000_000n

const opened = (settings: unknown): Effect.Effect<Opened> => Effect.succeed({ settings, outgoing: nobody })

// Invented series. Their truth is what one page of all of it says: each window has to agree with it.

const generated = async (type: string, pair: string, settings: object, within: TimeRange) => {
  const all = await Effect.runPromise(
    Effect.gen(function* () {
      const prepared = yield* GeneratorHistory.prepare({ ...settings, rows_per_page: 100_000 })
      return yield* Stream.runCollect(prepared.pages(series(type, pair, 60), within))
    }).pipe(Effect.provideService(Outgoing, nobody))
  )
  const rows = [...all].flatMap(({ rows }) => rows)
  return ({ end, start }: TimeRange) =>
    rows.filter(({ TS }) => typeof TS === "bigint" && TS >= nanos(start) && TS < nanos(end))
}

const invented: Pick<Subject["series"][number], "within" | "now"> = {
  within: { start: 19_700 * day, end: 19_710 * day },
  now: 20_000 * day
}
const holes = { seed: "x", hole_every: "1d", hole_length: "3h" }

suite("that are invented", [
  {
    history: GeneratorHistory,
    open: opened({ ...holes, rows_per_page: 700 }),
    context: (effect) => effect,
    series: await Promise.all(
      ["ohlc", "sensor"].map(async (type) => ({
        ...invented,
        request: series(type, "A/B", 60),
        truth: await generated(type, "A/B", holes, invented.within)
      }))
    )
  }
])

describe("generator", () => {
  const within = { start: 19_700 * day, end: 19_703 * day }
  it("gives candles that close where the next one opens, within low and high, with a hole a day", async () => {
    const rows = (await generated("ohlc", "A/B", holes, within))(within)
    assert.strictEqual(rows.length, 3 * (1440 - 180))
    rows.forEach((row, n) => {
      const { close, high, low, open, TS } = row as Record<string, number>
      assert.isTrue(low! <= Math.min(open!, close!) && high! >= Math.max(open!, close!) && low! > 0)
      const next = rows[n + 1]
      if (next?.["TS"] === BigInt(TS!) + 60_000_000_000n) assert.strictEqual(next["open"], close)
    })
  })

  it("is the same for the same seed, and another for another seed or name", async () => {
    const of = async (seed: string, pair: string) => (await generated("sensor", pair, { seed }, within))(within)
    assert.deepStrictEqual(await of("a", "x"), await of("a", "x"))
    assert.notDeepEqual(await of("a", "x"), await of("b", "x"))
    assert.notDeepEqual(await of("a", "x"), await of("a", "y"))
  })
})

// Files.

const rowsBetween = ({ end, start }: TimeRange): ReadonlyArray<Row> => {
  const rows: Array<Row> = []
  for (let at = Math.ceil(start / 3_600_000) * 3_600_000; at < end; at += 3_600_000)
    if (Math.floor(at / day) % 5 !== 0) rows.push({ TS: nanos(at), level: (at / 3_600_000) % 97 })
  return rows
}

const filesWithin = { start: 19_700 * day, end: 19_720 * day }

/** Ten files of two days each, out of order inside, and one that belongs to nobody. */
const written = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped()
  yield* fs.makeDirectory(`${directory}/deep`)
  for (let n = 0; n < 10; n++) {
    const range = { start: filesWithin.start + n * 2 * day, end: filesWithin.start + (n + 1) * 2 * day }
    const lines = rowsBetween(range).map(({ level, TS }) => `${Number(TS) / 1e9},${String(level)}`)
    yield* fs.writeFileString(`${directory}/deep/${n}.csv`, ["time,level", ...lines.reverse()].join("\n"))
  }
  yield* fs.writeFileString(`${directory}/notes.txt`, "not for you")
  return directory
}).pipe(Effect.orDie, Effect.provide(NodeContext.layer))

const inSite: Subject<FileSystem.FileSystem | import("@effect/platform").Path.Path | Site.Site>["context"] = (effect) =>
  Effect.scoped(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const root = yield* fs.makeTempDirectoryScoped().pipe(Effect.orDie)
      return yield* Effect.provide(effect, Layer.orDie(Site.layer(root)))
    })
  ).pipe(Effect.provide(NodeContext.layer))

const csv = { pattern: "**/*.csv", format: "csv", time: { format: "s" }, columns: { level: "level" }, types: ["level"] }

suite("of files", [
  {
    history: FilesHistory,
    open: Effect.map(written, (directory) => ({ settings: { directory, window: "3d", ...csv }, outgoing: nobody })),
    context: inSite,
    series: [{ request: series("level", "tank"), within: filesWithin, now: 20_000 * day, truth: rowsBetween }]
  }
])

describe("files", () => {
  const ask = (settings: object) =>
    Effect.gen(function* () {
      const prepared = yield* inSite(FilesHistory.prepare({ ...csv, ...settings }))
      return yield* rowsOf(prepared, series("level", "tank"), filesWithin, nobody)
    })

  it.scoped("a pattern with the range reads only the files of the window", () =>
    Effect.gen(function* () {
      const directory = yield* written
      const rows = yield* ask({ directory, pattern: "deep/{start:s}.csv" })
      assert.deepStrictEqual(rows, [])
      const some = yield* ask({ directory, pattern: "deep/3.csv" })
      assert.strictEqual(
        some.length,
        rowsBetween({ start: filesWithin.start + 6 * day, end: filesWithin.start + 8 * day }).length
      )
    })
  )

  it.scoped("a directory that is not there is asked for again, one outside of the site is a mistake", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(ask({ directory: "/no/such/directory" }))).reason, "Disconnected")
      assert.strictEqual((yield* Effect.flip(ask({ directory: "../.." }))).reason, "Misconfigured")
    })
  )

  it.scoped("a file that is not of its kind is named", () =>
    Effect.gen(function* () {
      const directory = yield* written
      const error = yield* Effect.flip(ask({ directory, pattern: "notes.txt", format: "json" }))
      assert.strictEqual(error.reason, "Malformed")
      assert.match(error.detail, /notes\.txt is no JSON/)
    })
  )
})

// The station's own events.

const events = ({ end, start }: TimeRange): ReadonlyArray<RecordedEvent> => {
  const found: Array<RecordedEvent> = []
  for (let n = Math.ceil(start / 7_000); n * 7_000 < end; n++)
    found.push({
      seq: n,
      ts: new Date(n * 7_000).toISOString().replace("Z", "123+00:00"),
      stream: n % 9 === 0 ? "run" : "site",
      data: { cpu: { user: n % 100 }, host: "x", list: [1], ...(n % 4 === 0 ? {} : { "load-1": n / 8 }) }
    })
  return found
}

const recorded = RecordedEvents.of({
  between: (type, range) => (type === "system.load" ? Stream.fromIterable(events(range)) : Stream.empty),
  newest: (type) =>
    Effect.succeed(
      type === "system.load" ? Option.fromNullable(events({ start: 7_000, end: 7_001 })[0]) : Option.none()
    )
})

suite("of the station's own events", [
  {
    history: TelemetryHistory,
    open: opened({}),
    context: Effect.provideService(RecordedEvents, recorded),
    series: [
      {
        request: series("telemetry", "system.load"),
        within: { start: 19_700 * day, end: 19_702 * day },
        now: 20_000 * day,
        truth: (range) =>
          events(range).map(({ data, seq, stream }) => ({
            TS: nanos(seq * 7_000) + 123_000n,
            cpu_user: (data as { cpu: { user: number } }).cpu.user,
            load_1: seq % 4 === 0 ? null : seq / 8,
            seq,
            stream
          }))
      }
    ]
  }
])

describe("telemetry", () => {
  it.effect("chosen fields become columns, true and false numbers; a type nobody posted is told", () =>
    Effect.gen(function* () {
      const settings = { columns: { user: "cpu.user", missing: "no.such" }, period: "month" }
      const prepared = yield* TelemetryHistory.prepare(settings)
      const { layout } = yield* prepared.plan(series("telemetry", "system.load"), "s")
      assert.deepStrictEqual(
        layout.columns.map(({ name }) => name),
        ["user", "missing", "seq", "stream"]
      )
      assert.strictEqual(layout.period, "month")
      const [row] = yield* rowsOf(prepared, series("telemetry", "system.load"), { start: 7_000, end: 8_000 }, nobody)
      assert.deepInclude(row, { user: 1, missing: null })
      const all = yield* TelemetryHistory.prepare({})
      const error = yield* Effect.flip(all.plan(series("telemetry", "nobody"), "s"))
      assert.strictEqual(error.reason, "Unsupported")
      assert.match(error.detail, /nobody[^]*settings\.columns/)
    }).pipe(Effect.provideService(RecordedEvents, recorded))
  )
})

// ccxt, in a double of the library.

const oracle = MarketOracle.make({ listedAt: 19_700 * day })
const ccxtNow = 19_740 * day

class Kucoin {
  readonly id = "kucoin"
  readonly has = { fetchOHLCV: true, fetchTrades: true }
  readonly timeframes = { "1m": "1min", "1h": "1hour", "1M": "1month" }
  async fetchOHLCV(pair: string, timeframe: string, since: number, limit: number) {
    const span = timeframe === "1m" ? 60 : 3600
    const found = oracle.candles(pair, span, since, Math.min(ccxtNow, since + limit * span * 1000))
    return found.map((c) => [c.at, c.open, c.high, c.low, c.close, c.volume])
  }
  async fetchTrades(pair: string, since: number) {
    const found = oracle.trades(pair, since, Math.min(since + 6 * 3_600_000, ccxtNow)).slice(0, 150)
    const later =
      found.length > 0 ? found : oracle.trades(pair, since, Math.min(since + 2 * day, ccxtNow)).slice(0, 150)
    return later.map((t) => ({
      id: String(t.id),
      timestamp: t.at,
      price: t.price,
      amount: t.amount,
      side: t.isBuy ? "buy" : "sell"
    }))
  }
}

const double = Ccxt.make(async () => ({ default: { kucoin: Kucoin } }))
const ccxtWithin = { start: 19_701 * day, end: 19_735 * day }

suite("through ccxt", [
  {
    history: double,
    open: opened({ exchange: "kucoin" }),
    context: (effect) => effect,
    series: [
      {
        request: series("ohlc", "BTC/USDT", 60),
        within: ccxtWithin,
        now: ccxtNow,
        truth: ({ end, start }) =>
          oracle.candles("BTC/USDT", 60, start, end).map((c) => ({
            TS: nanos(c.at),
            open: c.open,
            high: c.high,
            low: c.low,
            close: c.close,
            volume: c.volume,
            quote_volume: null,
            weighted_average: null,
            trades: null
          }))
      },
      {
        request: series("trades", "BTC/USDT"),
        within: ccxtWithin,
        now: ccxtNow,
        longest: 7_200_000,
        truth: ({ end, start }) =>
          oracle.trades("BTC/USDT", start, end).map((t) => ({
            TS: nanos(t.at),
            tid: String(t.id),
            price: t.price,
            amount: t.amount,
            side: t.isBuy ? "buy" : "sell"
          }))
      }
    ]
  }
])

describe("ccxt", () => {
  const plan = (history: ReturnType<typeof Ccxt.make>, exchange: string, request = series("ohlc", "A/B", 60)) =>
    Effect.flatMap(history.prepare({ exchange }), (prepared) => Effect.flip(prepared.plan(request, "s")))

  it.effect("says how to install it where it is not, and what an exchange has where it is", () =>
    Effect.gen(function* () {
      const absent = Ccxt.make(() => Promise.reject(new Error("Cannot find package 'ccxt'")))
      const missing = yield* plan(absent, "kucoin")
      assert.deepInclude(missing, { reason: "Unsupported" })
      assert.match(missing.detail, /npm install ccxt/)
      assert.match((yield* plan(double, "nosuch")).detail, /knows no exchange nosuch/)
      assert.match((yield* plan(double, "kucoin", series("ohlc", "A/B", 90))).detail, /1m, 1h/)
    })
  )

  it.effect("its errors steer the engine by their class", () =>
    Effect.gen(function* () {
      for (const [name, reason] of [
        ["RateLimitExceeded", "RetryAfter"],
        ["BadSymbol", "Misconfigured"],
        ["RequestTimeout", "Disconnected"],
        ["BadResponse", "Malformed"]
      ] as const) {
        class Failing extends Kucoin {
          override fetchOHLCV() {
            return Promise.reject(Object.assign(new Error("no"), { name }))
          }
        }
        const history = Ccxt.make(async () => ({ failing: Failing }))
        const prepared = yield* history.prepare({ exchange: "failing" })
        const error = yield* Effect.flip(rowsOf(prepared, series("ohlc", "A/B", 60), { start: 0, end: 60_000 }, nobody))
        assert.strictEqual(error.reason, reason)
      }
    })
  )
})
