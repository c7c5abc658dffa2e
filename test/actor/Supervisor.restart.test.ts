import { assert, describe, it } from "@effect/vitest"
import { Cause, DateTime, Effect, Exit, Fiber, Schedule } from "effect"
import type { Restart } from "../../src/actor/ChildSpec.js"
import type { NodeState, Reason } from "../../src/actor/NodeStatus.js"
import * as SupervisionTree from "../../src/actor/SupervisionTree.js"
import * as Supervisor from "../../src/actor/Supervisor.js"
import { make, pass, settle } from "./ScriptedChild.js"

const status = (path: string) =>
  Effect.flatMap(SupervisionTree.SupervisionTree, (tree) => tree.node(path)).pipe(Effect.orDie)

const exits: Record<string, Effect.Effect<unknown, unknown>> = {
  returned: Effect.void,
  failure: Effect.fail({ _tag: "Disconnected" }),
  defect: Effect.dieMessage("a bug"),
  interrupted: Effect.interrupt,
  "timed-out": Effect.fail(new Cause.TimeoutException("slow")),
  misconfigured: Effect.fail({ _tag: "Misconfigured" }),
  "misconfigured by reason": Effect.fail({ _tag: "SourceError", reason: "Misconfigured" }),
  "misconfigured by tagged reason": Effect.fail({ _tag: "SourceError", reason: { _tag: "Unsupported" } })
}

/** What each restart type makes of each exit: whether another life follows, else how the node comes to rest. */
const table: ReadonlyArray<[Restart, string, Reason, "again" | NodeState]> = [
  ["permanent", "returned", "returned", "again"],
  ["permanent", "failure", "failure", "again"],
  ["permanent", "defect", "defect", "again"],
  ["permanent", "interrupted", "interrupted", "again"],
  ["permanent", "timed-out", "timed-out", "again"],
  ["permanent", "misconfigured", "misconfigured", "failed"],
  ["permanent", "misconfigured by reason", "misconfigured", "failed"],
  ["permanent", "misconfigured by tagged reason", "misconfigured", "failed"],
  ["transient", "returned", "returned", "stopped"],
  ["transient", "failure", "failure", "again"],
  ["transient", "defect", "defect", "again"],
  ["transient", "interrupted", "interrupted", "again"],
  ["transient", "timed-out", "timed-out", "again"],
  ["transient", "misconfigured", "misconfigured", "failed"],
  ["temporary", "returned", "returned", "stopped"],
  ["temporary", "failure", "failure", "failed"],
  ["temporary", "defect", "defect", "failed"],
  ["temporary", "interrupted", "interrupted", "failed"],
  ["temporary", "timed-out", "timed-out", "failed"],
  ["temporary", "misconfigured", "misconfigured", "failed"]
]

