import { NodeStatus, type NodeState } from "../../../src/actor/NodeStatus.js"
import { SiteStatus } from "../../../src/operations/SiteOperations.js"
import { TelemetryStats } from "../../../src/operations/TelemetryOperations.js"
import { alarmsOf } from "../../../src/ui/model/Alarms.js"
import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"

const node = (path: string, status: NodeState, kind: "worker" | "supervisor" = "worker") =>
  new NodeStatus({
    id: path,
    path,
    kind,
    status,
    restarts: 0,
    since: DateTime.unsafeMake(5_000),
    ...(status === "ready" ? {} : { lastCause: "it broke" })
  })

const status = (changes: Partial<ConstructorParameters<typeof SiteStatus>[0]> = {}, failure?: string) =>
  new SiteStatus({
    version: "1.0.0",
    site: "/site",
    siteName: "site",
    host: "station",
    pid: 1,
    startedAt: 0,
    now: 1,
    ready: true,
    reasons: [],
    alarms: [],
    run: null,
    telemetry: new TelemetryStats({
      seq: { site: 0, run: 0, system: 0 },
      eventsAccepted: 0,
      bytesWritten: 0,
      syncs: 0,
      pendingEvents: 0,
      ...(failure === undefined ? {} : { failure })
    }),
    disk: { free: 1, total: 2 },
    memory: { rss: 3 },
    config: { path: null, error: null },
    tree: [node("", "ready", "supervisor")],
    ...changes
  })

const titles = (site: SiteStatus) => alarmsOf(site).map(({ title }) => title)

describe("alarmsOf", () => {
  it("is silent where nothing is wrong", () => {
    assert.deepStrictEqual(alarmsOf(status({ tree: [node("a", "ready"), node("b", "stopped")] })), [])
  })

  it("tells each thing once: a reason that names a node is that node's alarm", () => {
    const site = status({
      reasons: ["procedures/x is quarantined", "the disk is nearly full"],
      tree: [node("procedures/x", "quarantined")]
    })
    assert.deepStrictEqual(titles(site), ["procedures/x is quarantined", "the disk is nearly full"])
    assert.deepStrictEqual(alarmsOf(site)[0]?.since, 5_000)
    assert.deepStrictEqual(alarmsOf(site)[0]?.cause, "it broke")
  })

  it("a supervisor that is degraded by its child adds nothing", () => {
    const site = status({ tree: [node("p", "degraded", "supervisor"), node("p/x", "backing-off")] })
    assert.deepStrictEqual(titles(site), ["p/x is backing off"])
  })

  it("puts the grave first: what can't be stored, then what warns", () => {
    const site = status(
      { config: { path: "/c", error: "line 3: no" }, tree: [node("a", "degraded")] },
      "no space left on device"
    )
    assert.deepStrictEqual(
      alarmsOf(site).map(({ grave }) => grave),
      [true, false, false]
    )
    assert.strictEqual(titles(site)[0], "Events can't be stored")
  })
})
