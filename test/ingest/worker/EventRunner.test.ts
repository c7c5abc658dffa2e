import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import * as EventRunner from "../../../src/ingest/worker/EventRunner.js"
import * as WorkerModule from "../../../src/ingest/worker/WorkerModule.js"

const events = [0, 1, 2, 3].map((event_number) => ({ event_number, streams: {} }))

const runner = (exports: unknown, limits?: EventRunner.Limits) =>
  Effect.flatMap(WorkerModule.check(exports), (module) => EventRunner.inProcess(module, limits))

/** Runs all of them, as often as that takes. */
const runAll = (of: EventRunner.EventRunner) =>
  Effect.gen(function* () {
    const outcomes: Array<EventRunner.Outcome> = []
    while (outcomes.length < events.length) {
      const some = yield* of.run(events.slice(outcomes.length), {}, false)
      assert.isAbove(some.length, 0)
      outcomes.push(...some)
    }
    return outcomes
  })

const told = (outcomes: ReadonlyArray<EventRunner.Outcome>) =>
  outcomes.map(({ failure, result }) => failure?.message ?? result)

describe("EventRunner", () => {
  it.effect("takes plain functions, async ones and Effects, of whichever copy of the library", () =>
    Effect.gen(function* () {
      // As another copy makes it: the same type id, another class.
      const foreign = Object.assign(
        Object.create(Object.create(Object.getPrototypeOf(Effect.succeed(0)))),
        Effect.succeed("foreign")
      )
      const made = yield* runner({
        process: ({ event_number }: WorkerModule.WorkerEvent) =>
          [1, Promise.resolve("later"), foreign, Effect.succeed("effect")][event_number]
      })
      assert.deepStrictEqual(told(yield* runAll(made)), [1, "later", "foreign", "effect"])
    })
  )

  it.effect("whatever one event throws, rejects, dies of or interrupts itself with, is its own failure", () =>
    Effect.gen(function* () {
      const made = yield* runner({
        process: ({ event_number }: WorkerModule.WorkerEvent) => {
          if (event_number === 0) throw new Error("thrown")
          if (event_number === 1) return Promise.reject(new Error("rejected"))
          return event_number === 2 ? Effect.die("died") : Effect.interrupt
        }
      })
      const outcomes = yield* runAll(made)
      assert.deepStrictEqual(told(outcomes).slice(0, 3), [
        "process threw on event 0: thrown",
        "process threw on event 1: rejected",
        "process threw on event 2: died"
      ])
      assert.strictEqual(outcomes[3]?.failure?.reason, "threw")
    })
  )

  it.effect("what can't be written down is a failure like any other", () =>
    Effect.gen(function* () {
      const circle: Record<string, unknown> = {}
      circle["circle"] = circle
      const thrown = [{ code: 1n }, circle, Object.assign(new Error("kept"), { message: 5 }), Symbol("sign")]
      const made = yield* runner({
        process: ({ event_number }: WorkerModule.WorkerEvent) => {
          if (event_number % 2 === 0) throw thrown[event_number]
          return Promise.reject(thrown[event_number])
        }
      })
      assert.deepStrictEqual(told(yield* runAll(made)), [
        "process threw on event 0: a value of type object that can't be written down",
        "process threw on event 1: a value of type object that can't be written down",
        "process threw on event 2: 5",
        "process threw on event 3: Symbol(sign)"
      ])
    })
  )

  it.effect("outcomes do not wait for an event behind them, which is run once", () =>
    Effect.gen(function* () {
      let calls = 0
      const made = yield* runner({
        process: ({ event_number }: WorkerModule.WorkerEvent) => {
          calls++
          return event_number === 2 ? Promise.reject(new Error("late")) : event_number
        }
      })
      assert.deepStrictEqual(told(yield* made.run(events, {}, false)), [0, 1])
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      assert.deepStrictEqual(told(yield* made.run(events.slice(2), {}, false)), ["process threw on event 2: late"])
      assert.strictEqual(calls, 3)
    })
  )

  it.effect("an event that takes too long has hung", () =>
    Effect.gen(function* () {
      const made = yield* runner({ process: () => Effect.never }, { event: Duration.seconds(3) })
      const running = yield* Effect.fork(made.run(events, {}, false))
      yield* TestClock.adjust("3 seconds")
      const outcomes = yield* Fiber.join(running)
      assert.deepStrictEqual(told(outcomes), ["process hung on event 0: longer than 3s"])
    })
  )

  it.effect("so has what belongs to no event", () =>
    Effect.gen(function* () {
      const never = () => Effect.never
      const made = yield* runner({ process: never, start: never, finish: never }, { event: Duration.seconds(3) })
      const running = yield* Effect.fork(Effect.all([Effect.flip(made.start({})), Effect.flip(made.finish({}))]))
      yield* TestClock.adjust("6 seconds")
      const [start, finish] = yield* Fiber.join(running)
      assert.strictEqual(start.message, "start hung: longer than 3s")
      assert.strictEqual(finish.message, "finish hung: longer than 3s")
    })
  )

  it.effect("only the first event of a batch is told of a tick", () =>
    Effect.gen(function* () {
      const ticks: Array<boolean> = []
      const made = yield* runner({
        tickInterval: 0.5,
        process: (_event: unknown, _parameters: unknown, tick: boolean) => void ticks.push(tick)
      })
      yield* made.run(events, {}, true)
      assert.deepStrictEqual(ticks, [true, false, false, false])
      assert.deepStrictEqual(yield* made.tickInterval({}), Option.some(Duration.millis(500)))
      const none = yield* runner({ process: () => 1, tickInterval: () => 0 })
      assert.deepStrictEqual(yield* none.tickInterval({}), Option.none())
    })
  )

  it.effect("a module is taken from its default export too, and refused with a reason", () =>
    Effect.gen(function* () {
      assert.isDefined(yield* WorkerModule.check({ default: { process: () => 1 } }))
      const noFunction = yield* Effect.flip(WorkerModule.check({ process: 1 }))
      assert.match(noFunction.message, /'process'/)
      const badFinish = yield* Effect.flip(WorkerModule.check({ process: () => 1, finish: 2 }))
      assert.strictEqual(badFinish.reason, "unfit")
      const badParameters = yield* Effect.flip(
        WorkerModule.check({ process: () => 1, parameters: [{ name: "x", dtype: "complex", default: 0 }] })
      )
      assert.match(badParameters.message, /dtype/)
    })
  )
})
