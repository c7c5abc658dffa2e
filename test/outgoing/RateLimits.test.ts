import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, TestClock } from "effect"
import type { OutgoingResponse } from "../../src/outgoing/Outgoing.js"
import { Outgoing, OutgoingError } from "../../src/outgoing/Outgoing.js"
import * as RateBucket from "../../src/outgoing/RateBucket.js"
import * as RateLimits from "../../src/outgoing/RateLimits.js"
import * as RetryAfter from "../../src/outgoing/RetryAfter.js"

/** Answers what `answer` says, and notes when it was asked. */
const recording = (answer: (n: number) => Partial<OutgoingResponse> | OutgoingError) => {
  const asked: Array<number> = []
  const service = Outgoing.of({
    send: () =>
      Effect.flatMap(Effect.clock, (clock) =>
        Effect.flatMap(clock.currentTimeMillis, (now) => {
          asked.push(now)
          const given = answer(asked.length - 1)
          return given instanceof OutgoingError
            ? Effect.fail(given)
            : Effect.succeed({ status: 200, headers: {}, body: Buffer.alloc(0), ...given })
        })
      )
  })
  return { asked, service }
}

const request = { url: "http://archive.example/" }

const limits = (service: Outgoing["Type"]) => Effect.provideService(RateLimits.make, Outgoing, service)

describe("RateBucket", () => {
  it.effect("lets the burst through at once and the rest at the rate, in order of arrival", () =>
    Effect.gen(function* () {
      const bucket = yield* RateBucket.make({ perSecond: 4, burst: 2 })
      const turns: Array<readonly [number, number]> = []
      const taking = [0, 1, 2, 3, 4, 5].map((n) =>
        Effect.map(bucket.take, (at) => void turns.push([n, at])).pipe(Effect.fork)
      )
      yield* Effect.all(taking)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(turns, [
        [0, 0],
        [1, 0],
        [2, 250],
        [3, 500],
        [4, 750],
        [5, 1000]
      ])
    })
  )

  it.effect("never lets more through in any second than rate and burst allow", () =>
    Effect.gen(function* () {
      const bucket = yield* RateBucket.make({ perSecond: 7, burst: 3 })
      const turns: Array<number> = []
      yield* Effect.fork(Effect.forever(Effect.map(bucket.take, (at) => void turns.push(at))))
      yield* TestClock.adjust("20 seconds")
      assert.isAtLeast(turns.length, 7 * 20)
      for (const from of turns) {
        assert.isAtMost(turns.filter((at) => at >= from && at < from + 1000).length, 7 + 3)
      }
    })
  )

  it.effect("a waiting fiber that is interrupted takes no token and holds up nobody", () =>
    Effect.gen(function* () {
      const bucket = yield* RateBucket.make({ perSecond: 1, burst: 1 })
      yield* bucket.take
      const given = yield* Effect.fork(bucket.take)
      const kept = yield* Effect.fork(bucket.take)
      yield* TestClock.adjust("500 millis")
      yield* Fiber.interrupt(given)
      yield* TestClock.adjust("500 millis")
      assert.deepStrictEqual(yield* Fiber.poll(kept), Option.some(Exit.succeed(1000)))
      assert.strictEqual((yield* bucket.status).waiting, 0)
    })
  )

  it.effect("takes another rate at once, also for those who wait", () =>
    Effect.gen(function* () {
      const bucket = yield* RateBucket.make({ perSecond: 0.001, burst: 1 })
      yield* bucket.take
      const waiting = yield* Effect.fork(bucket.take)
      yield* TestClock.adjust("1 second")
      yield* bucket.setRate(undefined)
      yield* TestClock.adjust("1 minute")
      assert.isTrue(Option.isSome(yield* Fiber.poll(waiting)))
    })
  )

  it.effect("a clock that is set back neither fills it nor stops it", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_000_000_000)
      const bucket = yield* RateBucket.make({ perSecond: 1, burst: 1 })
      yield* bucket.take
      yield* bucket.pause(3_000_000)
      yield* TestClock.setTime(0)
      const waiting = yield* Effect.fork(bucket.take)
      yield* TestClock.adjust("61 minutes")
      assert.isTrue(Option.isSome(yield* Fiber.poll(waiting)))
    })
  )
})

