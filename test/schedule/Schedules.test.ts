import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as TestClock from "effect/TestClock"
import { join } from "node:path"
import * as SupervisionTree from "../../src/actor/SupervisionTree.js"
import * as Supervisor from "../../src/actor/Supervisor.js"
import * as Database from "../../src/database/Database.js"
import * as Schedules from "../../src/schedule/Schedules.js"
import * as ScheduleStore from "../../src/schedule/ScheduleStore.js"
import * as Trigger from "../../src/schedule/Trigger.js"
import { temporaryDirectory } from "../support/Store.js"

const minutely = Trigger.every(Duration.minutes(1), Duration.zero)

const entry = (id: string, work: Effect.Effect<void>, more: Partial<Schedules.Entry> = {}): Schedules.Entry => ({
  id,
  name: id,
  section: "jobs",
  trigger: minutely,
  missed: "skip",
  fingerprint: id,
  work,
  ...more
})

const store = (directory: string) =>
  Effect.map(Database.make(join(directory, "state.sqlite"), ScheduleStore.migrations, "test"), ScheduleStore.make)

const open = (directory: string, idle = false) =>
  Effect.gen(function* () {
    const supervisor = yield* Supervisor.make({})
    const schedules = yield* Schedules.make({ supervisor, idle }).pipe(
      Effect.provideServiceEffect(ScheduleStore.ScheduleStore, store(directory))
    )
    return schedules
  }).pipe(Effect.provide(SupervisionTree.layer))

const counter = Effect.map(Ref.make(0), (ref) => ({ count: Ref.get(ref), add: Ref.update(ref, (n) => n + 1) }))

describe("Schedules", () => {
  it.scoped("runs each entry when it is due, and tells when that is", () =>
    Effect.gen(function* () {
      const schedules = yield* open(yield* temporaryDirectory)
      const { add, count } = yield* counter
      yield* schedules.reconcile([entry("a", add)])
      yield* TestClock.adjust("3 minutes")
      assert.strictEqual(yield* count, 3)
      const [state] = yield* schedules.list
      assert.strictEqual(state?.nextRun, 240_000)
      assert.strictEqual(state?.lastRun, 180_000)
      assert.strictEqual(state?.trigger, "every 1m")
    })
  )

  it.scoped("a run that takes longer than the interval is not overlapped; what came due meanwhile is left out", () =>
    Effect.gen(function* () {
      const schedules = yield* open(yield* temporaryDirectory)
      const { add, count } = yield* counter
      yield* schedules.reconcile([entry("slow", Effect.zipRight(add, Effect.sleep("150 seconds")))])
      yield* TestClock.adjust("10 minutes")
      // Begun at 1, 4, 7 and 10 minutes.
      assert.strictEqual(yield* count, 4)
    })
  )

  it.scoped("paused entries stay paused in the next life, one by one and all together", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { add, count } = yield* counter
      const other = yield* counter
      const both = [entry("a", add), entry("b", other.add)]
      yield* Effect.scoped(
        Effect.gen(function* () {
          const schedules = yield* open(directory)
          yield* schedules.reconcile(both)
          yield* schedules.setPaused("a", true)
          yield* TestClock.adjust("2 minutes")
        })
      )
      assert.deepStrictEqual([yield* count, yield* other.count], [0, 2])
      yield* Effect.scoped(
        Effect.gen(function* () {
          const schedules = yield* open(directory)
          yield* schedules.reconcile(both)
          assert.deepStrictEqual(
            (yield* schedules.list).map(({ paused }) => paused),
            [true, false]
          )
          yield* schedules.setRunning(false)
          yield* TestClock.adjust("2 minutes")
        })
      )
      assert.deepStrictEqual([yield* count, yield* other.count], [0, 2])
      const schedules = yield* open(directory)
      yield* schedules.reconcile(both)
      assert.isFalse(yield* schedules.running)
      yield* schedules.setRunning(true)
      yield* schedules.setPaused("a", false)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([yield* count, yield* other.count], [1, 3])
    })
  )

  it.scoped(
    "dccd weak point 15: a run that was missed, the very first too, is made up for once, where the entry says so",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const once = yield* counter
        const skip = yield* counter
        const entries = [entry("once", once.add, { missed: "once" }), entry("skip", skip.add)]
        yield* Effect.scoped(
          Effect.gen(function* () {
            const schedules = yield* open(directory)
            yield* schedules.reconcile(entries)
            yield* TestClock.adjust("70 seconds")
          })
        )
        // The first life made up for a run that never was.
        assert.deepStrictEqual([yield* once.count, yield* skip.count], [2, 1])
        yield* TestClock.adjust("1 hour")
        const schedules = yield* open(directory)
        yield* schedules.reconcile(entries)
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual([yield* once.count, yield* skip.count], [3, 1])
      })
  )

  it.scoped("reconciling leaves what did not change alone and ends what is gone", () =>
    Effect.gen(function* () {
      const schedules = yield* open(yield* temporaryDirectory)
      const kept = yield* counter
      const gone = yield* counter
      const work = Effect.zipRight(kept.add, Effect.sleep("90 seconds"))
      yield* schedules.reconcile([entry("kept", work), entry("gone", gone.add)])
      yield* TestClock.adjust("61 seconds")
      yield* schedules.reconcile([entry("kept", Effect.void)])
      assert.deepStrictEqual(
        (yield* schedules.list).map(({ id, running }) => [id, running]),
        [["kept", true]]
      )
      yield* TestClock.adjust("5 minutes")
      assert.deepStrictEqual([yield* kept.count, yield* gone.count], [3, 1])
      yield* schedules.reconcile([entry("first", Effect.void), entry("kept", Effect.void)])
      assert.deepStrictEqual(
        (yield* schedules.list).map(({ id }) => id),
        ["first", "kept"]
      )
      yield* schedules.reconcile([entry("kept", Effect.void, { fingerprint: "new" })])
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(yield* kept.count, 3)
    })
  )

  it.scoped("an entry that nobody knows can't be paused; one of an idle site does not run", () =>
    Effect.gen(function* () {
      const schedules = yield* open(yield* temporaryDirectory, true)
      const { add, count } = yield* counter
      yield* schedules.reconcile([entry("a", add)])
      const error = yield* Effect.flip(schedules.setPaused("b", true))
      assert.strictEqual(error._tag, "ScheduleNotFound")
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(yield* count, 0)
      assert.isFalse(yield* schedules.running)
    })
  )
})
