import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Stream, TestClock } from "effect"
import * as BackfillSummary from "../../src/cli/BackfillSummary.js"
import * as Output from "../../src/cli/Output.js"
import type { ChunkView } from "../../src/domain/Backfill.js"
import { BackfillDouble, done, key, record, series } from "../support/BackfillDouble.js"
import { CommandLine, layer } from "../support/CommandLine.js"
import * as MemoryOperations from "../support/MemoryOperations.js"

const failure: ChunkView = {
  series: key,
  start: Date.parse("2024-01-01T00:00:00Z"),
  end: Date.parse("2024-01-02T12:00:00Z"),
  status: "FAILED",
  attempts: 3,
  records: 0,
  started_at: "",
  error_type: "Disconnected",
  error_message: "500 from\nthe exchange"
}

const prepared = Effect.gen(function* () {
  return { line: yield* CommandLine, backfills: yield* BackfillDouble }
})

/** Ends with two windows that failed. */
const badEnd = (begun: ReturnType<typeof record>) =>
  Stream.make(done(begun, { complete: false, failed: 2, series: [series({ failed: 2, fetched: 6 })] }))

describe("backfill", () => {
  it.effect("runs to the end and says what came of it", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      const { code, err, out } = yield* line.run(["backfill"])
      assert.deepStrictEqual(backfills.asked, [["start", {}]])
      assert.strictEqual(line.connects[0]?.need, "write")
      assert.strictEqual(
        out,
        "SERIES                    STATE  WINDOWS  ROWS   EMPTY  FAILED\n" +
          "binance/ohlc/BTC-USDT/1h  done   10       8,000  2      0\n" +
          "1 series, 10 windows, 8,000 rows, 2 empty, 0 failed, in 0 ms\n"
      )
      assert.deepStrictEqual([code, err], [0, "on the server at http://127.0.0.1:4711\n"])
    }).pipe(Effect.provide(layer))
  )

  it.effect("dccd weak point 26: failed work exits 1, with the first reasons and what to do", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      backfills.life = badEnd
      backfills.failures = [failure]
      const { code, err, out } = yield* line.run(["backfill"])
      assert.strictEqual(code, 1)
      assert.include(
        out,
        `\nfailed  ${key}  2024-01-01 to 2024-01-02 12:00  Disconnected: 500 from the exchange (3 attempts)\nand 1 more\n`
      )
      assert.match(err, /error: 2 windows failed\nhint: .*backfill show \S+ --failed.*backfill --retry-failed\n$/)
    }).pipe(Effect.provide(layer))
  )

  it.effect("dccd weak point 26: every outcome is one JSON document", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      const good = JSON.parse((yield* line.run(["backfill", "--json"])).out)
      assert.deepStrictEqual([good.complete, good.failures, good.backfills.length], [true, [], 1])
      assert.strictEqual(good.backfills[0].series[0].rows, 8000)
      backfills.life = badEnd
      backfills.failures = [failure]
      const bad = yield* line.run(["backfill", "--json"])
      assert.strictEqual(bad.code, 1)
      const told = JSON.parse(bad.out)
      assert.deepStrictEqual([told.complete, told.failures], [false, [failure]])
    }).pipe(Effect.provide(layer))
  )

  it.effect("warns of rows that could not be read, and of a file that is set aside, with the id", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      const set_aside = ["data/2026.parquet.unreadable-1"]
      backfills.life = (begun) => Stream.make(done(begun, { series: [series({ unreadable: 272, set_aside })] }))
      const { code, out } = yield* line.run(["backfill"])
      assert.strictEqual(code, 0)
      assert.match(out, /warning: 272 rows of the answers to (\S+) could not .*left out; .*backfill show \1 /)
      assert.match(out, /warning: a file of \S+ .* is kept as data\/2026.parquet.unreadable-1; .* is fetched again\n/)
      backfills.life = (begun) =>
        Stream.make(done(begun, { complete: false, series: [series({ set_aside, lost: 3_600_000 })] }))
      const partly = yield* line.run(["backfill"])
      assert.strictEqual(partly.code, 1)
      assert.match(partly.out, /1 h of what was there is missing now; fetch it with: outpost backfill\n/)
    }).pipe(Effect.provide(layer))
  )

  it.effect("what a later one of the same series made whole is whole, and counts once", () =>
    Effect.gen(function* () {
      const failed = record({ id: "a", status: "done", complete: false, failed: 2, series: [series({ failed: 2 })] })
      const whole = record({ id: "b", status: "done", complete: true, series: [series({ done: 2, total: 2 })] })
      const told = yield* BackfillSummary.outcome([failed, whole], 1)
      assert.isTrue(told.complete)
      assert.match(BackfillSummary.lines(told, Output.colourless).at(-1) ?? "", /^1 series, 12 windows, .* 0 failed, /)
      yield* BackfillSummary.judge(told)
      const partly = yield* BackfillSummary.outcome([whole, failed], 1)
      assert.isFalse(partly.complete)
      assert.strictEqual((yield* Effect.flip(BackfillSummary.judge(partly)))._tag, "CommandFailed")
    }).pipe(Effect.provide(MemoryOperations.layer))
  )

  it.effect("dccd weak point 26: partial work exits 1, however it came to be partial", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      const ends: ReadonlyArray<readonly [Parameters<typeof record>[0], RegExp]> = [
        [
          { status: "error", complete: false, series: [series({ state: "error", error: "no such pair" })] },
          /1 series stopped by an error/
        ],
        [{ status: "cancelled", complete: null }, /is cancelled\nhint: .*backfill resume/],
        [{ status: "paused", complete: null }, /is paused\nhint: .*backfill resume/],
        [{ status: "interrupted", complete: null }, /is interrupted\nhint: .*backfill resume/],
        [{ complete: false }, /is not complete\nhint: .*outpost coverage.*--retry-failed/],
        [{ status: "error", complete: false, error: "the disk is full" }, /could not go on: the disk is full/]
      ]
      for (const [end, message] of ends) {
        backfills.life = (begun) => Stream.make(done(begun, end))
        const { code, err } = yield* line.run(["backfill"])
        assert.strictEqual(code, 1, JSON.stringify(end))
        assert.match(err, message)
      }
    }).pipe(Effect.provide(layer))
  )

  it.effect("what a limit left for later was not asked for", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      backfills.life = (begun) => Stream.make(done(begun, { complete: false }))
      assert.strictEqual((yield* line.run(["backfill", "--limit", "3"])).code, 0)
    }).pipe(Effect.provide(layer))
  )

  it.effect("--resume goes on with everything that is unfinished", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      backfills.held = [record({ id: "old", status: "interrupted" }), record({ id: "older", status: "done" })]
      const { code, out } = yield* line.run(["backfill", "--resume", "--retry-failed", "--json"])
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(backfills.asked, [["resumeAll", { retry_failed: true }]])
      assert.deepStrictEqual(
        JSON.parse(out).backfills.map((one: { id: string }) => one.id),
        ["old", "binance_all_1780000000"]
      )
      backfills.hasJobs = false
      backfills.held = []
      const idle = yield* line.run(["backfill", "--resume"])
      assert.deepStrictEqual([idle.code, idle.out.slice(0, 13)], [0, "nothing to do"])
    }).pipe(Effect.provide(layer))
  )

  it.effect("--dry-run says what would be fetched, and starts nothing", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      backfills.planned = [
        {
          series: key,
          source: "binance",
          pair: "BTC/USDT",
          windows: 12,
          failed: 1,
          missing: 3 * 86_400_000,
          first: Date.parse("2024-01-01"),
          last: Date.parse("2024-01-04"),
          seconds: 6
        }
      ]
      backfills.held = [record({ id: "old", status: "paused" })]
      const { code, out } = yield* line.run(["backfill", "--dry-run", "--resume"])
      assert.strictEqual(code, 0)
      assert.strictEqual(line.connects[0]?.need, "read")
      assert.strictEqual(
        out,
        "SERIES                    WINDOWS  MISSING  FROM        TO          TAKES  FAILED BEFORE\n" +
          "binance/ohlc/BTC-USDT/1h  12       3 d      2024-01-01  2024-01-04  6.0 s  1\n" +
          "1 series, 12 windows, 3 d missing, at least 6.0 s of fetching\n" +
          "1 window failed before and is tried with --retry-failed\n"
      )
      const told = JSON.parse((yield* line.run(["backfill", "--dry-run", "--json"])).out)
      assert.deepStrictEqual([told.windows, told.seconds, told.series.length], [12, 6, 1])
      assert.deepStrictEqual(new Set(backfills.asked.map(([verb]) => verb)), new Set(["plan"]))
    }).pipe(Effect.provide(layer))
  )
})

