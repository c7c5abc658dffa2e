/** What a version on trial is judged by. */
import { assert, describe, it } from "@effect/vitest"
import { Context, DateTime, Effect, Layer } from "effect"
import { type NodeState, NodeStatus, TreeStatus } from "../../src/actor/NodeStatus.js"
import * as SupervisionTree from "../../src/actor/SupervisionTree.js"
import { ConfigFile } from "../../src/app/ConfigFile.js"
import * as Updates from "../../src/app/Updates.js"
import type { MessageInput } from "../../src/domain/Message.js"
import { MessageId } from "../../src/domain/Outbox.js"
import { SiteOperations } from "../../src/operations/SiteOperations.js"
import { ServerUnreachable } from "../../src/operations/Unreachable.js"
import { Outbox } from "../../src/outbox/Outbox.js"
import { Vitals } from "../../src/update/Vitals.js"
import { Uplinks } from "../../src/uplink/Uplinks.js"
import * as ConfigSite from "./ConfigSite.js"

interface Hand {
  /** Why no event can be accepted; undefined where the site can't be asked. */
  reasons: ReadonlyArray<string> | undefined
  nodes: Readonly<Record<string, NodeState>>
  /** Whether an uplink stands by which requests can come in, and what it has confirmed. */
  receiving: boolean
  confirmed: number
  /** What was put into the outbox. */
  readonly put: Array<MessageInput>
}

const judged = (
  title: string,
  body: (
    complaints: Effect.Effect<ReadonlyArray<string>>,
    hand: Hand
  ) => Effect.Effect<void, unknown, Layer.Layer.Success<ReturnType<typeof ConfigSite.layer>>>
) =>
  it.scopedLive(title, () =>
    Effect.gen(function* () {
      const hand: Hand = { reasons: [], nodes: {}, receiving: false, confirmed: 0, put: [] }
      const tree = yield* SupervisionTree.make()
      const layer = Updates.vitals.pipe(
        Layer.provide(
          Layer.mergeAll(
            Layer.mock(SiteOperations, {
              ready: Effect.suspend(() => {
                const { reasons } = hand
                if (reasons === undefined)
                  return new ServerUnreachable({ url: "http://127.0.0.1:1", reason: "refused" })
                return Effect.succeed({ ready: reasons.length === 0, runActive: false, version: "1.0.0", reasons })
              })
            }),
            Layer.succeed(SupervisionTree.SupervisionTree, {
              ...tree,
              get: Effect.sync(() => new TreeStatus({ version: 0, nodes: Object.entries(hand.nodes).map(nodeOf) }))
            }),
            Layer.mock(Uplinks, {
              receiving: Effect.sync(() => hand.receiving),
              confirmed: Effect.sync(() => hand.confirmed)
            }),
            Layer.mock(Outbox, {
              put: (input) => Effect.sync(() => MessageId.make(hand.put.push(input)))
            })
          )
        )
      )
      const { complaints } = Context.get(yield* Layer.build(layer), Vitals)
      yield* body(complaints, hand)
    }).pipe(Effect.provide(ConfigSite.layer("general: { name: roof }\n")))
  )

const nodeOf = ([path, status]: readonly [string, NodeState]) =>
  new NodeStatus({ id: path, path, kind: "worker", status, restarts: 0, since: DateTime.unsafeMake(0) })

const silence = "no message was confirmed over an uplink that takes requests"

describe("a version on trial", () => {
  judged(
    "that accepts events with its config in force is well, where it has no uplink to be reached by",
    (complaints) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* complaints, [])
      })
  )

  judged("is not well while events can't be accepted, or nobody can tell", (complaints, hand) =>
    Effect.gen(function* () {
      hand.reasons = ["the disk is full"]
      assert.deepStrictEqual(yield* complaints, ["the disk is full"])
      hand.reasons = undefined
      assert.deepStrictEqual(yield* complaints, ["it can't be asked"])
      hand.reasons = []
      assert.deepStrictEqual(yield* complaints, [])
    })
  )

  judged("is not well while its config is not in force", (complaints) =>
    Effect.gen(function* () {
      yield* ConfigSite.writeDisk("general: { nonsense: 1 }\n")
      yield* (yield* ConfigFile).refresh
      const [one = "", ...others] = yield* complaints
      assert.include(one, "general.nonsense")
      assert.deepStrictEqual(others, [])
      yield* ConfigSite.writeDisk("general: { name: mast }\n")
      yield* (yield* ConfigFile).refresh
      assert.deepStrictEqual(yield* complaints, [])
    })
  )

  judged("answers for its server and its uplinks, and not for instruments", (complaints, hand) =>
    Effect.gen(function* () {
      hand.nodes = {
        http: "quarantined",
        uplinks: "ready",
        "uplinks/office": "degraded",
        "uplinks/spare": "stopped",
        "procedures/pump": "quarantined",
        "uplinks-of-mine": "failed"
      }
      assert.deepStrictEqual(yield* complaints, ["http is quarantined", "uplinks/office is degraded"])
    })
  )

  judged(
    "ivy 12: backend connection: is not well before a message was confirmed, and puts one that can be",
    (complaints, hand) =>
      Effect.gen(function* () {
        hand.receiving = true
        assert.deepStrictEqual(yield* complaints, [silence])
        assert.deepStrictEqual(yield* complaints, [silence])
        yield* Effect.repeat(Effect.sleep("5 millis"), { until: () => hand.put.length > 0, times: 2_000 })
        hand.confirmed = 1
        assert.deepStrictEqual(yield* complaints, [])
        assert.deepStrictEqual(
          hand.put.map(({ body }) => body.variant === "log" && body.subject.includes("is on trial")),
          [true]
        )
      })
  )
})
