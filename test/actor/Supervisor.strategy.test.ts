import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Schedule } from "effect"
import * as SupervisionTree from "../../src/actor/SupervisionTree.js"
import * as Supervisor from "../../src/actor/Supervisor.js"
import { make, pass, settle } from "./ScriptedChild.js"

const status = (path: string) =>
  Effect.flatMap(SupervisionTree.SupervisionTree, (tree) => tree.node(path)).pipe(Effect.orDie)

const four = (log: Array<string>) =>
  [make("a", { log }), make("b", { log }), make("c", { log }), make("d", { log })] as const

describe("Supervisor: strategies", () => {
  const expected = {
    one_for_one: ["b-", "b+"],
    one_for_all: ["b-", "d-", "c-", "a-", "a+", "b+", "c+", "d+"],
    rest_for_one: ["b-", "d-", "c-", "b+", "c+", "d+"]
  }
  for (const strategy of ["one_for_one", "one_for_all", "rest_for_one"] as const) {
    it.scoped(`${strategy}: who goes along with a crash, and in what order`, () =>
      Effect.gen(function* () {
        const log: Array<string> = []
        const children = four(log)
        yield* Supervisor.make({ strategy, children: children.map((child) => child.spec()) })
        yield* settle
        log.length = 0
        yield* children[1].end(Effect.dieMessage("boom"))
        assert.deepStrictEqual(log, expected[strategy])
      }).pipe(Effect.provide(SupervisionTree.layer))
    )

    it.scoped(`${strategy}: a restart by order takes the same along`, () =>
      Effect.gen(function* () {
        const log: Array<string> = []
        const children = four(log)
        const supervisor = yield* Supervisor.make({ strategy, children: children.map((child) => child.spec()) })
        yield* settle
        log.length = 0
        yield* supervisor.restart("b")
        yield* settle
        assert.deepStrictEqual(log.toSorted(), expected[strategy].toSorted())
      }).pipe(Effect.provide(SupervisionTree.layer))
    )

    it.scoped(`${strategy}: a stop by order leaves the siblings alone`, () =>
      Effect.gen(function* () {
        const log: Array<string> = []
        const children = four(log)
        const supervisor = yield* Supervisor.make({ strategy, children: children.map((child) => child.spec()) })
        yield* settle
        log.length = 0
        yield* supervisor.stop("b")
        yield* settle
        assert.deepStrictEqual(log, ["b-"])
      }).pipe(Effect.provide(SupervisionTree.layer))
    )
  }

  it.scoped("the group waits out the back-off together, and starts in order of readiness", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const [a, b, c] = [make("a", { log }), make("b", { log }), make("c", { log })]
      const gate = yield* Deferred.make<void>()
      let first = true
      const ready = Effect.suspend(() => (first ? Effect.void : Deferred.await(gate)))
      yield* Supervisor.make({
        strategy: "one_for_all",
        children: [a.spec({ ready }), b.spec({ backoff: Schedule.spaced("5 seconds") }), c.spec()]
      })
      yield* settle
      first = false
      log.length = 0
      yield* b.end(Effect.dieMessage("boom"))
      assert.deepStrictEqual(log, ["b-", "c-", "a-"])
      assert.deepInclude(yield* status("a"), { status: "backing-off", reason: "sibling" })
      assert.deepInclude(yield* status("b"), { status: "backing-off", reason: "defect" })
      yield* pass("5 seconds")
      assert.deepStrictEqual(log.slice(3), ["a+"])
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.deepStrictEqual(log.slice(3), ["a+", "b+", "c+"])
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("what a person stopped stays down when its group is restarted", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const children = four(log)
      const supervisor = yield* Supervisor.make({
        strategy: "one_for_all",
        children: children.map((child) => child.spec())
      })
      yield* settle
      yield* supervisor.stop("c")
      log.length = 0
      yield* children[0].end(Effect.dieMessage("boom"))
      assert.deepStrictEqual(log, ["a-", "d-", "b-", "a+", "b+", "d+"])
      assert.strictEqual((yield* status("c")).status, "stopped")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("a temporary child that goes down with its group does not come back with it", () =>
    Effect.gen(function* () {
      const [a, b] = [make("a"), make("b")]
      yield* Supervisor.make({
        strategy: "one_for_all",
        children: [a.spec(), b.spec({ restart: "temporary" })]
      })
      yield* settle
      yield* a.end(Effect.dieMessage("boom"))
      assert.strictEqual(a.live, 1)
      assert.strictEqual(b.lives, 1)
      assert.deepInclude(yield* status("b"), { status: "stopped", reason: "sibling" })
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("two that crash together are one crash of the group", () =>
    Effect.gen(function* () {
      const [a, b] = [make("a"), make("b")]
      const supervisor = yield* Supervisor.make({
        strategy: "one_for_all",
        intensity: { maxRestarts: 1, within: "1 hour" },
        children: [a.spec(), b.spec()]
      })
      const join = yield* Effect.fork(supervisor.join)
      yield* settle
      yield* Effect.all([a.end(Effect.dieMessage("boom")), b.end(Effect.dieMessage("boom"))], { concurrency: 2 })
      assert.deepStrictEqual([a.live, b.live, a.lives, b.lives], [1, 1, 2, 2])
      assert.isNull(join.unsafePoll())
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("an abandoned sibling does not keep the group down", () =>
    Effect.gen(function* () {
      const [a, b] = [make("a"), make("b", { teardown: "1 hour" })]
      const supervisor = yield* Supervisor.make({
        strategy: "one_for_all",
        children: [a.spec(), b.spec({ shutdown: "1 second" })]
      })
      yield* settle
      yield* a.end(Effect.dieMessage("boom"))
      yield* pass("1 second")
      assert.strictEqual(a.live, 1)
      assert.deepInclude(yield* status("b"), { status: "failed", reason: "abandoned" })
      yield* pass("1 hour")
      assert.deepStrictEqual([b.lives, b.mostLive], [2, 1])
      yield* Effect.fork(supervisor.stop("b"))
      yield* pass("1 second")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("neither does one that was abandoned before it was ready", () =>
    Effect.gen(function* () {
      const [a, b] = [make("a", { teardown: "1 hour" }), make("b")]
      let slow = false
      const ready = Effect.suspend(() => (slow ? Effect.never : Effect.void))
      const supervisor = yield* Supervisor.make({
        strategy: "one_for_all",
        children: [a.spec({ ready, readyWithin: "1 second", shutdown: "1 second" }), b.spec()]
      })
      slow = true
      yield* settle
      yield* supervisor.stop("b")
      yield* Effect.fork(a.end(Effect.dieMessage("boom")))
      yield* pass("1 hour")
      assert.strictEqual(a.live, 1)
      yield* Effect.fork(Effect.ignore(supervisor.start("b")))
      yield* settle
      assert.strictEqual(b.live, 0)
      yield* pass("1 second")
      yield* pass("1 second")
      assert.deepInclude(yield* status("a"), { status: "failed", reason: "abandoned" })
      yield* settle
      assert.strictEqual(b.live, 1)
      yield* Effect.fork(supervisor.stop("a"))
    }).pipe(Effect.provide(SupervisionTree.layer))
  )
})