describe("while it runs", () => {
  /** A window a second, ten of them. */
  const tenSeconds = (begun: ReturnType<typeof record>) =>
    Stream.range(1, 10).pipe(
      Stream.mapEffect((n) =>
        Effect.as(
          Effect.sleep("1 second"),
          n === 10 ? done(begun) : record({ ...begun, series: [series({ state: "running", done: n, rows: n * 100 })] })
        )
      )
    )

  it.effect("a pipe gets a plain line every few seconds, on standard error", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      backfills.life = tenSeconds
      const fiber = yield* Effect.fork(line.run(["backfill", "--json"]))
      yield* TestClock.adjust("11 seconds")
      const { code, err, out } = yield* fiber
      assert.strictEqual(code, 0)
      assert.strictEqual(JSON.parse(out).seconds, 10)
      assert.match(err, /\n0 of 1 series, [45] of 10 windows\n/)
    }).pipe(Effect.provide(layer))
  )

  it.effect("a terminal gets a bar, which is gone at the end", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      backfills.life = tenSeconds
      const fiber = yield* Effect.fork(line.run(["backfill"], { terminal: true }))
      yield* TestClock.adjust("11 seconds")
      const { err, out } = yield* fiber
      assert.include(err, "1h  [")
      assert.match(err, / 5\/10 +[01](\.\d)?\/s +\d+ rows\/s +[45]\.\d s left\n/)
      assert.isTrue(err.endsWith("\r\u001b[1A\u001b[J"))
      assert.match(out, /, in 10\.0 s\n$/)
    }).pipe(Effect.provide(layer))
  )

  const interrupted = (hasServer: boolean) =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      const running = yield* Deferred.make<void>()
      line.hasServer = hasServer
      backfills.life = () =>
        Stream.concat(Stream.drain(Stream.fromEffect(Deferred.succeed(running, undefined))), Stream.never)
      return yield* line.run(["backfill", "--resume"], { interrupt: Deferred.await(running) })
    })

  it.effect("Ctrl-C in this process ends the work and says how to go on", () =>
    Effect.gen(function* () {
      const { code, err, out } = yield* interrupted(false)
      assert.deepStrictEqual([code, out], [130, ""])
      assert.match(err, /\ninterrupted: what is fetched is kept; go on with: outpost backfill --resume\n$/)
    }).pipe(Effect.provide(layer))
  )

  it.effect("Ctrl-C beside a server leaves the work to it and says so", () =>
    Effect.gen(function* () {
      const { code, err } = yield* interrupted(true)
      assert.strictEqual(code, 130)
      assert.match(
        err,
        /\ndetached: the server goes on; .*show binance_all_1780000000, .*cancel binance_all_1780000000\n$/
      )
      const { backfills } = yield* prepared
      assert.strictEqual(backfills.held[0]?.status, "running")
    }).pipe(Effect.provide(layer))
  )
})

