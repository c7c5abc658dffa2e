import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Schedule, Scope } from "effect"
import { none } from "../../src/actor/Backoff.js"
import * as NestedSupervisor from "../../src/actor/NestedSupervisor.js"
import * as SupervisionTree from "../../src/actor/SupervisionTree.js"
import * as Supervisor from "../../src/actor/Supervisor.js"
import { make, pass, settle } from "./ScriptedChild.js"

const status = (path: string) =>
  Effect.flatMap(SupervisionTree.SupervisionTree, (tree) => tree.node(path)).pipe(Effect.orDie)
const boom = Effect.dieMessage("boom")
const twice = { maxRestarts: 1, within: "1 minute" } as const

describe("NestedSupervisor", () => {
  it.scoped("is ready when its children are, and shows them below its path", () =>
    Effect.gen(function* () {
      const leaf = make("leaf")
      const branch = NestedSupervisor.spec("branch", {
        children: [NestedSupervisor.spec("twig", { children: [leaf.spec()] })]
      })
      yield* Supervisor.make({ children: [branch] })
      const tree = yield* SupervisionTree.SupervisionTree
      const { nodes } = yield* tree.get
      assert.deepStrictEqual(
        nodes.map((node) => [node.path, node.kind, node.status]),
        [
          ["", "supervisor", "ready"],
          ["branch", "supervisor", "ready"],
          ["branch/twig", "supervisor", "ready"],
          ["branch/twig/leaf", "worker", "ready"]
        ]
      )
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("escalates through two levels, each restarting what is below it first", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const [leaf, beside] = [make("leaf", { log }), make("beside", { log })]
      const branch = NestedSupervisor.spec("branch", {
        intensity: twice,
        backoff: none,
        children: [
          NestedSupervisor.spec("twig", { intensity: twice, backoff: none, children: [beside.spec(), leaf.spec()] })
        ]
      })
      const root = yield* Supervisor.make({ intensity: twice, children: [branch] })
      const join = yield* Effect.fork(root.join)
      yield* settle

      yield* leaf.end(boom) // the leaf alone is restarted
      assert.strictEqual(beside.lives, 1)
      yield* leaf.end(boom) // the twig gives up and is restarted by the branch
      assert.strictEqual(beside.lives, 2)
      assert.deepInclude(yield* status("branch/twig"), { status: "ready", restarts: 1 })
      assert.include((yield* status("branch/twig")).lastCause, "boom")
      assert.deepInclude(yield* status("branch"), { status: "ready", restarts: 0 })

      yield* leaf.end(boom)
      yield* leaf.end(boom) // the twig again: too often for the branch, which is restarted by the root
      assert.deepInclude(yield* status("branch"), { status: "ready", restarts: 1 })
      assert.strictEqual(beside.lives, 3)
      assert.isNull(join.unsafePoll())

      for (let n = 0; n < 4; n++) yield* leaf.end(boom) // and once more, too often for the root
      const error = yield* Effect.flip(Fiber.join(join))
      assert.strictEqual(error.child, "branch")
      assert.deepStrictEqual([leaf.live, beside.live, leaf.mostLive, beside.mostLive], [0, 0, 1, 1])
      assert.deepInclude(yield* status("branch"), { status: "failed", reason: "escalated" })
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("a branch can be quarantined with all below it, and started again by path", () =>
    Effect.gen(function* () {
      const leaf = make("leaf")
      const branch = NestedSupervisor.spec("branch", {
        intensity: { maxRestarts: 0, within: "1 minute" },
        onIntensity: "quarantine",
        backoff: Schedule.recurs(0),
        children: [leaf.spec()]
      })
      yield* Supervisor.make({ children: [branch] })
      yield* settle
      yield* leaf.end(boom)
      assert.strictEqual((yield* status("branch")).status, "quarantined")
      assert.strictEqual(leaf.live, 0)
      const tree = yield* SupervisionTree.SupervisionTree
      yield* tree.start("branch")
      yield* settle
      assert.strictEqual((yield* status("branch/leaf")).status, "ready")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.effect("stops from the leaves to the root, whatever its own default deadline", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const scope = yield* Scope.make()
      const [a, b, c] = [
        make("a", { log, teardown: "8 seconds" }),
        make("b", { log, teardown: "8 seconds" }),
        make("c", { log })
      ]
      const branch = NestedSupervisor.spec("branch", { children: [a.spec(), b.spec()] })
      yield* Supervisor.make({ children: [branch, c.spec()] }).pipe(Scope.extend(scope))
      yield* settle
      log.length = 0
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* pass("8 seconds")
      yield* pass("8 seconds")
      yield* Fiber.join(closing)
      assert.deepStrictEqual(log, ["c-", "b-", "a-"])
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("a first child that does not start is StartFailed all the way up", () =>
    Effect.gen(function* () {
      const branch = NestedSupervisor.spec("branch", {
        children: [make("leaf").spec({ ready: Effect.fail({ _tag: "Misconfigured", what: "no port" }) })]
      })
      const error = yield* Effect.flip(Supervisor.make({ children: [branch] }))
      assert.deepInclude(error, { _tag: "StartFailed", path: "branch", reason: "misconfigured" })
      assert.include(error.message, "no port")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )
})

describe("NestedSupervisor.nest", () => {
  it.scoped("its handle outlives the branch's lives: a new life begins with all that were added", () =>
    Effect.gen(function* () {
      const [a, b, c] = [make("a"), make("b"), make("c")]
      const root = yield* Supervisor.make({})
      const branch = yield* NestedSupervisor.nest(root, "branch", {
        intensity: twice,
        backoff: Schedule.spaced("1 second"),
        children: [a.spec()]
      })
      yield* branch.add(b.spec())
      yield* settle
      assert.strictEqual(b.live, 1)

      yield* a.end(boom)
      yield* a.end(boom)
      assert.deepStrictEqual([a.live, b.live], [0, 0])
      yield* branch.add(c.spec()) // while the branch backs off
      assert.strictEqual((yield* Effect.flip(branch.add(c.spec())))._tag, "DuplicateChild")
      yield* pass("1 second")
      assert.deepStrictEqual([a.live, b.live, c.live], [1, 1, 1])

      yield* branch.remove("b")
      assert.strictEqual(b.live, 0)
      yield* root.restart("branch")
      yield* settle
      assert.deepStrictEqual([a.live, b.live, c.live], [1, 0, 1])
      assert.strictEqual((yield* Effect.flip(branch.restart("b")))._tag, "NodeNotFound")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("a child that does not start is not kept on the list", () =>
    Effect.gen(function* () {
      const bad = make("bad")
      const root = yield* Supervisor.make({})
      const branch = yield* NestedSupervisor.nest(root, "branch", {})
      const error = yield* Effect.flip(branch.add(bad.spec({ ready: Effect.fail("no") })))
      assert.deepInclude(error, { _tag: "StartFailed", path: "branch/bad" })
      yield* root.restart("branch")
      assert.strictEqual(bad.lives, 1)
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("goes with the scope it was made in", () =>
    Effect.gen(function* () {
      const child = make("a")
      const root = yield* Supervisor.make({})
      const tree = yield* SupervisionTree.SupervisionTree
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* NestedSupervisor.nest(root, "branch", { children: [child.spec()] })
          yield* settle
          assert.strictEqual(child.live, 1)
        })
      )
      assert.strictEqual(child.live, 0)
      assert.strictEqual((yield* tree.get).nodes.length, 1)
    }).pipe(Effect.provide(SupervisionTree.layer))
  )
})
