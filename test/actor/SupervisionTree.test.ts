import { assert, describe, it } from "@effect/vitest"
import { Cause, Chunk, Effect, Exit, Fiber, Schedule, Schema, Stream } from "effect"
import type { LifecycleEvent } from "../../src/actor/LifecycleEvent.js"
import { LifecycleEvent as LifecycleEventSchema } from "../../src/actor/LifecycleEvent.js"
import * as NestedSupervisor from "../../src/actor/NestedSupervisor.js"
import { TreeStatus } from "../../src/actor/NodeStatus.js"
import * as SupervisionTree from "../../src/actor/SupervisionTree.js"
import * as Supervisor from "../../src/actor/Supervisor.js"
import { make, pass, settle } from "./ScriptedChild.js"

describe("SupervisionTree", () => {
  it.scoped("orders reach any node by its path; a path that is none is NodeNotFound", () =>
    Effect.gen(function* () {
      const leaf = make("leaf")
      yield* Supervisor.make({ children: [NestedSupervisor.spec("branch", { children: [leaf.spec()] })] })
      const tree = yield* SupervisionTree.SupervisionTree
      yield* settle
      yield* tree.stop("branch/leaf")
      assert.strictEqual((yield* tree.node("branch/leaf")).status, "stopped")
      yield* tree.start("branch/leaf")
      yield* tree.restart("branch/leaf")
      yield* settle
      assert.deepStrictEqual([leaf.lives, leaf.live], [3, 1])

      for (const path of ["nowhere", "branch/leaf/more", "leaf", ""]) {
        assert.deepInclude(yield* Effect.flip(tree.stop(path)), { _tag: "NodeNotFound", path })
      }
      assert.strictEqual((yield* Effect.flip(tree.node("nowhere")))._tag, "NodeNotFound")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("what is below a stopped branch takes no orders, and is shown as stopped", () =>
    Effect.gen(function* () {
      const leaf = make("leaf")
      yield* Supervisor.make({ children: [NestedSupervisor.spec("branch", { children: [leaf.spec()] })] })
      const tree = yield* SupervisionTree.SupervisionTree
      yield* tree.stop("branch")
      assert.strictEqual((yield* tree.node("branch/leaf")).status, "stopped")
      assert.strictEqual((yield* Effect.flip(tree.start("branch/leaf")))._tag, "NodeNotFound")
      yield* tree.start("branch")
      assert.strictEqual((yield* tree.node("branch/leaf")).status, "ready")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("changes begin with the tree as it is, and join what a slow reader missed", () =>
    Effect.gen(function* () {
      const child = make("a")
      const supervisor = yield* Supervisor.make({ children: [child.spec()] })
      const tree = yield* SupervisionTree.SupervisionTree
      yield* settle
      const seen: Array<number> = []
      const reading = yield* tree.changes.pipe(
        Stream.take(3),
        Stream.tap((picture) => Effect.sync(() => seen.push(picture.version))),
        Stream.mapEffect((picture) => Effect.as(Effect.sleep("1 second"), picture)),
        Stream.runCollect,
        Effect.fork
      )
      yield* settle
      for (let n = 0; n < 50; n++)
        yield* child.end(Effect.dieMessage("boom")).pipe(Effect.zipRight(supervisor.start("a")))
      yield* supervisor.stop("a")
      yield* pass("1 second")
      yield* pass("1 second")
      assert.strictEqual(seen.length, 2)
      yield* supervisor.start("a")
      yield* pass("1 second")
      const pictures = Chunk.toReadonlyArray(yield* Fiber.join(reading))
      assert.deepStrictEqual(
        pictures.map((picture) => picture.nodes[1]?.status),
        ["ready", "stopped", "ready"]
      )
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("a picture and an event survive their encoding", () =>
    Effect.gen(function* () {
      const child = make("a")
      yield* Supervisor.make({
        children: [child.spec({ backoff: Schedule.spaced("1 minute"), progress: { within: "1 hour", restart: false } })]
      })
      const tree = yield* SupervisionTree.SupervisionTree
      yield* settle
      yield* child.end(Effect.fail("gone"))
      const picture = yield* tree.get
      const json = JSON.parse(JSON.stringify(yield* Schema.encode(TreeStatus)(picture)))
      const decoded = yield* Schema.decodeUnknown(TreeStatus)(json)
      assert.deepStrictEqual(JSON.parse(JSON.stringify(yield* Schema.encode(TreeStatus)(decoded))), json)
      assert.deepInclude(decoded.nodes[1], { path: "a", status: "backing-off", reason: "failure" })
      assert.strictEqual(json.nodes[1].until, "1970-01-01T00:01:00.000Z")
      const events = yield* tree.events.pipe(Stream.take(3), Stream.runCollect)
      for (const event of events) yield* Schema.encode(LifecycleEventSchema)(event)
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("events tell the story in order, to the hook too, and a hook that throws does no harm", () => {
    const told: Array<LifecycleEvent> = []
    return Effect.gen(function* () {
      const child = make("a", { teardown: "10 seconds" })
      const supervisor = yield* Supervisor.make({
        children: [
          child.spec({
            intensity: { maxRestarts: 1, within: "1 hour" },
            onIntensity: "quarantine",
            shutdown: "1 second",
            progress: { within: "1 minute", restart: false }
          })
        ]
      })
      yield* settle
      yield* child.end(Effect.fail("gone"))
      yield* pass("10 seconds")
      yield* pass("1 minute")
      yield* child.end(Effect.fail("gone"))
      yield* pass("10 seconds")
      yield* supervisor.start("a")
      yield* Effect.fork(supervisor.stop("a"))
      yield* pass("1 second")

      const expected = [
        "started",
        "ready",
        "abandoned",
        "crashed",
        "restarted",
        "ready",
        "degraded",
        "abandoned",
        "crashed",
        "quarantined",
        "started",
        "ready",
        "abandoned"
      ]
      const tree = yield* SupervisionTree.SupervisionTree
      const events = yield* tree.events.pipe(Stream.take(expected.length), Stream.runCollect)
      assert.deepStrictEqual(
        Chunk.toReadonlyArray(events).map((event) => event.type),
        expected
      )
      assert.deepStrictEqual(
        told.map((event) => event.type),
        expected
      )
      assert.include(told[3]?.cause, "gone")
    }).pipe(
      Effect.provide(
        SupervisionTree.layerWith({
          onEvent: (event) => {
            told.push(event)
            throw new Error("hook")
          }
        })
      )
    )
  })

  it.scoped("events are bounded: a late reader gets the newest", () =>
    Effect.gen(function* () {
      const child = make("a")
      yield* Supervisor.make({ children: [child.spec({ intensity: { maxRestarts: 1_000, within: "1 hour" } })] })
      yield* settle
      for (let n = 0; n < 30; n++) yield* child.end(Effect.dieMessage("boom"))
      const tree = yield* SupervisionTree.SupervisionTree
      const events = yield* tree.events.pipe(Stream.take(8), Stream.runCollect)
      assert.strictEqual(Chunk.unsafeLast(events).restarts, 30)
    }).pipe(Effect.provide(SupervisionTree.layerWith({ eventCapacity: 8 })))
  )

  it.scoped("has room for one root supervisor at a time", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(Supervisor.make({}))
      yield* Supervisor.make({})
      const exit = yield* Effect.exit(Supervisor.make({}))
      assert.include(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", "root supervisor already")
    }).pipe(Effect.provide(SupervisionTree.layer))
  )
})