describe("what is to be fetched", () => {
  const requests: ReadonlyArray<readonly [ReadonlyArray<string>, unknown]> = [
    [["--job", "binance-3600s", "--job", "x"], { jobs: ["binance-3600s", "x"] }],
    [["--series", key], { series: [key] }],
    [["--source", "binance", "--series", key], { exchange: "binance", series: [key] }],
    [
      ["--source", "binance", "--series", "BTC/USDT", "--span", "1h"],
      { exchange: "binance", pairs: ["BTC/USDT"], span: 3600 }
    ],
    [["--type", "ohlc", "--span", "3600"], { type: "ohlc", span: 3600 }],
    [["--start", "2024-01-01", "--end", "2024-02-01 12:00"], { start: "2024-01-01", end: "2024-02-01 12:00" }],
    [["--start", "2024-01-01T00:00:00+02:00"], { start: "2023-12-31T22:00:00.000Z" }],
    [["--start", "1d"], { start: "1969-12-31T00:00:00.000Z" }],
    [
      ["--window", "day", "--concurrency", "8", "--limit", "5", "--parallel"],
      { window: "day", concurrency: 8, limit: 5, parallel: true }
    ]
  ]
  for (const [args, request] of requests) {
    it.effect(args.join(" "), () =>
      Effect.gen(function* () {
        const { backfills, line } = yield* prepared
        assert.strictEqual((yield* line.run(["backfill", ...args])).code, 0)
        assert.deepStrictEqual(backfills.asked, [["start", request]])
      }).pipe(Effect.provide(layer))
    )
  }

  it.effect("a series that stands in no job is fetched straight from its source", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      assert.strictEqual((yield* line.run(["backfill", "--series", "kraken/ohlc/ETH-EUR/1m"])).code, 0)
      assert.strictEqual(
        (yield* line.run(["backfill", "--source", "kraken", "--series", "ETH/EUR", "--span", "1m"])).code,
        0
      )
      assert.deepStrictEqual(
        backfills.asked.map(([, request]) => request),
        [
          { series: ["kraken/ohlc/ETH-EUR/1m"] },
          { source: "kraken", type: "ohlc", span: 60, pairs: ["ETH/EUR"] },
          { exchange: "kraken", pairs: ["ETH/EUR"], span: 60 },
          { source: "kraken", pairs: ["ETH/EUR"], span: 60 }
        ]
      )
    }).pipe(Effect.provide(layer))
  )

  const refused: ReadonlyArray<readonly [number, ReadonlyArray<string>, RegExp]> = [
    [2, ["--span", "hour"], /--span does not understand 'hour'/],
    [2, ["--start", "soon"], /--start does not understand 'soon'/],
    [2, ["--series", key, "--span", "1m"], /--span contradicts the key/],
    [2, ["--series", key, "--type", "trades"], /--type contradicts the key/],
    [2, ["--concurrency", "0"], /--concurrency takes/],
    [2, ["--window", "fortnight"], /window "fortnight": expected a duration\nhint: /],
    [3, ["--job", "nope"], /no job of the config matches\nhint: there are these: binance-3600s/],
    [3, ["--source", "nope", "--series", "X"], /no job of the config matches/],
    [3, ["--series", "nope/ohlc/BTC-USDT/1h"], /no job of the config matches/]
  ]
  for (const [code, args, message] of refused) {
    it.effect(`${args.join(" ")} exits ${code}`, () =>
      Effect.gen(function* () {
        const { backfills, line } = yield* prepared
        const result = yield* line.run(["backfill", ...args])
        assert.deepStrictEqual([result.code, result.out], [code, ""])
        assert.match(result.err, message)
        assert.deepStrictEqual(backfills.held, [])
      }).pipe(Effect.provide(layer))
    )
  }
})

describe("collect", () => {
  it.effect("is one round for what is new", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      assert.strictEqual((yield* line.run(["collect"])).code, 0)
      assert.strictEqual((yield* line.run(["collect", "--source", "binance", "--pair", "BTC/USDT"])).code, 0)
      assert.deepStrictEqual(backfills.asked, [
        ["start", { collect: true }],
        ["start", { collect: true, exchange: "binance", pairs: ["BTC/USDT"] }]
      ])
      assert.strictEqual((yield* line.run(["collect", "--source", "nope"])).code, 3)
    }).pipe(Effect.provide(layer))
  )

  it.effect("dccd weak point 26: exits 1 where a series failed, and says which", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      const broken = series({ state: "error", error: "no such pair", done: 0, total: 0, rows: 0, empty: 0 })
      backfills.life = (begun) => Stream.make(done(begun, { status: "error", complete: false, series: [broken] }))
      const { code, err, out } = yield* line.run(["collect"])
      assert.strictEqual(code, 1)
      assert.match(out, /1h {2}error {2}0 +0 +0 +0 +no such pair\n/)
      assert.match(err, /error: 1 series stopped by an error\n/)
    }).pipe(Effect.provide(layer))
  )
})