describe("RateLimits", () => {
  it.effect("dccd weak point 13: one line for all who ask one source, another for another", () =>
    Effect.gen(function* () {
      const { asked, service } = recording(() => ({}))
      const { limited } = yield* limits(service)
      const rate = { perSecond: 1, burst: 1 }
      const senders = yield* Effect.all([limited("a", rate), limited("a", rate), limited("b", rate)])
      yield* Effect.forEach(senders, ({ send }) => Effect.fork(send(request)))
      yield* TestClock.adjust("999 millis")
      assert.deepStrictEqual(asked, [0, 0])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(asked, [0, 0, 1000])
    })
  )

  it.effect("dccd weak point 13: 429 with Retry-After pauses everybody for that long, and halves the rate", () =>
    Effect.gen(function* () {
      const { asked, service } = recording((n) => (n === 0 ? { status: 429, headers: { "retry-after": "7" } } : {}))
      const { limited, status } = yield* limits(service)
      const { send } = yield* limited("a", { perSecond: 10, burst: 1 })
      yield* send(request)
      const waiting = yield* Effect.fork(Effect.all([send(request), send(request)]))
      yield* TestClock.adjust("6999 millis")
      assert.deepStrictEqual(asked, [0])
      const paused = Option.getOrThrow(yield* status("a"))
      assert.deepStrictEqual([paused.pausedUntil, paused.perSecond], [7000, 5])
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(waiting)
      // The answer in between brought the rate from 5 to 5.1.
      assert.deepStrictEqual(asked, [0, 7000, 7197])
    })
  )

  it.effect("418 and a date in Retry-After count too; 503 with one pauses without halving", () =>
    Effect.gen(function* () {
      const date = "Thu, 01 Jan 1970 00:00:30 GMT"
      const { asked, service } = recording((n) =>
        n === 0
          ? { status: 418, headers: { "retry-after": date } }
          : n === 1
            ? { status: 503, headers: { "retry-after": "10" } }
            : {}
      )
      const { limited, status } = yield* limits(service)
      const { send } = yield* limited("a", { perSecond: 8, burst: 1 })
      yield* send(request)
      yield* Effect.fork(Effect.all([send(request), send(request)]))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(asked, [0, 30_000, 40_000])
      assert.isAbove(Option.getOrThrow(yield* status("a")).perSecond ?? 0, 4)
    })
  )

  it.effect("refusals of requests that were under way together halve it once; without a time the pause grows", () =>
    Effect.gen(function* () {
      const bucket = yield* RateBucket.make({ perSecond: 16, burst: 4 })
      const taken = yield* Effect.all([bucket.take, bucket.take, bucket.take])
      yield* TestClock.adjust("10 millis")
      yield* Effect.forEach(taken, (at) => bucket.refused(at, undefined))
      assert.deepStrictEqual(yield* bucket.status, { perSecond: 8, pausedUntil: 1010, waiting: 0 })
      const again = yield* Effect.fork(bucket.take)
      yield* TestClock.adjust("2 seconds")
      yield* bucket.refused(yield* Fiber.join(again), undefined)
      assert.deepStrictEqual(yield* bucket.status, { perSecond: 4, pausedUntil: 4010, waiting: 0 })
    })
  )

  it.effect("the rate comes back slowly, and never above the one that was set", () =>
    Effect.gen(function* () {
      const bucket = yield* RateBucket.make({ perSecond: 10, burst: 1 })
      yield* bucket.refused(yield* bucket.take, 0)
      const rate = Effect.map(bucket.status, ({ perSecond }) => Math.round((perSecond ?? 0) * 1000) / 1000)
      assert.strictEqual(yield* rate, 5)
      yield* Effect.replicateEffect(bucket.accepted, 10)
      assert.strictEqual(yield* rate, 6)
      yield* Effect.replicateEffect(bucket.accepted, 500)
      assert.strictEqual(yield* rate, 10)
    })
  )

  it.effect("without a rate only the server's pauses hold anyone up; a failure to reach it changes nothing", () =>
    Effect.gen(function* () {
      const broken = new OutgoingError({ url: "", reason: "Disconnected", detail: "" })
      const { asked, service } = recording((n) =>
        n === 0 ? broken : n === 3 ? { status: 429, headers: { "retry-after": "1" } } : {}
      )
      const { limited } = yield* limits(service)
      const { send } = yield* limited("a", undefined)
      yield* Effect.flip(send(request))
      for (let n = 0; n < 3; n++) yield* send(request)
      yield* Effect.fork(send(request))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(asked, [0, 0, 0, 0, 1000])
    })
  )
})

describe("Retry-After", () => {
  const now = Date.parse("2026-03-01T00:00:00Z")
  it.each([
    ["0", 0],
    ["120", 120_000],
    [" 1.5 ", 1500],
    ["Sun, 01 Mar 2026 00:02:00 GMT", 120_000],
    ["Sunday, 01-Mar-26 00:02:00 GMT", 120_000],
    ["Sun, 01 Mar 2020 00:02:00 GMT", 0],
    ["", undefined],
    ["-5", undefined],
    ["soon", undefined],
    ["1e3", undefined],
    [undefined, undefined]
  ])("%s is %s ms", (header, millis) => {
    assert.strictEqual(RetryAfter.parse(header, now), millis)
  })
})
