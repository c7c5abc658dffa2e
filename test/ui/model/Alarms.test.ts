import { Alarm } from "../../../src/domain/Alarm.js"
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

  it("tells the site's own conditions once, with since when; what the tree has is the tree's", () => {
    const disk = new Alarm({ key: "disk", severity: "error", summary: "90 MiB (0.4 %) left", since: 4_000 })
    const queue = new Alarm({ key: "queue:office", severity: "warning", summary: "waits for 2h", since: 6_000 })
    const actor = new Alarm({ key: "actor:p/x", severity: "error", summary: "p/x is quarantined", since: 5_000 })
    const site = status({
      alarms: [queue, actor, disk],
      reasons: ["p/x is quarantined"],
      tree: [node("p/x", "quarantined")]
    })
    assert.deepStrictEqual(
      alarmsOf(site).map(({ grave, since, title }) => [title, since, grave]),
      [
        ["90 MiB (0.4 %) left", 4_000, true],
        ["p/x is quarantined", 5_000, true],
        ["waits for 2h", 6_000, false]
      ]
    )
    assert.strictEqual(new Set(alarmsOf(site).map(({ key }) => key)).size, 3)
  })

  it("each leads to the page that tells more", () => {
    const alarm = (key: string) => new Alarm({ key, severity: "warning", summary: key, since: 0 })
    const site = status({
      alarms: ["disk", "queue:my office", "silence:wind:gusts", "update"].map(alarm),
      tree: [node("procedures/x", "failed")]
    })
    assert.deepStrictEqual(
      alarmsOf(site).map(({ link }) => link),
      [
        "/app/system?node=procedures%2Fx",
        undefined,
        "/app/outbox?uplink=my+office",
        "/app/telemetry?type=wind%3Agusts",
        "/app/updates"
      ]
    )
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
