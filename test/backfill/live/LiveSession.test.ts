/** Connections on the test's clock: when they are made, given up and made anew, and what is told of them. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { usual } from "../../../src/backfill/live/LiveTuning.js"
import { SourceError } from "../../../src/source/SourceError.js"
import { ScriptedSockets, settle } from "../../support/ScriptedSockets.js"
import { ToyFeed, tradeOf } from "../../support/ToyFeed.js"
import * as Collecting from "./Collecting.js"

/** As it is used, but without waits of chance length: 5, 10, 20, 40, 60 s. */
const begin = (
  options: {
    readonly channels?: ReadonlyArray<string>
    readonly settings?: object
    readonly refusal?: SourceError
  } = {}
) =>
  Effect.gen(function* () {
    const sockets = new ScriptedSockets()
    sockets.refusal = options.refusal
    const collecting = yield* Collecting.open({ sockets: sockets.layer, feeds: [ToyFeed], tuning: usual })
    yield* collecting.collectors.reconcile(
      {
        jobs: [{ exchange: "toy", pairs: ["BTC/USDT"], channels: options.channels ?? ["trades"], time_step: 60 }],
        settings: () => options.settings ?? {}
      },
      { idle: false }
    )
    yield* settle
    const state = Effect.map(Collecting.statusOf(collecting), (status) => status.state)
    return { sockets, collecting, state }
  })

const pass = (duration: Duration.DurationInput) => Effect.zipRight(TestClock.adjust(duration), settle)
const disconnected = new SourceError({ source: "toy", reason: "Disconnected", detail: "nobody there" })

describe("connecting", () => {
  it.scoped("is live once the subscription stands, and not before", () =>
    Effect.gen(function* () {
      const { collecting, sockets, state } = yield* begin({ channels: ["trades", "book"] })
      assert.deepStrictEqual(sockets.last.sent, ["subscribe trades", "subscribe book"])
      assert.strictEqual(yield* state, "connecting")
      yield* sockets.last.say({ ok: "trades" })
      assert.strictEqual(yield* state, "connecting")
      yield* sockets.last.say({ ok: "book" })
      assert.strictEqual(yield* state, "connecting")
      yield* sockets.last.say({ book: [10, 11], snap: true })
      assert.strictEqual(yield* state, "live")
      const status = yield* Collecting.statusOf(collecting)
      assert.strictEqual(status.messages, 3)
      assert.strictEqual(status.error, null)
    })
  )

  it.scoped("waits 5 to 60 s between attempts, longer each time, not two streams alike", () =>
    Effect.gen(function* () {
      const { collecting, sockets } = yield* begin({ refusal: disconnected })
      const status = yield* Collecting.statusOf(collecting)
      assert.strictEqual(status.state, "backing-off")
      assert.isTrue(status.running)
      assert.strictEqual(status.error, "nobody there")
      assert.isAtLeast(status.until ?? 0, 5)
      yield* pass("10 minutes")
      const waits = sockets.asked.slice(1).map((at, n) => at - (sockets.asked[n] ?? 0))
      assert.isAbove(waits.length, 9)
      assert.isTrue(
        waits.every((wait) => wait >= 5_000 && wait <= 60_000),
        waits.join()
      )
      assert.isBelow(waits[0] ?? 0, 6_500)
      assert.isTrue(
        waits.slice(4).every((wait) => wait >= 48_000),
        waits.join()
      )
      assert.isAbove(new Set(waits.slice(4)).size, 2)
      assert.strictEqual(collecting.failed.length, sockets.asked.length)
    })
  )

  it.scoped("begins with the shortest wait again after a healthy time, and only then", () =>
    Effect.gen(function* () {
      const { sockets } = yield* begin({ refusal: disconnected })
      yield* pass("5 minutes")
      sockets.refusal = undefined
      yield* Effect.repeat(pass("1 second"), { until: () => sockets.connections.length > 0 })
      yield* sockets.last.say({ ok: "trades" })
      yield* pass("30 seconds")
      yield* sockets.last.drop
      const early = sockets.asked.length
      yield* pass("40 seconds")
      assert.strictEqual(sockets.asked.length, early)
      yield* pass("20 seconds")
      assert.strictEqual(sockets.asked.length, early + 1)
      yield* sockets.last.say({ ok: "trades" })
      yield* pass("61 seconds")
      yield* sockets.last.drop
      yield* pass("6500 millis")
      assert.strictEqual(sockets.asked.length, early + 2)
    })
  )

  it.scoped("waits as long as the venue says", () =>
    Effect.gen(function* () {
      const { sockets } = yield* begin({
        refusal: new SourceError({ source: "toy", reason: "RetryAfter", detail: "429", retryAfter: 90_000 })
      })
      yield* pass("89 seconds")
      assert.strictEqual(sockets.asked.length, 1)
      yield* pass("1 second")
      assert.strictEqual(sockets.asked.length, 2)
    })
  )
})

