import { NodeStatus } from "../../../src/actor/NodeStatus.js"
import type { IngestServices } from "../../../src/operations/IngestServices.js"
import { backlogOf, isConfigured, pathOf, scanOf, servicesOf, streamsOf } from "../../../src/ui/model/Ensemble.js"
import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"

const node = (path: string, more: Partial<NodeStatus> = {}) =>
  new NodeStatus({
    id: path.slice(path.lastIndexOf("/") + 1),
    path,
    kind: "worker",
    status: "ready",
    restarts: 0,
    since: DateTime.unsafeMake(0),
    ...more
  })

const outbox = (name: string, more: Partial<IngestServices["ingesters"][number]["workers"][number]> = {}) => ({
  name,
  connected: true,
  state: "ready" as const,
  queuedMessages: 0,
  queuedBytes: 0,
  sentMessages: 0,
  sentBytes: 0,
  undelivered: 0,
  ...more
})

const ingester = (name: string, workers: IngestServices["ingesters"][number]["workers"]) => ({
  name,
  url: "tcp://localhost:1",
  mapping: "scan-1",
  phase: "forwarding" as const,
  processedEvents: 0,
  eventRate: 0,
  bytes: 0,
  undelivered: 0,
  assignmentsWaiting: 0,
  streams: [],
  workers
})

const worker = {
  name: "one",
  mapping: "scan-1",
  processed: 3,
  rate: 1,
  troubles: 0,
  lastTrouble: null,
  outstanding: 4,
  lost: 0,
  ingesters: ["a"],
  hasReducer: true
}

const told = {
  name: "far",
  service_uuid: "00000000-0000-4000-8000-000000000000",
  mapping_uuid: null,
  dranspose_version: null,
  mapreduce_version: null,
  parameters_hash: null,
  processed_events: 9,
  event_rate: 2,
  ingesters: [],
  tags: ["gpu"]
}

describe("servicesOf", () => {
  const tree = [
    node("ensemble", { kind: "supervisor" }),
    node("ensemble/controller"),
    node("ensemble/worker-two"),
    node("ensemble/worker-one"),
    node("ensemble/worker-one/threads"),
    node("ensemble/ingester-a")
  ]

  it("puts together what is known of each: ours in the order of the tree, then who runs elsewhere", () => {
    const local = { ingesters: [ingester("a", [])], workers: [worker], reducer: null }
    const services = servicesOf(tree, local, { ingesters: [], workers: [told], reducer: null })
    assert.deepStrictEqual(
      services.workers.map(({ local, name, node, told }) => [name, node?.path, local?.processed, told?.event_rate]),
      [
        ["two", "ensemble/worker-two", undefined, undefined],
        ["one", "ensemble/worker-one", 3, undefined],
        ["far", undefined, undefined, 2]
      ]
    )
    assert.strictEqual(services.controller?.node?.path, "ensemble/controller")
    assert.isUndefined(services.reducer)
    assert.strictEqual(scanOf(services), "scan-1")
  })

  it("knows the streams of ingesters anywhere, each once", () => {
    const far = { ...told, url: "tcp://far:1", connected_workers: {}, streams: ["eiger", "pilatus"] }
    const near = { ...far, name: "b", streams: ["eiger"] }
    const services = servicesOf(tree, undefined, { ingesters: [far, near], workers: [], reducer: null })
    assert.deepStrictEqual(streamsOf(services), ["eiger", "pilatus"])
  })

  it("a site without any part of an ensemble is told apart", () => {
    assert.isTrue(isConfigured(tree))
    assert.isFalse(isConfigured([node(""), node("ensemble"), node("http")]))
    assert.strictEqual(pathOf("worker", "one"), "ensemble/worker-one")
    assert.strictEqual(pathOf("reducer", "reducer"), "ensemble/reducer")
  })
})

describe("backlogOf", () => {
  it("adds up what waits before a worker, and says since when it takes nothing", () => {
    const ingesters = [
      { local: ingester("a", [outbox("one", { queuedMessages: 2, queuedBytes: 10, blockedSince: 900 })]) },
      {
        local: ingester("b", [outbox("one", { queuedMessages: 3, queuedBytes: 5, blockedSince: 700 }), outbox("two")])
      },
      { local: undefined }
    ]
    assert.deepStrictEqual(backlogOf({ name: "one", local: worker }, ingesters), {
      events: 4,
      messages: 5,
      bytes: 15,
      blockedSince: 700,
      dropped: false
    })
    assert.isUndefined(backlogOf({ name: "two", local: undefined }, ingesters).events)
    const dropped = [{ local: ingester("a", [outbox("one", { state: "dropped" })]) }]
    assert.isTrue(backlogOf({ name: "one", local: worker }, dropped).dropped)
  })
})
