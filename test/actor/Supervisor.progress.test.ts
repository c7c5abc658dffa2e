import { assert, describe, it } from "@effect/vitest"
import { type Clock, DateTime, Effect } from "effect"
import * as ChildSpec from "../../src/actor/ChildSpec.js"
import * as Self from "../../src/actor/Self.js"
import * as SupervisionTree from "../../src/actor/SupervisionTree.js"
import * as Supervisor from "../../src/actor/Supervisor.js"
import * as Scripted from "./ScriptedChild.js"
import { pass, settle } from "./ScriptedChild.js"

const status = (path: string) =>
  Effect.flatMap(SupervisionTree.SupervisionTree, (tree) => tree.node(path)).pipe(Effect.orDie)

/** A child that marks progress when told to. */
const make = (progress: ChildSpec.Progress, options: Partial<ChildSpec.Options> = {}) => {
  const child = {
    lives: 0,
    mark: Effect.void as Effect.Effect<void>,
    spec: ChildSpec.make({
      id: "a",
      run: Effect.gen(function* () {
        child.lives++
        child.mark = (yield* Self.Self).mark
        return yield* Effect.never
      }),
      progress,
      ...options
    }) as ChildSpec.ChildSpec
  }
  return child
}

describe("Supervisor: progress", () => {
  it.scoped("silence makes a child degraded, a mark makes it ready again", () =>
    Effect.gen(function* () {
      const child = make({ within: "10 seconds", restart: false })
      yield* Supervisor.make({ children: [child.spec] })
      yield* pass("9999 millis")
      assert.strictEqual((yield* status("a")).status, "ready")
      yield* pass("1 millis")
      assert.deepInclude(yield* status("a"), { status: "degraded", reason: "silence" })
      yield* pass("1 hour")
      yield* child.mark
      yield* settle
      assert.deepInclude(yield* status("a"), { status: "ready", reason: undefined })
      yield* pass("10 seconds")
      assert.strictEqual((yield* status("a")).status, "degraded")
      assert.strictEqual(child.lives, 1)
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("a child that marks often enough is never degraded, and shows when it last did", () =>
    Effect.gen(function* () {
      const child = make({ within: "10 seconds", restart: true })
      yield* Supervisor.make({ children: [child.spec] })
      yield* settle
      for (let n = 0; n < 20; n++) {
        yield* pass("9 seconds")
        yield* child.mark
        assert.strictEqual((yield* status("a")).status, "ready")
      }
      yield* pass("3 seconds")
      const { lastProgress } = yield* status("a")
      assert.strictEqual(lastProgress && DateTime.toEpochMillis(lastProgress), 180_000)
      assert.strictEqual(child.lives, 1)
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("silence ends the life where the spec says so: a crash with that reason", () =>
    Effect.gen(function* () {
      const child = make({ within: "10 seconds", restart: true })
      yield* Supervisor.make({ children: [child.spec] })
      yield* pass("10 seconds")
      assert.deepInclude(yield* status("a"), { status: "backing-off", reason: "silence", lastCause: "silence" })
      yield* pass("1 second")
      assert.deepInclude(yield* status("a"), { status: "ready", restarts: 1 })
      assert.strictEqual(child.lives, 2)
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("a life that has ended by itself is neither silent nor late while it is torn down", () =>
    Effect.gen(function* () {
      const slowly = { teardown: "20 seconds" }
      const done = Scripted.make("done", slowly)
      const wrong = Scripted.make("wrong", slowly)
      const patient = { shutdown: "1 minute" } as const
      yield* Supervisor.make({
        children: [
          done.spec({ ...patient, restart: "transient", progress: { within: "10 seconds", restart: true } }),
          wrong.spec({ ...patient, progress: { within: "10 seconds", restart: true } })
        ]
      })
      yield* pass("5 seconds")
      yield* done.end(Effect.void)
      yield* wrong.end(Effect.fail({ _tag: "Misconfigured" }))
      yield* pass("10 seconds")
      assert.deepInclude(yield* status("done"), { status: "stopping", reason: "returned" })
      yield* pass("10 seconds")
      assert.deepInclude(yield* status("done"), { status: "stopped", reason: "returned", restarts: 0 })
      assert.deepInclude(yield* status("wrong"), { status: "failed", reason: "misconfigured", restarts: 0 })
      assert.deepStrictEqual([done.lives, wrong.lives], [1, 1])
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("silence is counted from readiness, not from the start", () =>
    Effect.gen(function* () {
      const child = make({ within: "10 seconds", restart: true }, { ready: Effect.sleep("20 seconds") })
      yield* Effect.fork(Supervisor.make({ children: [child.spec] }))
      yield* settle
      yield* pass("25 seconds")
      assert.strictEqual((yield* status("a")).status, "ready")
      yield* pass("5 seconds")
      assert.strictEqual((yield* status("a")).status, "backing-off")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("a step of the wall clock is no silence", () =>
    Effect.gen(function* () {
      let step = 0
      const clock = yield* Effect.clock
      const wall: Clock.Clock = Object.create(clock, {
        unsafeCurrentTimeMillis: { value: () => clock.unsafeCurrentTimeMillis() + step },
        unsafeCurrentTimeNanos: { value: () => clock.unsafeCurrentTimeNanos() }
      })
      yield* Effect.gen(function* () {
        const child = make({ within: "10 seconds", restart: true })
        yield* Supervisor.make({ children: [child.spec] })
        yield* settle
        yield* pass("5 seconds")
        yield* child.mark
        step = 86_400_000
        yield* pass("9 seconds")
        assert.deepInclude(yield* status("a"), { status: "ready", restarts: 0 })
        yield* pass("1 seconds")
        assert.strictEqual((yield* status("a")).reason, "silence")
      }).pipe(Effect.provide(SupervisionTree.layer), Effect.withClock(wall))
    })
  )
})
