import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { join } from "node:path"
import * as CollectorHealth from "../../../src/backfill/health/CollectorHealth.js"
import * as HealthRecord from "../../../src/backfill/health/HealthRecord.js"
import * as HealthStore from "../../../src/backfill/health/HealthStore.js"
import * as LiveHealth from "../../../src/backfill/health/LiveHealth.js"
import { LiveReports } from "../../../src/backfill/live/LiveReports.js"
import { AlertSettings } from "../../../src/backfill/Settings.js"
import * as Database from "../../../src/database/Database.js"
import { Series } from "../../../src/domain/Series.js"
import { Outgoing, OutgoingError } from "../../../src/outgoing/Outgoing.js"
import { temporaryDirectory } from "../../support/Store.js"

const job = HealthRecord.ofSeries(new Series({ source: "binance", type: "ohlc", pair: "BTC-USDT", span: 3600 }))
const stream: HealthRecord.Origin = {
  exchange: "binance",
  pair: "BTC/USDT",
  kind: "stream",
  name: "binance_BTC_USDT_trades"
}

/** What stands between two lives, and the webhook's far side. */
const scene = (settings: Partial<ConstructorParameters<typeof AlertSettings>[0]> = {}) =>
  Effect.map(temporaryDirectory, (directory) => {
    const posts: Array<{ readonly url: string; readonly text: string }> = []
    const hook = { status: 200, down: false, hang: false, tried: 0 }
    const told: Array<string> = []
    const outgoing = Outgoing.of({
      send: ({ body, url }) =>
        Effect.suspend(() => {
          hook.tried++
          if (hook.hang) return Effect.never
          if (hook.down) {
            return Effect.fail(
              new OutgoingError({ url: `${url}/path`, reason: "Disconnected", detail: "connection refused" })
            )
          }
          if (hook.status < 300) {
            const { text } = JSON.parse(new TextDecoder().decode(body as Uint8Array))
            posts.push({ url, text })
          }
          return Effect.succeed({ status: hook.status, headers: {}, body: Buffer.alloc(0) })
        })
    })
    const alerts = { now: new AlertSettings({ webhook_url: "https://hooks.example/T0/secret", ...settings }) }
    const open = Effect.gen(function* () {
      const database = yield* Database.make(join(directory, "state.sqlite"), HealthStore.migrations, "T")
      return yield* CollectorHealth.make({
        settings: Effect.sync(() => alerts.now),
        siteName: Effect.succeed("station 7"),
        tell: (type) => Effect.sync(() => void told.push(type))
      }).pipe(
        Effect.provideService(HealthStore.HealthStore, HealthStore.make(database)),
        Effect.provideService(Outgoing, outgoing)
      )
    })
    return { alerts, hook, open, posts, told }
  })

const times = <E>(count: number, work: Effect.Effect<void, E>) => Effect.repeatN(work, count - 1)

