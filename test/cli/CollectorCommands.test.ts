import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, TestClock } from "effect"
import type { SyncResult } from "../../src/domain/Collector.js"
import { CollectorDouble, entry, stream } from "../support/CollectorDouble.js"
import { CommandLine, layer } from "../support/CommandLine.js"

const prepared = Effect.gen(function* () {
  return { line: yield* CommandLine, collector: yield* CollectorDouble }
})
const id = "binance_BTC_USDT_3600"

describe("schedule", () => {
  it.effect("list", () =>
    Effect.gen(function* () {
      const { collector, line } = yield* prepared
      const { code, out } = yield* line.run(["schedule", "list"])
      assert.deepStrictEqual(
        [code, out],
        [
          0,
          "ID                     WHEN      NEXT                       LAST  STATE\n" +
            `${id}  every 1h  2026-05-28 23:26:40+02:00        waiting\n`
        ]
      )
      collector.running = false
      assert.match((yield* line.run(["schedule", "list"])).out, /\nall are paused together; .*schedule resume --all\n$/)
      assert.strictEqual(JSON.parse((yield* line.run(["schedule", "list", "--json"])).out).running, false)
      line.hasServer = false
      assert.match((yield* line.run(["schedule", "list"])).out, /\nnothing runs by itself while there is no server; /)
    }).pipe(Effect.provide(layer))
  )

  it.effect("pause and resume, one or all", () =>
    Effect.gen(function* () {
      const { collector, line } = yield* prepared
      assert.strictEqual((yield* line.run(["schedule", "pause", id])).out, `schedule ${id} is paused\n`)
      assert.strictEqual(collector.schedules[0]?.paused, true)
      assert.deepStrictEqual(JSON.parse((yield* line.run(["schedule", "resume", id, "--json"])).out), {
        id,
        paused: false
      })
      yield* line.run(["schedule", "pause", "--all"])
      assert.strictEqual(collector.running, false)
      assert.strictEqual((yield* line.run(["schedule", "resume", "--all"])).out, "schedules run again\n")
      assert.strictEqual(collector.running, true)
    }).pipe(Effect.provide(layer))
  )

  it.effect("what is not there exits 3, what is not clear 2", () =>
    Effect.gen(function* () {
      const { line } = yield* prepared
      const wrong = yield* line.run(["schedule", "pause", "nope"])
      assert.strictEqual(wrong.code, 3)
      assert.match(wrong.err, /error: No schedule nope\nhint: .*outpost schedule list\n$/)
      assert.strictEqual((yield* line.run(["schedule", "pause"])).code, 2)
      assert.strictEqual((yield* line.run(["schedule", "resume", id, "--all"])).code, 2)
    }).pipe(Effect.provide(layer))
  )
})

describe("stream", () => {
  it.effect("list tells what they really do", () =>
    Effect.gen(function* () {
      const { collector, line } = yield* prepared
      yield* TestClock.adjust("90 seconds")
      collector.streams = [
        stream,
        { ...stream, key: "b", state: "rejected", last_message_at: null, error: "no such pair\n  at x" }
      ]
      assert.strictEqual(
        (yield* line.run(["stream", "list"])).out,
        "STREAM                   STATE     SINCE  LAST MESSAGE  ROWS   RECONNECTS\n" +
          "binance_BTC_USDT_trades  live      1 min  10.0 s ago    1,234  2\n" +
          "b                        rejected  1 min                1,234  2           no such pair\n"
      )
      assert.strictEqual(JSON.parse((yield* line.run(["stream", "list", "--json"])).out).streams.length, 2)
    }).pipe(Effect.provide(layer))
  )

  it.effect("start and stop, with or without channels", () =>
    Effect.gen(function* () {
      const { collector, line } = yield* prepared
      assert.match(
        (yield* line.run(["stream", "stop", "binance", "BTC/USDT"])).out,
        /^stream binance_BTC_USDT_trades stopped\n$/
      )
      assert.match((yield* line.run(["stream", "stop", "binance", "BTC/USDT", "trades"])).out, /was not running\n$/)
      assert.match(
        (yield* line.run(["stream", "start", "binance", "BTC/USDT", "trades", "book"])).out,
        /_trades_book started/
      )
      assert.deepStrictEqual(collector.streams[1]?.channels, ["trades", "book"])
      const unclear = yield* line.run(["stream", "stop", "binance", "BTC/USDT"])
      assert.strictEqual(unclear.code, 2)
      assert.match(unclear.err, /has 2 streams\nhint: name the channels of one: trades; trades book\n/)
    }).pipe(Effect.provide(layer))
  )

  it.effect("what is not there exits 3, what can't be 2, no server 5", () =>
    Effect.gen(function* () {
      const { line } = yield* prepared
      assert.strictEqual((yield* line.run(["stream", "start", "kraken", "ETH/EUR"])).code, 3)
      assert.strictEqual((yield* line.run(["stream", "start", "kraken", "ETH/EUR", "trades"])).code, 3)
      assert.strictEqual((yield* line.run(["stream", "stop", "kraken", "ETH/EUR", "trades"])).code, 3)
      assert.strictEqual((yield* line.run(["stream", "start", "binance", "BTC/USDT", "smell"])).code, 2)
      assert.strictEqual((yield* line.run(["stream", "start", "binance"])).code, 2)
      line.hasServer = false
      assert.strictEqual((yield* line.run(["stream", "start", "binance", "BTC/USDT"])).code, 5)
    }).pipe(Effect.provide(layer))
  )
})

