import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { Attempt } from "../../src/backfill/ChunkBook.js"
import * as WindowFlow from "../../src/backfill/internal/windowFlow.js"
import type { Asked } from "../../src/backfill/WindowFetch.js"
import { StorageFailed } from "../../src/domain/Refusal.js"
import { Outgoing } from "../../src/outgoing/Outgoing.js"
import { SourceError } from "../../src/source/SourceError.js"

const windows = (count: number) => Array.from({ length: count }, (_, n) => ({ start: n, end: n + 1 }))

const starts = (count: number) => windows(count).map(({ start }) => start)

const empty = (attempt: Attempt): Asked => ({
  _tag: "Asked",
  window: attempt.window,
  outcome: { _tag: "Empty", unreadable: 0 },
  result: { _tag: "Empty", attempt, seconds: 0 }
})

const broken = new StorageFailed({ operation: "append", path: "ledger.csv", reason: "no space left" })

/** Steps that keep a record of what they were given. */
const recording = (steps: Partial<WindowFlow.Steps> = {}) => {
  const claimed: Array<number> = []
  const asked: Array<number> = []
  const noted: Array<number> = []
  const all: WindowFlow.Steps = {
    concurrency: 1,
    claim: (group) =>
      Effect.sync(() => {
        claimed.push(...group.map(({ start }) => start))
        return group.map((window) => ({ window, startedAt: "" }))
      }),
    note: (answers) => Effect.sync(() => void noted.push(...answers.map(({ window }) => window.start))),
    ending: ({ outcome }) => (outcome._tag === "Failed" ? outcome.error : undefined),
    ...steps,
    ask: (attempt) =>
      Effect.suspend(() => {
        asked.push(attempt.window.start)
        return steps.ask?.(attempt) ?? Effect.succeed(empty(attempt))
      })
  }
  const run = (count: number) =>
    WindowFlow.run(windows(count), all).pipe(
      Effect.provideService(Outgoing, Outgoing.of({ send: () => Effect.dieMessage("nobody is asked") }))
    )
  return { run, claimed, asked, noted }
}