describe("dccd weak point 16: running for streams says nothing about data", () => {
  it.scoped("a refused subscription is shown as such, and tried again rarely", () =>
    Effect.gen(function* () {
      const { collecting, sockets, state } = yield* begin()
      yield* sockets.last.say({ no: "no such symbol" })
      const status = yield* Collecting.statusOf(collecting)
      assert.strictEqual(status.state, "rejected")
      assert.isTrue(status.running)
      assert.strictEqual(status.error, "no such symbol")
      assert.isTrue(sockets.last.closed)
      yield* pass("14 minutes")
      assert.strictEqual(sockets.asked.length, 1)
      yield* pass("1 minute")
      assert.strictEqual(sockets.asked.length, 2)
      // Until the venue says otherwise it stays what it is.
      assert.strictEqual(yield* state, "rejected")
      yield* sockets.last.say({ ok: "trades" })
      assert.strictEqual(yield* state, "live")
      assert.strictEqual((yield* Collecting.statusOf(collecting)).error, null)
    })
  )

  it.scoped("one channel that is refused does not hide behind another that works, nor takes it along", () =>
    Effect.gen(function* () {
      const { collecting, sockets, state } = yield* begin({ channels: ["trades", "book"] })
      yield* sockets.last.say({ ok: "trades" }, { no: "login first", channel: "book" })
      assert.strictEqual(yield* state, "rejected")
      assert.strictEqual((yield* Collecting.statusOf(collecting)).error, "book: login first")
      yield* sockets.last.say({ t: [1, 2] })
      yield* pass("1 minute")
      assert.deepStrictEqual(collecting.dataset.rows("toy/trades/BTC-USDT"), [tradeOf(1), tradeOf(2)])
      assert.strictEqual(yield* state, "rejected")
      assert.strictEqual(sockets.asked.length, 1)
    })
  )

  it.scoped("a subscription that is never answered is no success", () =>
    Effect.gen(function* () {
      const { collecting, sockets, state } = yield* begin()
      yield* pass("19 seconds")
      assert.strictEqual(yield* state, "connecting")
      yield* pass("1 second")
      assert.strictEqual(yield* state, "backing-off")
      assert.match((yield* Collecting.statusOf(collecting)).error ?? "", /does not answer/)
      assert.isTrue(sockets.last.closed)
    })
  )

  it.scoped("one channel that is never answered makes the stream stale", () =>
    Effect.gen(function* () {
      const { collecting, sockets, state } = yield* begin({ channels: ["trades", "book"] })
      yield* sockets.last.say({ ok: "trades" })
      yield* pass("20 seconds")
      assert.strictEqual(yield* state, "stale")
      assert.match((yield* Collecting.statusOf(collecting)).error ?? "", /book/)
      assert.isFalse(sockets.last.closed)
    })
  )

  it.scoped("a half-open connection is noticed two heartbeats after the last sign of life", () =>
    Effect.gen(function* () {
      const { collecting, sockets, state } = yield* begin()
      yield* sockets.last.say({ ok: "trades" })
      yield* pass("35 seconds")
      assert.isAtLeast(sockets.last.pings, 3)
      assert.include(sockets.last.sent, "ping")
      assert.strictEqual(yield* state, "live")
      yield* sockets.last.say({ hb: 1 })
      sockets.last.alive = false
      yield* pass("19999 millis")
      assert.strictEqual(yield* state, "live")
      yield* pass("1 millis")
      assert.strictEqual(yield* state, "backing-off")
      assert.match((yield* Collecting.statusOf(collecting)).error ?? "", /silent for 20s/)
      assert.isTrue(sockets.last.closed)
    })
  )

  it.scoped("a venue that waits for us is not called silent", () =>
    Effect.gen(function* () {
      const { sockets, state } = yield* begin()
      yield* sockets.last.say({ ok: "trades" })
      sockets.last.alive = false
      sockets.last.behind = true
      yield* pass("2 minutes")
      assert.strictEqual(yield* state, "live")
    })
  )

  it.scoped("a book is not kept across connections, and waits for a snapshot", () =>
    Effect.gen(function* () {
      const { collecting, sockets } = yield* begin({ channels: ["book"] })
      yield* sockets.last.say({ book: [10, 11], snap: true })
      yield* pass("1 minute")
      yield* sockets.last.drop
      yield* pass("7 seconds")
      yield* sockets.last.say({ ok: "book" }, { book: [20, 21] })
      yield* pass("15 seconds")
      const stored = () => collecting.dataset.rows("toy/orderbook/BTC-USDT").map(({ price }) => price)
      assert.deepStrictEqual(stored(), [10, 11])
      yield* sockets.last.say({ book: [30, 31], snap: true })
      yield* pass("1 minute")
      assert.deepStrictEqual(stored(), [10, 11, 30, 31])
    })
  )

  it.scoped("a hole in the numbers of a book asks for it again, on the same connection where that can be done", () =>
    Effect.gen(function* () {
      const { collecting, sockets, state } = yield* begin({ channels: ["trades", "book"], settings: { again: true } })
      yield* sockets.last.say({ ok: "trades" }, { book: [10, 11], snap: true, u: 1 }, { book: [10, 12], u: 2 })
      yield* sockets.last.say({ book: [9, 13], u: 4 })
      assert.deepStrictEqual(sockets.last.sent.slice(2), ["again book"])
      assert.strictEqual(yield* state, "stale")
      yield* sockets.last.say({ book: [9, 14], u: 5 }, { book: [5, 6], snap: true, u: 6 })
      assert.strictEqual(yield* state, "live")
      assert.strictEqual((yield* Collecting.statusOf(collecting)).gaps, 1)
      yield* pass("1 minute")
      assert.deepStrictEqual(
        collecting.dataset.rows("toy/orderbook/BTC-USDT").map(({ price }) => price),
        [5, 6]
      )
      assert.strictEqual(sockets.asked.length, 1)
    })
  )

  it.scoped("a book that is asked for again and never told is a reason to connect anew", () =>
    Effect.gen(function* () {
      const { sockets } = yield* begin({ channels: ["book"], settings: { again: true } })
      yield* sockets.last.say({ book: [10, 11], snap: true, u: 1 }, { book: [9, 13], u: 4 })
      yield* pass("30 seconds")
      assert.isTrue(sockets.connections[0]?.closed)
    })
  )

  it.scoped("a book that stays crossed is wrong: it is not stored, and built anew", () =>
    Effect.gen(function* () {
      const { collecting, sockets } = yield* begin({ channels: ["book"] })
      yield* sockets.last.say({ book: [12, 11], snap: true })
      yield* pass("150 seconds")
      assert.deepStrictEqual(collecting.dataset.rows("toy/orderbook/BTC-USDT"), [])
      assert.isTrue(sockets.connections[0]?.closed)
    })
  )

  it.scoped("messages lost on the way cut what counts as covered, and break books", () =>
    Effect.gen(function* () {
      const { collecting, sockets } = yield* begin({ channels: ["trades", "book"], settings: { again: true } })
      yield* sockets.last.say({ n: 1, ok: "trades" }, { n: 2, book: [10, 11], snap: true })
      yield* pass("30 seconds")
      yield* sockets.last.say({ n: 3, t: [1] })
      yield* pass("5 seconds")
      yield* sockets.last.say({ n: 5, t: [3] })
      assert.deepStrictEqual(sockets.last.sent.slice(-1), ["again book"])
      yield* pass("25 seconds")
      const trades = collecting.covered
        .filter(({ series }) => series === "toy/trades/BTC-USDT")
        .map(({ range }) => range)
      assert.deepStrictEqual(trades[0], { start: 0, end: 29_000 })
      assert.strictEqual(trades[1]?.start, 35_000)
    })
  )

  it.scoped("garbage is counted and survived; nothing but garbage is not", () =>
    Effect.gen(function* () {
      const { collecting, sockets, state } = yield* begin()
      yield* sockets.last.say({ ok: "trades" })
      yield* sockets.last.say("}{", "\u0000", "[1,2", JSON.stringify({ t: "none" }), { t: [1] })
      assert.strictEqual(yield* state, "live")
      assert.strictEqual((yield* Collecting.statusOf(collecting)).malformed, 4)
      yield* pass("1 minute")
      assert.deepStrictEqual(collecting.dataset.rows("toy/trades/BTC-USDT"), [tradeOf(1)])
      yield* sockets.last.say(...Array.from({ length: 100 }, () => "<html>"))
      assert.strictEqual(yield* state, "backing-off")
      assert.isTrue(sockets.last.closed)
    })
  )

  it.scoped("a venue that says goodbye is left", () =>
    Effect.gen(function* () {
      const { collecting, sockets, state } = yield* begin()
      yield* sockets.last.say({ ok: "trades" }, { t: [1] }, { bye: "maintenance" })
      assert.strictEqual(yield* state, "backing-off")
      assert.strictEqual((yield* Collecting.statusOf(collecting)).error, "maintenance")
      yield* pass("1 minute")
      assert.deepStrictEqual(collecting.dataset.rows("toy/trades/BTC-USDT"), [tradeOf(1)])
    })
  )
})

