import { assert, describe, it } from "@effect/vitest"
import { type Clock, DateTime, Duration, Effect, Either, Fiber, Option, TestClock } from "effect"
import * as Self from "../../src/actor/Self.js"
import { RunBook } from "../../src/procedure/RunBook.js"
import * as RunPlan from "../../src/procedure/RunPlan.js"
import * as Trigger from "../../src/schedule/Trigger.js"
import * as SetClock from "../support/SetClock.js"

const every = (interval: Duration.DurationInput) => Option.some(Trigger.exactly(Duration.decode(interval)))

const cron = (expression: string, zone = "UTC") =>
  Option.some(Either.getOrThrow(Trigger.cron(expression, DateTime.zoneUnsafeMakeNamed(zone))))

/** Follows a plan with runs that take so long, and notes when each starts and how many starts were missed. */
const following = (
  plan: Partial<RunPlan.RunPlan>,
  options: { readonly takes?: ReadonlyArray<number>; readonly succeededAt?: number } = {}
) =>
  Effect.gen(function* () {
    const times: Array<number> = []
    const overruns: Array<number> = []
    const book = new RunBook()
    book.succeededAt = options.succeededAt
    const work = Effect.gen(function* () {
      times.push(yield* TestClock.currentTimeMillis)
      yield* Effect.sleep(options.takes?.[times.length - 1] ?? 0)
    })
    const told = {
      succeeded: () => Effect.void,
      overrun: (starts: number) => Effect.sync(() => void overruns.push(starts))
    }
    const fiber = yield* RunPlan.follow(
      { trigger: Option.none(), overlap: "skip", missed: "run-once", signOfLife: Duration.minutes(1), ...plan },
      book,
      told,
      work
    ).pipe(Effect.provide(Self.layerDetached), Effect.fork)
    yield* Effect.repeatN(Effect.yieldNow(), 20)
    return { times, overruns, book, fiber }
  })

/** One step after another, so that no run sees a later time than its own. */
const pass = (millis: number, step = 500) =>
  Effect.repeatN(
    Effect.zipRight(TestClock.adjust(step), Effect.repeatN(Effect.yieldNow(), 20)),
    Math.round(millis / step) - 1
  )

describe("at an interval", () => {
  it.effect("runs at once, and then at the aligned instants", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(23_500)
      const { book, times } = yield* following({ trigger: every("10 seconds") })
      assert.deepStrictEqual(times, [23_500])
      yield* pass(6_000)
      assert.strictEqual(book.nextAt, 30_000)
      yield* pass(30_500)
      assert.deepStrictEqual(times, [23_500, 30_000, 40_000, 50_000, 60_000])
      assert.deepInclude(book, { runs: 5, overruns: 0, isRunning: false, startedAt: 60_000, nextAt: 70_000 })
    })
  )

  it.effect("skips the starts that a long run missed, counts and tells them, and never runs twice at a time", () =>
    Effect.gen(function* () {
      const { book, overruns, times } = yield* following(
        { trigger: every("10 seconds") },
        { takes: [25_000, 1_000, 10_000, 9_500], succeededAt: -10_001 }
      )
      yield* pass(80_000)
      // The first run was no start of the clock's; the third ends on a start, which counts as missed.
      assert.deepStrictEqual(times, [0, 30_000, 40_000, 60_000, 70_000, 80_000])
      assert.deepStrictEqual([overruns, book.overruns], [[1], 1])
    })
  )

  it.effect("with overlap: queue, one run follows at once for all that came due meanwhile", () =>
    Effect.gen(function* () {
      const { book, overruns, times } = yield* following(
        { trigger: every("10 seconds"), overlap: "queue" },
        { takes: [0, 25_000, 2_000] }
      )
      yield* pass(60_000)
      assert.deepStrictEqual(times, [0, 10_000, 35_000, 40_000, 50_000, 60_000])
      assert.deepStrictEqual([overruns, book.overruns], [[2], 2])
    })
  )

  it.effect("what ran in this interval already, before a restart, waits for the next", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(45_000)
      const { times } = yield* following({ trigger: every("1 minute") }, { succeededAt: 10_000 })
      yield* pass(20_000)
      assert.deepStrictEqual(times, [60_000])
    })
  )

  it.effect("with missed: skip, a life begins with the next start of the clock", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(45_000)
      const { times } = yield* following({ trigger: every("1 minute"), missed: "skip" })
      yield* pass(20_000)
      assert.deepStrictEqual(times, [60_000])
    })
  )

  it.effect("ends with the failure of a run, which is known afterwards", () =>
    Effect.gen(function* () {
      const book = new RunBook()
      let runs = 0
      const work = Effect.suspend(() => (++runs === 3 ? Effect.fail(new Error("no answer")) : Effect.void))
      const told = { succeeded: () => Effect.void, overrun: () => Effect.void }
      const plan = {
        trigger: every("1 second"),
        overlap: "skip",
        missed: "run-once",
        signOfLife: Duration.minutes(1)
      } as const
      const fiber = yield* RunPlan.follow(plan, book, told, work).pipe(
        Effect.provide(Self.layerDetached),
        Effect.flip,
        Effect.fork
      )
      yield* pass(5_000)
      assert.strictEqual((yield* Fiber.join(fiber)).message, "no answer")
      assert.deepInclude(book, { runs: 3, lastError: "no answer", succeededAt: 1_000, isRunning: false })
    })
  )

  it.effect("stops when it is interrupted, which is neither success nor failure", () =>
    Effect.gen(function* () {
      const { book, fiber, times } = yield* following({ trigger: every("1 second") }, { takes: [0, 0, 700] })
      yield* pass(2_500)
      yield* Fiber.interrupt(fiber)
      yield* pass(5_000)
      assert.deepStrictEqual(times, [0, 1_000, 2_000])
      assert.deepInclude(book, { isRunning: false, succeededAt: 1_000, lastError: undefined })
    })
  )
})