describe("windowFlow", () => {
  it.effect("each window is claimed, asked for and noted once, in order", () =>
    Effect.gen(function* () {
      const { asked, claimed, noted, run } = recording()
      yield* run(1_500)
      assert.deepStrictEqual(claimed, starts(1_500))
      assert.deepStrictEqual(asked, starts(1_500))
      assert.deepStrictEqual(noted, starts(1_500))
    })
  )

  it.effect("no more are asked for at once than allowed", () =>
    Effect.gen(function* () {
      let atOnce = 0
      let most = 0
      const { noted, run } = recording({
        concurrency: 4,
        ask: (attempt) =>
          Effect.acquireUseRelease(
            Effect.sync(() => (most = Math.max(most, ++atOnce))),
            () => Effect.as(Effect.yieldNow(), empty(attempt)),
            () => Effect.sync(() => atOnce--)
          )
      })
      yield* run(100)
      assert.strictEqual(most, 4)
      assert.deepStrictEqual(
        noted.sort((a, b) => a - b),
        starts(100)
      )
    })
  )

  it.effect("what was answered is noted, whatever cuts the run off", () =>
    Effect.gen(function* () {
      const hanging = yield* Deferred.make<void>()
      const gate = yield* Deferred.make<void>()
      const noted: Array<number> = []
      const { run } = recording({
        ask: (attempt) =>
          attempt.window.start < 300
            ? Effect.succeed(empty(attempt))
            : Effect.zipRight(Deferred.succeed(hanging, undefined), Effect.never),
        note: (answers) =>
          Effect.zipRight(
            Deferred.await(gate),
            Effect.sync(() => void noted.push(...answers.map(({ window }) => window.start)))
          )
      })
      const fiber = yield* Effect.fork(run(1_000))
      yield* Deferred.await(hanging)
      const stopped = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* Effect.yieldNow()
      assert.deepStrictEqual(noted, [])
      yield* Deferred.succeed(gate, undefined)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.join(stopped)))
      assert.deepStrictEqual(noted, starts(300))
    })
  )

  it.effect("an answer that ends it is noted with those before it, and nothing more is asked", () =>
    Effect.gen(function* () {
      const error = new SourceError({ source: "test", reason: "Misconfigured", detail: "no such pair" })
      const { asked, noted, run } = recording({
        ask: (attempt) =>
          Effect.succeed<Asked>(
            attempt.window.start < 40 ? empty(attempt) : { ...empty(attempt), outcome: { _tag: "Failed", error } }
          )
      })
      assert.strictEqual(yield* Effect.flip(run(1_000)), error)
      assert.deepStrictEqual(asked, starts(41))
      assert.deepStrictEqual(noted, starts(41))
    })
  )

  it.effect("where nothing can be noted, it fails and holds nobody up", () =>
    Effect.gen(function* () {
      const { run } = recording({ concurrency: 8, note: () => Effect.fail(broken) })
      assert.strictEqual(yield* Effect.flip(run(5_000)), broken)
    })
  )

  it.effect("where nothing can be claimed, it fails, and what was answered is noted", () =>
    Effect.gen(function* () {
      let groups = 0
      const { asked, noted, run } = recording({
        claim: (group) =>
          Effect.suspend(() =>
            ++groups > 3 ? Effect.fail(broken) : Effect.succeed(group.map((window) => ({ window, startedAt: "" })))
          )
      })
      assert.strictEqual(yield* Effect.flip(run(5_000)), broken)
      assert.deepStrictEqual(noted, asked)
    })
  )

  it.effect("while rows are written the next windows are asked for, up to a bound", () =>
    Effect.gen(function* () {
      const disk = yield* Deferred.make<void>()
      const { asked, noted, run } = recording({
        ask: (attempt) =>
          Effect.succeed({ _tag: "Unwritten" as const, write: Effect.as(Deferred.await(disk), empty(attempt)) })
      })
      const fiber = yield* Effect.fork(run(100))
      for (let n = 0; n < 100; n++) yield* Effect.yieldNow()
      // Four are being written, and of one more the rows are in memory.
      assert.deepStrictEqual(asked, starts(5))
      assert.deepStrictEqual(noted, [])
      yield* Deferred.succeed(disk, undefined)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(noted, starts(100))
    })
  )

  it.effect("a write that fails ends it", () =>
    Effect.gen(function* () {
      const { noted, run } = recording({
        ask: (attempt) =>
          Effect.succeed(
            attempt.window.start < 10 ? empty(attempt) : { _tag: "Unwritten" as const, write: Effect.fail(broken) }
          )
      })
      assert.strictEqual(yield* Effect.flip(run(1_000)), broken)
      assert.deepStrictEqual(noted, starts(10))
    })
  )

  it.effect("where a write fails, what is written beside it is noted", () =>
    Effect.gen(function* () {
      const disk = yield* Deferred.make<void>()
      const { noted, run } = recording({
        concurrency: 4,
        ask: (attempt) =>
          Effect.succeed({
            _tag: "Unwritten" as const,
            write: attempt.window.start === 1 ? Effect.fail(broken) : Effect.as(Deferred.await(disk), empty(attempt))
          })
      })
      const fiber = yield* Effect.fork(run(4))
      for (let n = 0; n < 20; n++) yield* Effect.yieldNow()
      yield* Deferred.succeed(disk, undefined)
      assert.strictEqual(yield* Effect.flip(Fiber.join(fiber)), broken)
      assert.deepStrictEqual(noted, [0, 2, 3])
    })
  )

  it.effect("it is over when everyone who asked is down", () =>
    Effect.gen(function* () {
      const order: Array<string> = []
      const hanging = yield* Deferred.make<void>()
      const { run } = recording({
        ask: () =>
          Effect.zipRight(Deferred.succeed(hanging, undefined), Effect.never).pipe(
            Effect.onInterrupt(() =>
              Effect.zipRight(
                Effect.yieldNow(),
                Effect.sync(() => order.push("asker"))
              )
            )
          )
      })
      const fiber = yield* Effect.fork(Effect.onInterrupt(run(10), () => Effect.sync(() => order.push("run"))))
      yield* Deferred.await(hanging)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(order, ["asker", "run"])
    })
  )
})