describe("CollectorHealth", () => {
  it.scoped(
    "dccd weak point 18: rows are counted, failures in a row are told, and all of it is known after a restart",
    () =>
      Effect.gen(function* () {
        const { open } = yield* scene()
        yield* TestClock.setTime(1_780_000_000_000)
        yield* Effect.scoped(
          Effect.gen(function* () {
            const health = yield* open
            assert.deepStrictEqual(yield* health.metrics, {})
            yield* health.succeeded(job, 990)
            yield* TestClock.adjust("10 seconds")
            yield* health.succeeded(job, 7)
            yield* TestClock.adjust("10 seconds")
            yield* times(2, health.failed(job, "answered 500"))
            yield* health.succeeded({ ...job, exchange: "kraken", pair: "ETH/EUR" }, 1)
          })
        )
        const health = yield* open
        assert.deepStrictEqual(yield* health.metrics, {
          "binance/BTC/USDT": {
            last_run_at: 1_780_000_020,
            last_success_at: 1_780_000_010,
            rows_collected: 997,
            errors_count: 2
          },
          "kraken/ETH/EUR": {
            last_run_at: 1_780_000_020,
            last_success_at: 1_780_000_020,
            rows_collected: 1,
            errors_count: 0
          }
        })
      })
  )

  it.scoped("dccd weak point 18: jobs and streams share the daemon's key and nothing else", () =>
    Effect.gen(function* () {
      const { open, posts } = yield* scene({ max_consecutive_errors: 3 })
      const health = yield* open
      for (let n = 0; n < 3; n++) {
        yield* health.failed(job, "answered 500")
        yield* health.succeeded(stream, 10)
      }
      assert.deepInclude((yield* health.metrics)["binance/BTC/USDT"], { rows_collected: 30, errors_count: 3 })
      assert.deepStrictEqual(
        (yield* health.records).map(({ errors, kind }) => [kind, errors]),
        [
          ["job", 3],
          ["stream", 0]
        ]
      )
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(posts, [
        {
          url: "https://hooks.example/T0/secret",
          text:
            "station 7: binance BTC/USDT (job binance/ohlc/BTC-USDT/1h) fails: 3 failures in a row " +
            "since 1970-01-01T00:00Z: answered 500"
        }
      ])
    })
  )

  it.scoped(
    "dccd weak point 18: one alert for an incident however long it lasts, and one message when it is over",
    () =>
      Effect.gen(function* () {
        const { open, posts, told } = yield* scene({ max_consecutive_errors: 3 })
        const health = yield* open
        for (let n = 0; n < 100; n++) {
          yield* health.failed(job, "connection refused")
          yield* TestClock.adjust("20 seconds")
        }
        assert.strictEqual(posts.length, 1)
        yield* health.succeeded(job, 1)
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(posts.length, 2)
        assert.strictEqual(
          posts[1]?.text,
          "station 7: binance BTC/USDT (job binance/ohlc/BTC-USDT/1h) works again after 100 failures in 33m 20s"
        )
        assert.deepStrictEqual(told, ["collector.failing", "collector.recovered"])
      })
  )

  it.scoped("dccd weak point 18: what fails and recovers by turns is told once per cooldown", () =>
    Effect.gen(function* () {
      const { open, posts } = yield* scene({ max_consecutive_errors: 1, cooldown: Option.some(Duration.minutes(10)) })
      const health = yield* open
      // Twenty minutes of it, a failure and a success each minute.
      for (let n = 0; n < 20; n++) {
        yield* health.failed(job, "flaky")
        yield* TestClock.adjust("30 seconds")
        yield* health.succeeded(job, 1)
        yield* TestClock.adjust("30 seconds")
      }
      assert.deepStrictEqual(
        posts.map(({ text }) => (text.includes("works again") ? "recovery" : "alert")),
        ["alert", "recovery", "alert", "recovery"]
      )
    })
  )

  it.scoped("an incident that outlives the cooldown of the one before is told then", () =>
    Effect.gen(function* () {
      const { open, posts } = yield* scene({ max_consecutive_errors: 1, cooldown: Option.some(Duration.minutes(10)) })
      const health = yield* open
      yield* health.failed(job, "a")
      yield* TestClock.adjust("1 minute")
      yield* health.succeeded(job, 1)
      yield* TestClock.adjust("1 minute")
      yield* health.failed(job, "b")
      yield* TestClock.adjust("7 minutes")
      assert.strictEqual(posts.length, 2)
      yield* TestClock.adjust("2 minutes")
      yield* health.failed(job, "b")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(posts.length, 3)
    })
  )

  it.scoped("what fails together is one message", () =>
    Effect.gen(function* () {
      const { open, posts } = yield* scene({ max_consecutive_errors: 1 })
      const health = yield* open
      for (let n = 0; n < 30; n++) yield* health.failed({ ...job, pair: `P${n}/Q` }, "exchange down")
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(
        posts.map(({ text }) => text.split("\n").length),
        [21, 11]
      )
    })
  )

  it.scoped("no report waits: not for a webhook that hangs, nor for one that is full", () =>
    Effect.gen(function* () {
      const { hook, open } = yield* scene({ max_consecutive_errors: 1 })
      hook.hang = true
      const health = yield* open
      // Time stands still here: whoever waited for anything would wait for ever.
      for (let n = 0; n < 2_000; n++) yield* health.failed({ ...job, pair: `P${n}/Q` }, "down")
      assert.strictEqual(Object.keys(yield* health.metrics).length, 2_000)
    })
  )

  it.scoped("a message that can't be delivered is tried again, then later, and never shows its address", () =>
    Effect.gen(function* () {
      const { hook, open, posts, told } = yield* scene({ max_consecutive_errors: 1 })
      const health = yield* open
      hook.down = true
      yield* health.failed(job, "down")
      yield* TestClock.adjust("40 seconds")
      assert.strictEqual(hook.tried, 5)
      assert.deepStrictEqual(told, ["collector.failing", "alert.undelivered"])
      // Failures within the minute after it start no new attempt.
      yield* times(100, health.failed(job, "down"))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(hook.tried, 5)
      hook.down = false
      yield* TestClock.adjust("2 minutes")
      yield* health.failed(job, "down")
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(posts.length, 1)
    })
  )

  it.scoped("a refusal is not repeated", () =>
    Effect.gen(function* () {
      const { hook, open } = yield* scene({ max_consecutive_errors: 1 })
      hook.status = 404
      const health = yield* open
      yield* health.failed(job, "down")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(hook.tried, 1)
    })
  )

  it.scoped("an incident goes on over a restart: told once, and its end is told too", () =>
    Effect.gen(function* () {
      const { open, posts } = yield* scene({ max_consecutive_errors: 2 })
      const life = <A>(work: (health: CollectorHealth.CollectorHealth["Type"]) => Effect.Effect<A>) =>
        Effect.scoped(Effect.flatMap(open, work))
      // The site goes down before the message is on its way.
      yield* life((health) => times(2, health.failed(job, "down")))
      assert.strictEqual(posts.length, 0)
      yield* life(() => TestClock.adjust("10 seconds"))
      assert.strictEqual(posts.length, 1)
      yield* life((health) => Effect.zipRight(health.failed(job, "down"), TestClock.adjust("10 seconds")))
      assert.strictEqual(posts.length, 1)
      yield* life((health) => health.succeeded(job, 1))
      yield* life(() => TestClock.adjust("10 seconds"))
      assert.strictEqual(posts.length, 2)
      assert.include(posts[1]?.text, "works again after 3 failures")
    })
  )

  it.scoped("without an address nothing is sent; the site's own events are there all the same", () =>
    Effect.gen(function* () {
      const { hook, open, told } = yield* scene({ webhook_url: null, max_consecutive_errors: 1 })
      const health = yield* open
      yield* health.failed(job, "down")
      yield* health.succeeded(job, 0)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(hook.tried, 0)
      assert.deepStrictEqual(told, ["collector.failing", "collector.recovered"])
    })
  )

  it.scoped("live streams report here", () =>
    Effect.gen(function* () {
      const health = yield* (yield* scene()).open
      const from = { key: "binance_BTC_USDT_trades", exchange: "binance", pair: "BTC/USDT" }
      yield* Effect.gen(function* () {
        const reports = yield* LiveReports
        yield* reports.succeeded(from, 12)
        yield* reports.failed(from, "closed")
      }).pipe(Effect.provide(LiveHealth.layer), Effect.provideService(CollectorHealth.CollectorHealth, health))
      assert.deepInclude((yield* health.records)[0], { ...stream, rows: 12, errors: 1 })
    })
  )
})