describe("at the times of a cron expression", () => {
  const at = (text: string) => Date.parse(text)

  it.effect("waits for the first, in its zone", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(at("2026-06-01T00:30:00Z"))
      const { book, times } = yield* following({ trigger: cron("0 3 * * *", "Europe/Berlin") })
      assert.deepStrictEqual(times, [])
      assert.strictEqual(book.nextAt, at("2026-06-01T01:00:00Z"))
      yield* pass(1_800_000, 60_000)
      assert.deepStrictEqual(times, [at("2026-06-01T01:00:00Z")])
    })
  )

  it.effect("makes up once for what was missed while nobody was there, unless it is told to skip", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(at("2026-06-04T12:00:00Z"))
      const before = { trigger: cron("0 3 * * *") }
      const ran = { succeededAt: at("2026-06-01T03:00:00Z") }
      assert.deepStrictEqual((yield* following(before, ran)).times, [at("2026-06-04T12:00:00Z")])
      assert.deepStrictEqual((yield* following({ ...before, missed: "skip" }, ran)).times, [])
      assert.deepStrictEqual((yield* following(before, { succeededAt: at("2026-06-04T03:00:00Z") })).times, [])
    })
  )
})

it.effect("without either there is one run, and its end is the end", () =>
  Effect.gen(function* () {
    const { book, fiber, times } = yield* following({}, { takes: [3_000] })
    yield* pass(2_500)
    assert.isTrue(book.isRunning)
    yield* pass(1_000)
    yield* Fiber.join(fiber)
    assert.deepStrictEqual([times, book.runs], [[0], 1])
  })
)

describe("ivy 14.20: scheduling by the wall clock", () => {
  /** When runs start on a clock whose timers end early by a share, or that is set to another time in a run. */
  const startsOn = (early: number, runs: number, set?: { readonly run: number; readonly by: number }) =>
    Effect.gen(function* () {
      const clock = SetClock.make(0)
      const times: Array<number> = []
      const work = Effect.suspend(() => {
        times.push(clock.now)
        clock.now += 10
        if (set !== undefined && times.length === set.run) clock.now += set.by
        return times.length === runs ? Effect.fail("enough") : Effect.void
      })
      const told = { succeeded: () => Effect.void, overrun: () => Effect.void }
      const plan = {
        trigger: every("10 seconds"),
        overlap: "skip",
        missed: "run-once",
        signOfLife: Duration.minutes(1)
      } as const
      const hurried: Clock.Clock = {
        ...clock.clock,
        sleep: (duration) =>
          Effect.sync(() => void (clock.now += Math.max(1, Math.floor(Duration.toMillis(duration) * (1 - early)))))
      }
      yield* RunPlan.follow(plan, new RunBook(), told, work).pipe(
        Effect.provide(Self.layerDetached),
        Effect.withClock(hurried),
        Effect.flip
      )
      return times
    })

  it.effect("ivy 14.20: an early wake-up causes no double run", () =>
    Effect.gen(function* () {
      for (const early of [0, 0.001, 0.0001, 0.3, 0.9])
        assert.deepStrictEqual(yield* startsOn(early, 5), [0, 10_000, 20_000, 30_000, 40_000], String(early))
    })
  )

  it.effect("ivy 14.20: a clock set back a little repeats no start; one set back far is believed", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* startsOn(0, 4, { run: 2, by: -3_000 }), [0, 10_000, 20_000, 30_000])
      assert.deepStrictEqual(yield* startsOn(0, 4, { run: 2, by: -7_200_000 }), [0, 10_000, -7_180_000, -7_170_000])
    })
  )

  /** Seconds to the next start: ivy's own table, but for the last rows, where its grid restarts at midnight. */
  it("ivy 11: the next start of the clock, as its users know it", () => {
    const next = (seconds: number, time: string) => {
      const now = Date.parse(`2026-11-21T${time}Z`)
      return (Trigger.next(Trigger.exactly(Duration.seconds(seconds)), now) - now) / 1_000
    }
    const table: ReadonlyArray<readonly [number, string, number]> = [
      [10, "12:00:03", 7],
      [10, "12:00:10", 10],
      [10, "12:00:09.999", 0.001],
      [60, "23:59:30", 30],
      [3600, "13:15:00", 2700],
      [7200, "23:00:00", 3600],
      [300, "00:04:59.75", 0.25],
      [1, "10:00:00.25", 0.75]
    ]
    for (const [seconds, time, left] of table) assert.strictEqual(next(seconds, time), left, `${seconds} ${time}`)
    // No short interval at midnight: the grid of 7 s goes on.
    const midnight = Date.parse("2026-11-22T00:00:00Z")
    const grid = [midnight - 7_000, midnight, midnight + 7_000].map(
      (now) => Trigger.next(Trigger.exactly(Duration.seconds(7)), now) % 7_000
    )
    assert.deepStrictEqual(grid, [0, 0, 0])
  })
})