describe("inventory", () => {
  it.effect("the series on disk, and what can't be read", () =>
    Effect.gen(function* () {
      const { collector, line } = yield* prepared
      collector.inventory = [
        entry,
        {
          ...entry,
          series: "kraken/trades/ETH-EUR",
          exchange: "kraken",
          type: "trades",
          files: 2,
          unreadable: [{ path: "/d/2024-01-01.parquet", reason: "not a Parquet file" }]
        }
      ]
      const { code, err, out } = yield* line.run(["inventory", "--quiet"])
      assert.strictEqual(code, 0)
      assert.strictEqual(
        out,
        "SERIES                    FIRST       LAST        ROWS   FILES             SIZE     GAPS\n" +
          "binance/ohlc/BTC-USDT/1h  2024-01-01  2024-12-31  8,784  1                 342 KiB  0\n" +
          "kraken/trades/ETH-EUR     2024-01-01  2024-12-31  8,784  2 (1 unreadable)  342 KiB  0\n" +
          "2 series, 17,568 rows, 3 files, 684 KiB\n"
      )
      assert.strictEqual(err, "warning: /d/2024-01-01.parquet can't be read: not a Parquet file\n")
      const some = JSON.parse((yield* line.run(["inventory", "--source", "kraken", "--type", "trades", "--json"])).out)
      assert.deepStrictEqual(
        some.inventory.map((one: { series: string }) => one.series),
        ["kraken/trades/ETH-EUR"]
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("--holes counts them", () =>
    Effect.gen(function* () {
      const { collector, line } = yield* prepared
      yield* line.run(["inventory"])
      assert.strictEqual(collector.countedHoles, false)
      collector.inventory = [{ ...entry, holes: 2, missing_rows: 1400 }]
      const { out } = yield* line.run(["inventory", "--holes"])
      assert.strictEqual(collector.countedHoles, true)
      assert.match(out, /GAPS {2}HOLES {2}MISSING\n.* 0 {5}2 {6}1,400\n/)
      collector.inventory = []
      assert.match((yield* line.run(["inventory"])).out, /^no series on disk; fetch some with: outpost backfill\n$/)
    }).pipe(Effect.provide(layer))
  )
})

describe("sync", () => {
  const good: SyncResult = {
    remote: "s3:bucket",
    ok: true,
    started_at: 0,
    finished_at: 2,
    files: 12,
    bytes: 2048,
    error: null
  }
  const bad: SyncResult = {
    ...good,
    remote: "nas:",
    ok: false,
    files: null,
    bytes: null,
    error: "exit 3: no such host"
  }

  it.effect("says how it went for each remote, and exits 1 if one failed", () =>
    Effect.gen(function* () {
      const { collector, line } = yield* prepared
      collector.copy = Effect.succeed([good])
      const well = yield* line.run(["sync"])
      assert.deepStrictEqual([well.code, well.out], [0, "ok      s3:bucket: 12 files, 2.0 KiB, 2.0 s\n"])
      collector.copy = Effect.succeed([good, bad])
      const ill = yield* line.run(["sync"])
      assert.strictEqual(ill.code, 1)
      assert.match(ill.out, /\nfailed {2}nas:: exit 3: no such host\n$/)
      assert.match(ill.err, /error: 1 of 2 remotes failed\nhint: /)
      assert.deepStrictEqual(JSON.parse((yield* line.run(["sync", "--json"])).out), { ok: false, results: [good, bad] })
      collector.remotes = []
      assert.strictEqual((yield* line.run(["sync"])).code, 2)
    }).pipe(Effect.provide(layer))
  )

  it.effect("says what is done while it goes on", () =>
    Effect.gen(function* () {
      const { collector, line } = yield* prepared
      collector.remotes = ["s3:bucket", "nas:"]
      collector.history = [{ ...good, finished_at: 1 }]
      const ended = yield* Deferred.make<void>()
      collector.copy = Effect.as(Deferred.await(ended), [good, bad])
      const fiber = yield* Effect.fork(line.run(["sync"]))
      yield* TestClock.adjust("6 seconds")
      collector.history = [good, { ...good, finished_at: 1 }]
      yield* TestClock.adjust("5 seconds")
      yield* Deferred.succeed(ended, undefined)
      const { err } = yield* fiber
      assert.include(
        err,
        "\ncopying, 0 of 2 remotes done, 5.0 s\nok      s3:bucket: 12 files, 2.0 KiB, 2.0 s\ncopying, 1 of 2 remotes done, 10.0 s\n"
      )
    }).pipe(Effect.provide(layer))
  )
})
