/** The streams of a site: what the config says, what is started and stopped by hand, and what is told of both. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { LiveJob } from "../../../src/backfill/live/LiveStream.js"
import { feeds } from "../../../src/plugins/source/Feeds.js"
import { ScriptedSockets, settle } from "../../support/ScriptedSockets.js"
import { ToyFeed } from "../../support/ToyFeed.js"
import * as Collecting from "./Collecting.js"

const begin = Effect.gen(function* () {
  const sockets = new ScriptedSockets()
  const collecting = yield* Collecting.open({ sockets: sockets.layer, feeds: [ToyFeed, ...feeds] })
  const { collectors } = collecting
  const become = (jobs: ReadonlyArray<LiveJob>, options: { readonly idle?: boolean; readonly url?: string } = {}) =>
    collectors
      .reconcile(
        { jobs, settings: () => ({ base_url: options.url ?? "ws://127.0.0.1:9" }) },
        { idle: options.idle ?? false }
      )
      .pipe(Effect.tap(settle))
  const states = Effect.map(collectors.list, (all) =>
    Object.fromEntries(all.map(({ key, running, state }) => [key, running ? state : `not running, ${state}`]))
  )
  const open = () => sockets.connections.filter(({ closed }) => !closed).length
  return { sockets, collectors, become, states, open }
})

const job = (
  pairs: ReadonlyArray<string>,
  channels: ReadonlyArray<string> = ["trades"],
  more: Partial<LiveJob> = {}
): LiveJob => ({
  exchange: "toy",
  pairs,
  channels,
  time_step: 60,
  ...more
})

describe("reconcile", () => {
  it.scoped("starts, keeps, restarts and stops what the config says", () =>
    Effect.gen(function* () {
      const { become, open, sockets, states } = yield* begin
      assert.deepStrictEqual(yield* become([job(["A/B", "C/D"])]), ["toy_A_B_trades", "toy_C_D_trades"])
      assert.deepStrictEqual(yield* states, { toy_A_B_trades: "connecting", toy_C_D_trades: "connecting" })
      assert.deepStrictEqual(yield* become([job(["A/B", "C/D"])]), [])
      assert.strictEqual(sockets.connections.length, 2)
      assert.deepStrictEqual(yield* become([job(["A/B"]), job(["C/D"], ["trades"], { time_step: 30 })]), [
        "toy_C_D_trades"
      ])
      assert.strictEqual(sockets.connections.length, 3)
      assert.strictEqual(open(), 2)
      assert.deepStrictEqual(yield* become([job(["A/B"])]), ["toy_C_D_trades"])
      assert.deepStrictEqual(yield* states, { toy_A_B_trades: "connecting" })
      assert.deepStrictEqual(yield* become([job(["A/B"])], { url: "ws://127.0.0.1:10" }), ["toy_A_B_trades"])
      assert.strictEqual(sockets.last.url, "ws://127.0.0.1:10")
      assert.strictEqual(open(), 1)
    })
  )

  it.scoped("starts nothing on an idle site, where every stream can be started by hand", () =>
    Effect.gen(function* () {
      const { become, collectors, open, states } = yield* begin
      yield* become([job(["A/B"])], { idle: true })
      assert.deepStrictEqual(yield* states, { toy_A_B_trades: "not running, stopped" })
      assert.strictEqual(open(), 0)
      yield* collectors.start({ exchange: "toy", pair: "A/B", channels: ["trades"] })
      yield* settle
      assert.strictEqual(open(), 1)
    })
  )

  it.scoped("takes one stream for each pair, and for each channel where the venue has one per connection", () =>
    Effect.gen(function* () {
      const { become, collectors } = yield* begin
      yield* become(
        [
          { exchange: "binance", pairs: ["BTC/USDT"], channels: ["trades", "book"], time_step: 60 },
          { exchange: "bitmex", pairs: ["BTC/USD"], channels: ["trades", "book"], time_step: 10 }
        ],
        { idle: true }
      )
      assert.deepStrictEqual(
        (yield* collectors.list).map(({ channels, exchange, key, pair, time_step }) => [
          key,
          exchange,
          pair,
          channels,
          time_step
        ]),
        [
          ["binance_BTC_USDT_trades_book", "binance", "BTC/USDT", ["trades", "book"], 60],
          ["bitmex_BTC_USD_trades", "bitmex", "BTC/USD", ["trades"], 10],
          ["bitmex_BTC_USD_book", "bitmex", "BTC/USD", ["book"], 10]
        ]
      )
    })
  )
})

describe("dccd weak point 17: arbitrary channels are accepted, keys may be unknown or twice", () => {
  it.scoped("what an exchange does not have is refused by name, and connects to nobody", () =>
    Effect.gen(function* () {
      const { become, collectors, sockets, states } = yield* begin
      yield* become([job(["A/B"])])
      const before = sockets.asked.length
      for (const channels of [["ticker"], ["book@3"], [], ["trades", "trades"]]) {
        const error = yield* Effect.flip(collectors.start({ exchange: "toy", pair: "A/B", channels }))
        assert.strictEqual(error._tag, "UnsupportedStream")
        assert.match(error.message, /channel|twice/)
      }
      const error = yield* Effect.flip(collectors.start({ exchange: "toy", pair: "X/Y", channels: ["trades"] }))
      assert.strictEqual(error._tag, "NoMatchingStream")
      assert.strictEqual(sockets.asked.length, before)
      assert.deepStrictEqual(Object.keys(yield* states), ["toy_A_B_trades"])
    })
  )

  it.scoped("a config that asks for it has it shown, with the reason, and the other streams run", () =>
    Effect.gen(function* () {
      const { become, collectors } = yield* begin
      yield* become([
        job(["A/B"], ["ticker"]),
        job(["A/B"]),
        { exchange: "nobody", pairs: ["A/B"], channels: ["trades"], time_step: 1 }
      ])
      const told = (yield* collectors.list).map(({ error, running, state }) => ({ error, running, state }))
      assert.deepInclude(told[0], { running: false, state: "rejected" })
      assert.match(told[0]?.error ?? "", /'ticker'.*trades, book/)
      assert.deepInclude(told[1], { running: true, state: "connecting" })
      assert.deepInclude(told[2], { running: false, state: "rejected" })
    })
  )

  it.scoped("the same stream twice runs once", () =>
    Effect.gen(function* () {
      const { become, collectors, open, states } = yield* begin
      yield* become([job(["A/B", "A/B"]), job(["A/B"])])
      assert.deepStrictEqual(yield* states, { toy_A_B_trades: "connecting" })
      assert.strictEqual(
        yield* collectors.start({ exchange: "toy", pair: "A/B", channels: ["trades"] }),
        "toy_A_B_trades"
      )
      yield* settle
      assert.strictEqual(open(), 1)
    })
  )
})

describe("by hand", () => {
  it.scoped("other channels of a job's pair can be started, and are listed while they run", () =>
    Effect.gen(function* () {
      const { become, collectors, states } = yield* begin
      yield* become([job(["A/B"])])
      const book = { exchange: "toy", pair: "A/B", channels: ["book@5"] }
      assert.strictEqual(yield* collectors.start(book), "toy_A_B_book@5")
      yield* settle
      assert.deepStrictEqual(yield* states, { toy_A_B_trades: "connecting", "toy_A_B_book@5": "connecting" })
      assert.deepStrictEqual(yield* become([job(["A/B"]), job(["C/D"])]), ["toy_C_D_trades"])
      assert.deepStrictEqual(yield* collectors.stop(book), { key: "toy_A_B_book@5", wasRunning: true })
      assert.deepStrictEqual(Object.keys(yield* states), ["toy_A_B_trades", "toy_C_D_trades"])
      yield* collectors.start(book)
      assert.includeMembers([...(yield* become([job(["C/D"])]))], ["toy_A_B_book@5"])
    })
  )

  it.scoped("a stop is answered for any key, and a stopped stream stays so until its entry changes", () =>
    Effect.gen(function* () {
      const { become, collectors, open, states } = yield* begin
      yield* become([job(["A/B"])])
      const one = { exchange: "toy", pair: "A/B", channels: ["trades"] }
      assert.deepStrictEqual(yield* collectors.stop({ ...one, exchange: "none" }), {
        key: "none_A_B_trades",
        wasRunning: false
      })
      assert.isTrue((yield* collectors.stop(one)).wasRunning)
      assert.isFalse((yield* collectors.stop(one)).wasRunning)
      assert.deepStrictEqual(yield* become([job(["A/B"])]), [])
      assert.deepStrictEqual(yield* states, { toy_A_B_trades: "not running, stopped" })
      yield* become([job(["A/B"], ["trades"], { time_step: 61 })])
      assert.strictEqual(open(), 1)
      yield* collectors.stop(one)
      yield* collectors.start(one)
      yield* settle
      assert.strictEqual(open(), 1)
    })
  )
})
