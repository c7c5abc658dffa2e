/**
 * What `BackfillOperations` promises, whoever carries it out. The layer has a histo job of binance with BTC/USDT and ETH/BTC
 * and one of another exchange.
 */
import type { BackfillEvent } from "../../src/domain/Backfill.js"
import { BackfillOperations } from "../../src/operations/BackfillOperations.js"
import { assert } from "@effect/vitest"
import { Chunk, Effect, Fiber, Layer, Stream } from "effect"
import { layer as testLayer } from "../support/SharedLayer.js"

const btc = { exchange: "binance", pairs: ["BTC/USDT"] } as const

/** Cancels one and waits for its end. */
const stop = (id: string) =>
  Effect.gen(function* () {
    const backfills = yield* BackfillOperations
    yield* backfills.cancel(id)
    yield* Effect.timeout(Stream.runDrain(backfills.follow(id)), "10 seconds")
  })

export const suite = <E>(name: string, layer: Layer.Layer<BackfillOperations, E>) =>
  testLayer(layer, { excludeTestServices: true })(`BackfillOperations ${name}`, (it) => {
    it.effect("a start is recorded and found again, by its id and in the list", () =>
      Effect.gen(function* () {
        const backfills = yield* BackfillOperations
        const started = yield* backfills.start({ ...btc, start: "2026-01-01" })
        assert.match(started.id, /^binance_BTCUSDT_\d+/)
        assert.deepStrictEqual(
          [started.exchange, started.pairs, started.start],
          ["binance", ["BTC/USDT"], "2026-01-01"]
        )
        const found = yield* backfills.get(started.id)
        assert.deepStrictEqual([found.id, found.request], [started.id, started.request])
        assert.include(
          (yield* backfills.list()).map(({ id }) => id),
          started.id
        )
        yield* stop(started.id)
      })
    )

    it.effect("a tick of a schedule is listed only where it is asked for", () =>
      Effect.gen(function* () {
        const backfills = yield* BackfillOperations
        const { id } = yield* backfills.start({ exchange: "binance", pairs: ["ETH/BTC"], collect: true })
        const ids = (records: ReadonlyArray<{ readonly id: string }>) => records.map((record) => record.id)
        assert.notInclude(ids(yield* backfills.list()), id)
        assert.include(ids(yield* backfills.list({ collect: true })), id)
        yield* stop(id)
      })
    )

    it.effect("what no job matches is refused with what there is to choose from", () =>
      Effect.gen(function* () {
        const backfills = yield* BackfillOperations
        const asks = [
          Effect.asVoid(backfills.start({ exchange: "nowhere" })),
          Effect.asVoid(backfills.plan({ exchange: "nowhere" }))
        ]
        for (const ask of asks) {
          const error = yield* Effect.flip(ask)
          assert.isTrue(error._tag === "NoMatchingJob", error._tag)
          if (error._tag === "NoMatchingJob") assert.isNotEmpty(error.known)
        }
      })
    )

    it.effect("a start that is no time is refused with its field and value", () =>
      Effect.gen(function* () {
        const backfills = yield* BackfillOperations
        const error = yield* Effect.flip(backfills.start({ ...btc, start: "nonsense" }))
        assert.isTrue(error._tag === "BackfillRefused", error._tag)
        if (error._tag !== "BackfillRefused") return
        assert.deepStrictEqual([error.field, error.value], ["start", "nonsense"])
        assert.notStrictEqual(error.reason, "")
      })
    )

    it.effect("one that never was is told by its id, whatever is asked of it", () =>
      Effect.gen(function* () {
        const backfills = yield* BackfillOperations
        for (const id of ["never", "ne/ver", "..", "", "ü % ?#"]) {
          const asks: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
            backfills.get(id),
            backfills.cancel(id),
            backfills.pause(id),
            backfills.resume(id),
            backfills.retryFailed(id),
            backfills.chunks({ id }),
            Stream.runDrain(backfills.follow(id))
          ]
          for (const ask of asks) {
            const error = yield* Effect.flip(ask)
            assert.deepStrictEqual([error._tag, "id" in error && error.id], ["BackfillNotFound", id])
          }
        }
      })
    )

    it.effect("one that is over can't be paused; cancelling it does nothing", () =>
      Effect.gen(function* () {
        const backfills = yield* BackfillOperations
        const { id } = yield* backfills.start(btc)
        yield* stop(id)
        const error = yield* Effect.flip(backfills.pause(id))
        assert.isTrue(error._tag === "BackfillBusy", error._tag)
        if (error._tag === "BackfillBusy") assert.deepStrictEqual([error.id, error.action], [id, "paused"])
        assert.strictEqual(yield* backfills.cancel(id), false)
      })
    )

    it.effect("trying again is a new one of the same request, for what failed too", () =>
      Effect.gen(function* () {
        const backfills = yield* BackfillOperations
        const first = yield* backfills.start({ ...btc, limit: 3 })
        yield* stop(first.id)
        const again = yield* backfills.retryFailed(first.id)
        assert.notStrictEqual(again.id, first.id)
        assert.deepStrictEqual(again.request, { ...first.request, retry_failed: true })
        yield* stop(again.id)
      })
    )

    it.effect("a plan names the series that a start would fetch, and records nothing", () =>
      Effect.gen(function* () {
        const backfills = yield* BackfillOperations
        const before = yield* backfills.list({ collect: true })
        const planned = yield* backfills.plan({ exchange: "binance", start: "2026-01-01" })
        assert.sameMembers(
          planned.map(({ pair }) => pair),
          ["BTC/USDT", "ETH/BTC"]
        )
        assert.strictEqual((yield* backfills.list({ collect: true })).length, before.length)
      })
    )

    it.effect("windows come page by page, none twice and none left out", () =>
      Effect.gen(function* () {
        const backfills = yield* BackfillOperations
        const { id } = yield* backfills.start(btc)
        yield* stop(id)
        const whole = yield* backfills.chunks({ id })
        const seen: Array<unknown> = []
        let after: string | undefined
        for (;;) {
          const page = yield* backfills.chunks({ id, after, limit: 2 })
          assert.isAtMost(page.chunks.length, 2)
          seen.push(...page.chunks)
          if (page.next === null) break
          after = page.next
        }
        assert.deepStrictEqual(seen, [...whole.chunks])
      })
    )

    it.effect("coverage is of the series and the range that are asked for, to the millisecond", () =>
      Effect.gen(function* () {
        const backfills = yield* BackfillOperations
        const asked = { series: "binance/ohlc/BTC-USDT/1h", start: -1_001, end: 1_735_686_000_123 }
        const coverage = yield* backfills.coverage(asked)
        assert.deepStrictEqual(
          coverage.map(({ end, series, start }) => ({ series, start, end })),
          [asked]
        )
      })
    )

    it.effect("who follows sees the record, what happens to it, and the end", () =>
      Effect.gen(function* () {
        const backfills = yield* BackfillOperations
        const { id } = yield* backfills.start({ ...btc, start: "2026-01-01" })
        const seen: Array<BackfillEvent> = []
        const followed = yield* backfills.follow(id).pipe(
          Stream.tap((event) => Effect.sync(() => seen.push(event))),
          Stream.runDrain,
          Effect.fork
        )
        while (seen.length === 0) yield* Effect.sleep("5 millis")
        assert.deepStrictEqual([seen[0]?.event, seen[0]?.id, seen[0]?.record?.id], ["status", id, id])
        yield* Effect.either(backfills.pause(id))
        yield* Effect.timeout(Fiber.join(followed), "10 seconds")
        assert.isTrue(["paused", "done", "error"].includes(seen.at(-1)?.record?.status ?? ""))
        // Of one that does not run there is nothing but its record to see.
        const late = yield* Effect.timeout(Stream.runCollect(backfills.follow(id)), "10 seconds")
        assert.deepStrictEqual(
          Chunk.toReadonlyArray(late).map(({ event }) => event),
          ["status"]
        )
      }).pipe(Effect.scoped)
    )

    it.effect("the events of all tell of each", () =>
      Effect.gen(function* () {
        const backfills = yield* BackfillOperations
        const seen = new Set<string>()
        yield* Effect.forkScoped(Stream.runForEach(backfills.events, ({ id }) => Effect.sync(() => seen.add(id))))
        // Until the first of them is seen nobody knows that somebody listens.
        let heard: string | undefined
        while (heard === undefined) {
          const { id } = yield* backfills.start({ ...btc, start: "2026-01-01" })
          yield* stop(id)
          yield* Effect.sleep("20 millis")
          if (seen.has(id)) heard = id
        }
        const { id } = yield* backfills.start({ exchange: "binance", pairs: ["ETH/BTC"] })
        while (!seen.has(id)) yield* Effect.sleep("5 millis")
        yield* stop(id)
      }).pipe(Effect.scoped, Effect.timeout("2 minutes"))
    )
  })
