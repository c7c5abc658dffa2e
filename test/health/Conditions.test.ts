import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration } from "effect"
import { NodeStatus, type NodeState } from "../../src/actor/NodeStatus.js"
import * as Conditions from "../../src/health/Conditions.js"
import { AlarmSettings, DiskAlarm } from "../../src/health/Settings.js"

const node = (path: string, status: NodeState, more: Partial<ConstructorParameters<typeof NodeStatus>[0]> = {}) =>
  new NodeStatus({ id: path, path, kind: "worker", status, restarts: 0, since: DateTime.unsafeMake(0), ...more })

const defaults = new AlarmSettings({})
const gib = 2 ** 30

describe("conditions", () => {
  it("of the tree: what will not come back by itself, and what is silent; not what is between two lives", () => {
    const found = Conditions.ofTree([
      node("", "degraded", { kind: "supervisor" }),
      node("a", "ready"),
      node("b", "backing-off", { reason: "failure" }),
      node("c", "quarantined", { reason: "failure", lastCause: "no such port\n    at open" }),
      node("d", "failed", { reason: "abandoned" }),
      node("e", "degraded", { lastProgress: DateTime.unsafeMake(0) }),
      node("f", "stopped")
    ])
    assert.deepStrictEqual(found, [
      { key: "actor:c", severity: "error", summary: "c is quarantined (failure): no such port" },
      { key: "actor:d", severity: "error", summary: "d is failed (abandoned)" },
      { key: "actor:e", severity: "warning", summary: "e has made no progress since 1970-01-01T00:00:00.000Z" }
    ])
  })

  it("of the disk: below the greater of both limits, and over with a tenth more", () => {
    const of = (free: number, total: number, isRaised = false, disk = new DiskAlarm({})) =>
      Conditions.ofDisk({ free, total }, new AlarmSettings({ disk }), isRaised).map(({ summary }) => summary)
    assert.deepStrictEqual(of(gib - 1, 10 * gib), ["1024 MiB (10.0 %) left on the site's disk"])
    assert.deepStrictEqual(of(gib, 10 * gib), [])
    assert.deepStrictEqual(of(4 * gib, 100 * gib), ["4096 MiB (4.0 %) left on the site's disk"])
    assert.strictEqual(of(1.05 * gib, 10 * gib, true).length, 1)
    assert.strictEqual(of(1.11 * gib, 10 * gib, true).length, 0)
    assert.deepStrictEqual(of(1, 10 * gib, false, new DiskAlarm({ free_bytes: 0, free_percent: 0 })), [])
    assert.deepStrictEqual(of(0, 0), [])
  })

  it("of the clock: a large step, for an hour", () => {
    const of = (by: number, now: number) => Conditions.ofClock({ by, at: 0 }, defaults, now).length
    assert.strictEqual(of(2_000, 0), 0)
    assert.strictEqual(of(2_001, 0), 1)
    assert.strictEqual(of(-5_000, 3_600_000), 1)
    assert.strictEqual(of(-5_000, 3_600_001), 0)
    assert.strictEqual(Conditions.ofClock(undefined, defaults, 0).length, 0)
  })

  it("of queues: each whose oldest message waits for too long", () => {
    const queues = [
      { name: "office", oldest_at: 0 },
      { name: "lab", oldest_at: 3_600 },
      { name: "home", oldest_at: null }
    ]
    assert.deepStrictEqual(Conditions.ofQueues(queues, defaults, 3_600_000), [])
    assert.deepStrictEqual(Conditions.ofQueues(queues, defaults, 5_400_000), [
      { key: "queue:office", severity: "warning", summary: "the oldest message for office has waited 1h 30m" }
    ])
  })

  it("of updates: one that failed, until another ends well; not one that was taken back by order", () => {
    const last = {
      from: null,
      to: "1.2.0",
      begun: "",
      by: "operator",
      ended: "",
      outcome: "rolled-back",
      reason: "Crashed",
      detail: "it crashed 3 times\nlast words"
    } as const
    assert.deepStrictEqual(Conditions.ofUpdate(last), [
      { key: "update", severity: "warning", summary: "the update to 1.2.0 was rolled back: it crashed 3 times" }
    ])
    assert.deepStrictEqual(Conditions.ofUpdate({ ...last, outcome: "healthy", reason: null, detail: null }), [])
    assert.deepStrictEqual(Conditions.ofUpdate({ ...last, reason: "Operator" }), [])
    assert.deepStrictEqual(Conditions.ofUpdate(null), [])
  })

  it("of silence: each type on its own, also one that never came", () => {
    const settings = new AlarmSettings({ silence: { weather: Duration.minutes(1), seeing: Duration.minutes(5) } })
    const last = new Map([["weather", 50_000]])
    const of = (now: number, silent: ReadonlySet<string> = new Set()) =>
      Conditions.ofSilence({ begin: 10_000, lastOf: (type) => last.get(type), silent }, settings, now).map(
        ({ key }) => key
      )
    assert.deepStrictEqual(of(110_000), [])
    assert.deepStrictEqual(of(110_001), ["silence:weather"])
    assert.deepStrictEqual(of(310_001), ["silence:weather", "silence:seeing"])
    // A restart ends no silence, an event does.
    assert.deepStrictEqual(of(60_000, new Set(["silence:weather", "silence:seeing"])), ["silence:seeing"])
  })
})
