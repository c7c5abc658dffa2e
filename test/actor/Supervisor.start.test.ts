import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Scope } from "effect"
import * as ChildSpec from "../../src/actor/ChildSpec.js"
import * as Self from "../../src/actor/Self.js"
import * as SupervisionTree from "../../src/actor/SupervisionTree.js"
import * as Supervisor from "../../src/actor/Supervisor.js"
import { make, pass, settle } from "./ScriptedChild.js"

const status = (path: string) =>
  Effect.flatMap(SupervisionTree.SupervisionTree, (tree) => tree.node(path)).pipe(Effect.orDie)

describe("Supervisor: start", () => {
  it.scoped("starts left to right, each child when those before it are ready", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const [a, b] = [make("a", { log }), make("b", { log })]
      const open = yield* Deferred.make<void>()
      const starting = yield* Effect.fork(
        Supervisor.make({ children: [a.spec({ ready: Deferred.await(open) }), b.spec()] })
      )
      yield* settle
      assert.deepStrictEqual(log, ["a+"])
      assert.strictEqual((yield* status("a")).status, "starting")
      yield* Deferred.succeed(open, undefined)
      yield* Fiber.join(starting)
      yield* settle
      assert.deepStrictEqual(log, ["a+", "b+"])
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("a child can signal its readiness itself", () =>
    Effect.gen(function* () {
      const go = yield* Deferred.make<void>()
      const run = Deferred.await(go).pipe(Effect.zipRight(Self.ready), Effect.zipRight(Effect.never))
      const starting = yield* Effect.fork(
        Supervisor.make({ children: [ChildSpec.make({ id: "a", run, ready: "signalled" })] })
      )
      yield* settle
      assert.isNull(starting.unsafePoll())
      yield* Deferred.succeed(go, undefined)
      yield* Fiber.join(starting)
      assert.strictEqual((yield* status("a")).status, "ready")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  for (const [what, ready, reason] of [
    ["not ready in time", Effect.never, "timed-out"],
    ["readiness that fails", Effect.fail({ _tag: "Refused" }), "failure"],
    ["readiness that dies", Effect.dieMessage("boom"), "defect"]
  ] as const) {
    it.scoped(`${what}: StartFailed to the starter, no restart, and those before it are stopped`, () =>
      Effect.gen(function* () {
        const log: Array<string> = []
        const [a, b, c] = [make("a", { log }), make("b", { log }), make("c", { log })]
        const starting = yield* Effect.fork(
          Supervisor.make({ children: [a.spec(), b.spec({ ready, readyWithin: "5 seconds" }), c.spec()] })
        )
        yield* settle
        yield* pass("5 seconds")
        const error = yield* Effect.flip(Fiber.join(starting))
        assert.deepInclude(error, { _tag: "StartFailed", path: "b", reason })
        assert.deepStrictEqual(log, ["a+", "b+", "b-", "a-"])
        yield* pass("1 hour")
        assert.strictEqual(b.lives, 1)
      }).pipe(Effect.provide(SupervisionTree.layer))
    )
  }

  it.scoped("a first life that ends before it is ready is StartFailed with its cause", () =>
    Effect.gen(function* () {
      const run = Effect.fail({ _tag: "Misconfigured", what: "port" })
      const error = yield* Effect.flip(
        Supervisor.make({ children: [ChildSpec.make({ id: "a", run, ready: "signalled" })] })
      )
      assert.deepInclude(error, { _tag: "StartFailed", path: "a", reason: "misconfigured" })
      assert.include(error.message, "port")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("also for a child added later, which is then gone and can be added again", () =>
    Effect.gen(function* () {
      const child = make("a")
      const supervisor = yield* Supervisor.make({})
      const error = yield* Effect.flip(supervisor.add(child.spec({ ready: Effect.fail("no") })))
      assert.deepInclude(error, { _tag: "StartFailed", path: "a" })
      assert.strictEqual((yield* Effect.flip(supervisor.start("a")))._tag, "NodeNotFound")
      assert.strictEqual(child.live, 0)
      yield* supervisor.add(child.spec())
      yield* settle
      assert.strictEqual(child.live, 1)
      assert.strictEqual((yield* Effect.flip(supervisor.add(child.spec())))._tag, "DuplicateChild")
      assert.strictEqual(child.live, 1)
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("onStartFailure retry: the starter goes on, the child is restarted like any other", () =>
    Effect.gen(function* () {
      const child = make("a")
      let reachable = false
      const ready = Effect.suspend(() => (reachable ? Effect.void : Effect.fail("unreachable")))
      yield* Supervisor.make({
        children: [
          child.spec({ ready, onStartFailure: "retry", backoff: ChildSpec.make({ id: "d", run: Effect.void }).backoff })
        ]
      })
      assert.strictEqual((yield* status("a")).status, "backing-off")
      reachable = true
      yield* pass("1 second")
      assert.strictEqual((yield* status("a")).status, "ready")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("a starter that is interrupted takes the child with it", () =>
    Effect.gen(function* () {
      const child = make("a")
      const supervisor = yield* Supervisor.make({})
      const adding = yield* Effect.fork(supervisor.add(child.spec({ ready: Effect.never })))
      yield* settle
      assert.strictEqual(child.live, 1)
      yield* Fiber.interrupt(adding)
      assert.strictEqual(child.live, 0)
      assert.strictEqual((yield* Effect.flip(supervisor.stop("a")))._tag, "NodeNotFound")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("a later life that is not ready in time is a crash", () =>
    Effect.gen(function* () {
      const child = make("a")
      let slow = false
      const ready = Effect.suspend(() => (slow ? Effect.never : Effect.void))
      yield* Supervisor.make({ children: [child.spec({ ready, readyWithin: "2 seconds" })] })
      slow = true
      yield* settle
      yield* child.end(Effect.void)
      assert.strictEqual((yield* status("a")).status, "starting")
      slow = false
      yield* pass("2 seconds")
      assert.strictEqual(child.lives, 3)
      assert.deepInclude(yield* status("a"), { status: "ready", lastCause: "timed-out" })
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("children keep the environment they were given in; each life has its own scope", () =>
    Effect.gen(function* () {
      class Port extends Context.Tag("test/Port")<Port, number>() {}
      const seen: Array<number> = []
      const outer = yield* Effect.scope
      const spec = (id: string) =>
        ChildSpec.make({
          id,
          run: Effect.gen(function* () {
            seen.push(yield* Port)
            assert.notStrictEqual(yield* Effect.scope, outer)
            return yield* Effect.never
          })
        })
      const supervisor = yield* Supervisor.make({ children: [spec("a")] }).pipe(Effect.provideService(Port, 1))
      yield* supervisor.add(spec("b")).pipe(Effect.provideService(Port, 2))
      yield* settle
      assert.deepStrictEqual(seen, [1, 2])
    }).pipe(Effect.provide(SupervisionTree.layer))
  )
})

describe("Supervisor: stop", () => {
  it.effect("stops right to left, each child when the one after it is down", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const scope = yield* Scope.make()
      const children = ["a", "b", "c"].map((id) => make(id, { log, teardown: "1 second" }))
      yield* Supervisor.make({ children: children.map((child) => child.spec()) }).pipe(Scope.extend(scope))
      yield* settle
      log.length = 0
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* settle
      assert.strictEqual((yield* status("c")).status, "stopping")
      assert.strictEqual((yield* status("b")).status, "ready")
      yield* pass("1 second")
      assert.deepStrictEqual(log, ["c-"])
      yield* pass("1 second")
      assert.deepStrictEqual(log, ["c-", "b-"])
      yield* pass("1 second")
      yield* Fiber.join(closing)
      assert.deepStrictEqual(log, ["c-", "b-", "a-"])
      for (const path of ["", "a", "b", "c"]) assert.strictEqual((yield* status(path)).status, "stopped")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.effect("a child past its deadline is abandoned and reported, and the stop goes on", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const [a, b] = [make("a"), make("b", { teardown: "1 hour" })]
      yield* Supervisor.make({ children: [a.spec(), b.spec({ shutdown: "5 seconds" })] }).pipe(Scope.extend(scope))
      yield* settle
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* pass("4999 millis")
      assert.strictEqual(a.live, 1)
      yield* pass("1 millis")
      yield* Fiber.join(closing)
      assert.strictEqual(a.live, 0)
      assert.deepInclude(yield* status("b"), { status: "failed", reason: "abandoned" })
      yield* pass("1 hour")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("an abandoned child has no second life before it lets go, and has one as soon as it does", () =>
    Effect.gen(function* () {
      const child = make("a", { teardown: "1 minute" })
      const supervisor = yield* Supervisor.make({ children: [child.spec({ shutdown: "1 second" })] })
      yield* settle
      const restarting = yield* Effect.fork(Effect.flip(supervisor.restart("a")))
      yield* pass("1 second")
      assert.deepInclude(yield* Fiber.join(restarting), { _tag: "StartFailed", reason: "abandoned" })
      assert.deepInclude(yield* Effect.flip(supervisor.start("a")), { _tag: "StartFailed", reason: "abandoned" })
      yield* pass("58 seconds")
      assert.strictEqual(child.lives, 1)
      yield* pass("1 seconds")
      assert.strictEqual(child.lives, 2)
      assert.strictEqual(child.mostLive, 1)
      assert.strictEqual((yield* status("a")).status, "ready")
      yield* Effect.fork(supervisor.stop("a"))
      yield* pass("1 minute")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("a crash shows at once, and its teardown has the same deadline as a stop's", () =>
    Effect.gen(function* () {
      const child = make("a", { teardown: "1 minute" })
      const supervisor = yield* Supervisor.make({ children: [child.spec({ shutdown: "5 seconds" })] })
      yield* settle
      yield* child.end(Effect.fail("gone"))
      assert.deepInclude(yield* status("a"), { status: "stopping", reason: "failure" })
      yield* pass("5 seconds")
      assert.deepInclude(yield* status("a"), { status: "failed", reason: "abandoned" })
      yield* pass("55 seconds")
      assert.deepInclude(yield* status("a"), { status: "ready", restarts: 1 })
      assert.include((yield* status("a")).lastCause, "gone")
      yield* Effect.fork(supervisor.stop("a"))
      yield* pass("5 seconds")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("a defect while cleaning up is told, whatever the life itself came to", () =>
    Effect.gen(function* () {
      const run = Effect.addFinalizer(() => Effect.dieMessage("jammed"))
      yield* Supervisor.make({ children: [ChildSpec.make({ id: "a", run, restart: "transient" })] })
      yield* settle
      assert.deepInclude(yield* status("a"), { status: "backing-off", reason: "defect" })
      assert.include((yield* status("a")).lastCause, "jammed")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("a stuck teardown holds up no other child", () =>
    Effect.gen(function* () {
      const [a, b] = [make("a", { teardown: "1 hour" }), make("b")]
      const supervisor = yield* Supervisor.make({ children: [a.spec({ shutdown: "1 minute" }), b.spec()] })
      yield* settle
      yield* Effect.fork(supervisor.stop("a"))
      yield* settle
      yield* b.end(Effect.dieMessage("boom"))
      assert.strictEqual(b.lives, 2)
      yield* pass("1 hour")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("everything a life acquired is released before the next begins", () =>
    Effect.gen(function* () {
      const child = make("a", { teardown: "3 seconds" })
      const supervisor = yield* Supervisor.make({ children: [child.spec()] })
      yield* settle
      const restarting = yield* Effect.fork(supervisor.restart("a"))
      yield* pass("2999 millis")
      assert.deepStrictEqual(child.log, ["a+"])
      yield* pass("1 millis")
      yield* Fiber.join(restarting)
      yield* settle
      assert.deepStrictEqual(child.log, ["a+", "a-", "a+"])
      yield* Effect.fork(supervisor.stop("a"))
      yield* pass("3 seconds")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("orders: stop stays down, start brings up, remove forgets; a stop overrules a start in progress", () =>
    Effect.gen(function* () {
      const child = make("a")
      let prompt = true
      const ready = Effect.suspend(() => (prompt ? Effect.void : Effect.never))
      const supervisor = yield* Supervisor.make({ children: [child.spec({ ready })] })
      yield* settle
      yield* supervisor.stop("a")
      assert.strictEqual(child.live, 0)
      yield* pass("1 hour")
      assert.strictEqual(child.lives, 1)

      prompt = false
      const starting = yield* Effect.fork(Effect.flip(supervisor.start("a")))
      yield* settle
      assert.strictEqual(child.live, 1)
      yield* supervisor.stop("a")
      assert.deepInclude(yield* Fiber.join(starting), { _tag: "StartFailed", reason: "requested" })
      assert.strictEqual(child.live, 0)

      prompt = true
      yield* supervisor.start("a")
      yield* supervisor.start("a")
      assert.strictEqual(child.lives, 3)
      assert.strictEqual((yield* status("a")).restarts, 0)
      yield* supervisor.remove("a")
      assert.strictEqual(child.live, 0)
      assert.strictEqual((yield* Effect.flip(supervisor.remove("a")))._tag, "NodeNotFound")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("of two orders given in one breath the later counts, and the earlier is told", () =>
    Effect.gen(function* () {
      const child = make("a")
      const supervisor = yield* Supervisor.make({ children: [child.spec()] })
      yield* supervisor.stop("a")
      const [start, stop] = yield* Effect.all([Effect.flip(supervisor.start("a")), supervisor.stop("a")], {
        concurrency: 2
      })
      assert.deepInclude(start, { _tag: "StartFailed", reason: "requested" })
      assert.isUndefined(stop)
      assert.strictEqual((yield* status("a")).status, "stopped")

      yield* Effect.all([supervisor.stop("a"), supervisor.start("a")], { concurrency: 2 })
      yield* settle
      assert.strictEqual(child.live, 1)
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.effect("after the scope has closed nothing can be started any more", () =>
    Effect.gen(function* () {
      const child = make("a")
      const supervisor = yield* Effect.scoped(Supervisor.make({ children: [child.spec()] }))
      assert.strictEqual((yield* Effect.flip(supervisor.start("a")))._tag, "NodeNotFound")
      assert.strictEqual((yield* Effect.flip(supervisor.add(make("b").spec())))._tag, "StartFailed")
      assert.strictEqual(child.live, 0)
    }).pipe(Effect.provide(SupervisionTree.layer))
  )
})