describe("Supervisor: restart types", () => {
  for (const [restart, exit, reason, outcome] of table) {
    it.scoped(`${restart}, ${exit}: ${outcome}`, () =>
      Effect.gen(function* () {
        const child = make("a")
        yield* Supervisor.make({ children: [child.spec({ restart, backoff: Schedule.spaced("1 second") })] })
        yield* settle
        yield* child.end(exits[exit] ?? Effect.void)

        const after = yield* status("a")
        assert.strictEqual(after.reason, reason)
        assert.strictEqual(after.status, outcome === "again" ? "backing-off" : outcome)
        assert.strictEqual(child.live, 0)

        yield* pass("1 hour")
        assert.strictEqual(child.lives, outcome === "again" ? 2 : 1)
        assert.strictEqual((yield* status("a")).status, outcome === "again" ? "ready" : outcome)
      }).pipe(Effect.provide(SupervisionTree.layer))
    )
  }

  it.scoped("what its effect came to counts, although its keeper interrupts a teardown that takes its time", () =>
    Effect.gen(function* () {
      const child = make("a", { teardown: "1 second" })
      yield* Supervisor.make({ children: [child.spec({ restart: "transient" })] })
      yield* settle
      yield* child.end(Effect.void)
      yield* pass("1 second")
      assert.deepInclude(yield* status("a"), { status: "stopped", reason: "returned", restarts: 0 })
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("the last cause is kept, cut and redacted", () =>
    Effect.gen(function* () {
      const child = make("a")
      yield* Supervisor.make({ children: [child.spec()] })
      yield* settle
      yield* child.end(Effect.dieMessage(`token=hush ${"x".repeat(9_000)}`))
      const { lastCause, restarts } = yield* status("a")
      assert.include(lastCause, "token=*****")
      assert.notInclude(lastCause, "hush")
      assert.isBelow(lastCause?.length ?? 0, 4_100)
      assert.strictEqual(restarts, 1)
    }).pipe(Effect.provide(SupervisionTree.layerWith({ redact: (text) => text.replaceAll("hush", "*****") })))
  )

  it.scoped("a redaction that throws shows nothing and harms nobody", () =>
    Effect.gen(function* () {
      const child = make("a")
      yield* Supervisor.make({ children: [child.spec()] })
      yield* settle
      yield* child.end(Effect.dieMessage("hush"))
      assert.strictEqual(child.lives, 2)
      assert.notInclude((yield* status("a")).lastCause, "hush")
    }).pipe(
      Effect.provide(
        SupervisionTree.layerWith({
          redact: () => {
            throw new Error("hush")
          }
        })
      )
    )
  )
})

describe("Supervisor: back-off", () => {
  it.scoped("waits as the schedule says, and says until when", () =>
    Effect.gen(function* () {
      const child = make("a")
      yield* Supervisor.make({ children: [child.spec({ backoff: Schedule.exponential("1 second") })] })
      yield* settle
      let lives = 1
      for (const seconds of [1, 2, 4, 8]) {
        const now = yield* DateTime.now
        yield* child.end(Effect.dieMessage("boom"))
        const { until } = yield* status("a")
        assert.strictEqual(until && DateTime.distance(now, until), seconds * 1_000)
        yield* pass(`${seconds * 1_000 - 1} millis`)
        assert.strictEqual(child.lives, lives)
        yield* pass("1 millis")
        assert.strictEqual(child.lives, ++lives)
      }
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("begins again after a healthy period, and only then", () =>
    Effect.gen(function* () {
      const child = make("a")
      yield* Supervisor.make({
        children: [child.spec({ backoff: Schedule.exponential("1 second"), healthyAfter: "1 minute" })]
      })
      const wait = Effect.gen(function* () {
        const now = yield* DateTime.now
        yield* child.end(Effect.dieMessage("boom"))
        const { until } = yield* status("a")
        const millis = until === undefined ? 0 : DateTime.distance(now, until)
        yield* pass(`${millis} millis`)
        return millis
      })
      yield* settle
      assert.strictEqual(yield* wait, 1_000)
      assert.strictEqual(yield* wait, 2_000)
      yield* pass("59 seconds")
      assert.strictEqual(yield* wait, 4_000)
      yield* pass("60 seconds")
      assert.strictEqual(yield* wait, 1_000)
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("a stop during the wait is carried out at once", () =>
    Effect.gen(function* () {
      const child = make("a")
      const supervisor = yield* Supervisor.make({ children: [child.spec({ backoff: Schedule.spaced("1 hour") })] })
      yield* settle
      yield* child.end(Effect.dieMessage("boom"))
      yield* supervisor.stop("a")
      assert.strictEqual((yield* status("a")).status, "stopped")
      yield* pass("2 hours")
      assert.strictEqual(child.lives, 1)
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("a start during the wait is carried out at once", () =>
    Effect.gen(function* () {
      const child = make("a")
      const supervisor = yield* Supervisor.make({ children: [child.spec({ backoff: Schedule.spaced("1 hour") })] })
      yield* settle
      yield* child.end(Effect.dieMessage("boom"))
      yield* supervisor.start("a")
      yield* settle
      assert.strictEqual(child.live, 1)
    }).pipe(Effect.provide(SupervisionTree.layer))
  )
})

describe("Supervisor: restart intensity", () => {
  it.scoped("escalates: join fails, and the rest runs on until the owner closes the scope", () =>
    Effect.gen(function* () {
      const [a, b] = [make("a"), make("b")]
      const supervisor = yield* Supervisor.make({
        intensity: { maxRestarts: 3, within: "10 seconds" },
        children: [a.spec(), b.spec()]
      })
      const join = yield* Effect.fork(supervisor.join)
      yield* settle
      for (let n = 0; n < 3; n++) yield* a.end(Effect.dieMessage("boom"))
      assert.isNull(join.unsafePoll())
      yield* a.end(Effect.dieMessage("boom"))
      const error = yield* Effect.flip(Fiber.join(join))
      assert.strictEqual(error._tag, "RestartIntensityExceeded")
      assert.strictEqual(error.child, "a")
      assert.include(error.cause, "boom")
      assert.strictEqual(a.lives, 4)
      assert.strictEqual(b.live, 1)
      assert.strictEqual((yield* status("")).status, "failed")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("never escalates where crashes are far enough apart", () =>
    Effect.gen(function* () {
      const child = make("a")
      const supervisor = yield* Supervisor.make({
        intensity: { maxRestarts: 1, within: "10 seconds" },
        children: [child.spec()]
      })
      const join = yield* Effect.fork(supervisor.join)
      for (let n = 0; n < 20; n++) {
        yield* pass("10 seconds")
        yield* child.end(Effect.dieMessage("boom"))
      }
      assert.strictEqual(child.lives, 21)
      assert.isNull(join.unsafePoll())
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("quarantines where the spec says so; a start lifts it and forgets what was", () =>
    Effect.gen(function* () {
      const [a, b] = [make("a"), make("b")]
      const supervisor = yield* Supervisor.make({
        children: [a.spec({ onIntensity: "quarantine", intensity: { maxRestarts: 2, within: "1 minute" } }), b.spec()]
      })
      yield* settle
      for (let n = 0; n < 3; n++) yield* a.end(Effect.dieMessage("boom"))
      assert.strictEqual((yield* status("a")).status, "quarantined")
      yield* pass("30 seconds")
      assert.strictEqual(a.lives, 3)
      assert.strictEqual(b.live, 1)

      yield* supervisor.start("a")
      yield* settle
      for (let n = 0; n < 2; n++) yield* a.end(Effect.dieMessage("boom"))
      assert.strictEqual((yield* status("a")).status, "ready")
      yield* a.end(Effect.dieMessage("boom"))
      assert.strictEqual((yield* status("a")).status, "quarantined")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("a schedule that ends counts as an intensity that is spent", () =>
    Effect.gen(function* () {
      const child = make("a")
      yield* Supervisor.make({ children: [child.spec({ backoff: Schedule.recurs(1), onIntensity: "quarantine" })] })
      yield* settle
      yield* child.end(Effect.dieMessage("boom"))
      assert.strictEqual(child.live, 1)
      yield* child.end(Effect.dieMessage("boom"))
      assert.strictEqual((yield* status("a")).status, "quarantined")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.effect("a schedule that dies counts as one that ends, and supervision goes on", () =>
    Effect.gen(function* () {
      const [a, b] = [make("a"), make("b")]
      const broken = Schedule.mapEffect(Schedule.forever, () => Effect.dieMessage("broken schedule"))
      const exit = yield* Effect.exit(
        Effect.scoped(
          Effect.gen(function* () {
            yield* Supervisor.make({
              strategy: "one_for_all",
              children: [a.spec({ backoff: broken, onIntensity: "quarantine" }), b.spec()]
            })
            yield* settle
            yield* a.end(Effect.dieMessage("boom"))
            assert.strictEqual((yield* status("a")).status, "quarantined")
            yield* b.end(Effect.dieMessage("boom"))
            assert.strictEqual(b.live, 1)
          })
        )
      )
      assert.deepStrictEqual(exit, Exit.void)
    }).pipe(Effect.provide(SupervisionTree.layer))
  )
})
