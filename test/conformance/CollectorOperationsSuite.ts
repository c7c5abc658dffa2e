/**
 * What `CollectorOperations` promises, whoever carries it out. The layer has the schedules of a histo job (binance, BTC/USDT,
 * an hour), a stream job of the same pair with trades, no remotes, and the series of the histo job on disk.
 */
import { CollectorOperations } from "../../src/operations/CollectorOperations.js"
import { assert } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { layer as testLayer } from "../support/SharedLayer.js"

const trades = { exchange: "binance", pair: "BTC/USDT", channels: ["trades"] } as const
const series = "binance/ohlc/BTC-USDT/1h"

export const suite = <E>(name: string, layer: Layer.Layer<CollectorOperations, E>) =>
  testLayer(layer, { excludeTestServices: true })(`CollectorOperations ${name}`, (it) => {
    it.effect("nothing has a next run while everything is paused", () =>
      Effect.gen(function* () {
        const collector = yield* CollectorOperations
        yield* collector.setScheduler(false)
        const paused = yield* collector.scheduler
        assert.strictEqual(paused.running, false)
        assert.isTrue(paused.jobs.every(({ next_run }) => next_run === null))
        yield* collector.setScheduler(true)
        assert.strictEqual((yield* collector.scheduler).running, true)
      })
    )

    it.effect("one schedule is paused by its id, whatever stands in it", () =>
      Effect.gen(function* () {
        const collector = yield* CollectorOperations
        const { jobs } = yield* collector.scheduler
        assert.isNotEmpty(jobs)
        for (const { id } of jobs) {
          const isPaused = Effect.map(
            collector.scheduler,
            ({ jobs }) => jobs.find((job) => job.id === id)?.paused === true
          )
          yield* collector.setSchedulePaused(id, true)
          assert.isTrue(yield* isPaused, id)
          yield* collector.setSchedulePaused(id, false)
          assert.isFalse(yield* isPaused, id)
        }
        const error = yield* Effect.flip(collector.setSchedulePaused("no/such ü", true))
        assert.deepStrictEqual([error._tag, "id" in error && error.id], ["ScheduleNotFound", "no/such ü"])
      })
    )

    it.effect("a stream runs from its start to its stop; a second start is the first", () =>
      Effect.gen(function* () {
        const collector = yield* CollectorOperations
        const running = Effect.map(
          collector.streams,
          (streams) => streams.find(({ key }) => key === "binance_BTC_USDT_trades")?.running
        )
        const key = yield* collector.startStream(trades)
        assert.strictEqual(key, "binance_BTC_USDT_trades")
        assert.strictEqual(yield* collector.startStream(trades), key)
        assert.strictEqual(yield* running, true)
        assert.deepStrictEqual(yield* collector.stopStream(trades), { key, wasRunning: true })
        assert.deepStrictEqual(yield* collector.stopStream(trades), { key, wasRunning: false })
        assert.strictEqual(yield* running, false)
      })
    )

    it.effect("a stream that no job has, and a channel that no exchange has, are told apart", () =>
      Effect.gen(function* () {
        const collector = yield* CollectorOperations
        const none = yield* Effect.flip(collector.startStream({ ...trades, pair: "XX/YY" }))
        assert.deepStrictEqual(
          [none._tag, "pair" in none && none.pair, none.message],
          ["NoMatchingStream", "XX/YY", "No matching stream job"]
        )
        const unsupported = yield* Effect.flip(collector.startStream({ ...trades, channels: ["gossip"] }))
        assert.strictEqual(unsupported._tag, "UnsupportedStream")
      })
    )

    it.effect("the inventory has the series, and its holes where they are asked for", () =>
      Effect.gen(function* () {
        const collector = yield* CollectorOperations
        const row = (yield* collector.inventory()).find((entry) => entry.series === series)
        assert.deepStrictEqual([row?.exchange, row?.pair, row?.type, row?.span], ["binance", "BTC/USDT", "ohlc", "1h"])
        const counted = (yield* collector.inventory({ holes: true })).find((entry) => entry.series === series)
        assert.isNumber(counted?.holes)
      })
    )

    it.effect("rows are read back as bytes, and what is not there fails before the first of them", () =>
      Effect.gen(function* () {
        const collector = yield* CollectorOperations
        const rows = yield* collector.data({ series, format: "json", limit: 1, start: 0 })
        const text = yield* Stream.mkString(Stream.decodeText(rows))
        assert.strictEqual(JSON.parse(text).length, 1)
        const missing = yield* Effect.flip(collector.data({ series: "binance/ohlc/XX-YY/1h", format: "csv" }))
        assert.deepStrictEqual(
          [missing._tag, "series" in missing && missing.series],
          ["NoSuchSeries", "binance/ohlc/XX-YY/1h"]
        )
        const column = yield* Effect.flip(collector.data({ series, format: "json", columns: ["colour"] }))
        assert.isTrue(column._tag === "NoSuchColumn", column._tag)
        if (column._tag === "NoSuchColumn") assert.deepStrictEqual([column.column, column.columns[0]], ["colour", "TS"])
      })
    )

    it.effect("a copy without remotes is refused", () =>
      Effect.gen(function* () {
        const collector = yield* CollectorOperations
        assert.deepStrictEqual((yield* collector.storage).remotes, [])
        assert.strictEqual((yield* Effect.flip(collector.sync))._tag, "NoRemotes")
      })
    )

    it.effect("figures are by exchange and pair", () =>
      Effect.gen(function* () {
        const collector = yield* CollectorOperations
        assert.isTrue(Object.keys(yield* collector.metrics).every((key) => /^\w+\/\w+\/\w+$/.test(key)))
      })
    )
  })
