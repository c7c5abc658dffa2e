import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Fiber, TestClock } from "effect"
import { NodeStatus } from "../../src/actor/NodeStatus.js"
import * as TreeView from "../../src/cli/TreeView.js"
import { CommandLine, layer } from "../support/CommandLine.js"
import { SiteDouble } from "../support/SiteDouble.js"

const plain = (text: string) => text
const style = { bold: plain, dim: plain, good: plain, bad: plain, doubtful: plain }
const common = { since: DateTime.unsafeMake(0), restarts: 0 }

it("a tree is indented, with what is remarkable about each node", () =>
  assert.deepStrictEqual(
    TreeView.lines(
      [
        new NodeStatus({ ...common, id: "", path: "", kind: "supervisor", status: "ready" }),
        new NodeStatus({ ...common, id: "procedures", path: "procedures", kind: "supervisor", status: "ready" }),
        new NodeStatus({
          ...common,
          id: "camera",
          path: "procedures/camera",
          kind: "worker",
          status: "backing-off",
          until: DateTime.unsafeMake(65_000),
          reason: "failure",
          restarts: 3,
          lastCause: "Disconnected: usb\n  at somewhere"
        })
      ],
      60_000,
      style
    ),
    [
      "ACTOR         STATE        SINCE",
      "site          ready        1 min",
      "  procedures  ready        1 min",
      "    camera    backing-off  1 min  again in 5.0 s, failure, 3 restarts, Disconnected: usb"
    ]
  ))

describe("tree", () => {
  it.effect("once, for people and programs", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      yield* TestClock.adjust("90 seconds")
      const { code, out } = yield* line.run(["tree"])
      assert.deepStrictEqual([code, out], [0, "ACTOR      STATE  SINCE\n    clock  ready  1 min\n"])
      assert.strictEqual(JSON.parse((yield* line.run(["tree", "--json"])).out).nodes[0].path, "procedures/clock")
      line.hasServer = false
      assert.strictEqual((yield* line.run(["tree"])).code, 5)
    }).pipe(Effect.provide(layer))
  )

  it.effect("--watch goes on until it is interrupted", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const fiber = yield* Effect.fork(line.run(["tree", "--watch", "--json"]))
      yield* Effect.yieldNow().pipe(Effect.repeat({ until: () => line.last.out !== "" }))
      assert.strictEqual(JSON.parse(line.last.out).nodes.length, 1)
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.provide(layer))
  )
})

describe("actor", () => {
  it.effect("orders a node by its path", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const site = yield* SiteDouble
      assert.strictEqual(
        (yield* line.run(["actor", "restart", "procedures/clock"])).out,
        "restarted procedures/clock (ready)\n"
      )
      assert.deepStrictEqual(JSON.parse((yield* line.run(["actor", "stop", "procedures/clock", "--json"])).out), {
        path: "procedures/clock",
        action: "stop",
        state: "ready"
      })
      assert.deepStrictEqual(site.orders, ["restart procedures/clock", "stop procedures/clock"])
    }).pipe(Effect.provide(layer))
  )

  it.effect("say what there is where a name is wrong", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      assert.strictEqual((yield* line.run(["actor", "stop", "nowhere"])).code, 3)
      assert.strictEqual((yield* line.run(["actor", "stop", "stubborn"])).code, 1)
      assert.strictEqual((yield* line.run(["actor", "stop"])).code, 2)
    }).pipe(Effect.provide(layer))
  )
})