describe("coverage", () => {
  it.scoped("a disconnection is a hole, less what may not have arrived", () =>
    Effect.gen(function* () {
      const { collecting, sockets } = yield* begin()
      yield* sockets.last.say({ ok: "trades" })
      yield* pass("40 seconds")
      yield* sockets.last.say({ t: [1] })
      yield* sockets.last.drop
      yield* pass("10 seconds")
      yield* sockets.last.say({ ok: "trades" })
      yield* pass("70 seconds")
      const [before, after] = collecting.covered.map(({ range }) => range)
      assert.deepStrictEqual(before, { start: 0, end: 39_000 })
      assert.strictEqual(after?.start, 50_000)
      assert.isAbove(after?.end ?? 0, 95_000)
    })
  )

  it.scoped("missing numbers of trades are a hole", () =>
    Effect.gen(function* () {
      const { collecting, sockets } = yield* begin()
      yield* sockets.last.say({ t: [1, 2] })
      yield* pass("10 seconds")
      yield* sockets.last.say({ t: [3] })
      yield* pass("10 seconds")
      yield* sockets.last.say({ t: [6] })
      yield* pass("40 seconds")
      assert.deepStrictEqual(collecting.covered[0]?.range, { start: 0, end: 9_000 })
      assert.strictEqual(collecting.covered[1]?.range.start, 20_000)
      assert.strictEqual((yield* Collecting.statusOf(collecting)).gaps, 1)
    })
  )
})
