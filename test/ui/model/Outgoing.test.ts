import {
  deliveredOf,
  excerpt,
  fullness,
  kindOf,
  oldestOf,
  queueWords,
  setAsideOf
} from "../../../src/ui/model/Outgoing.js"
import { assert, describe, it } from "@effect/vitest"

const uplink = (name: string, set_aside: number, delivered: number) => ({
  name,
  waiting: 5,
  in_flight: 0,
  set_aside,
  delivered,
  oldest_at: null,
  last_delivered_at: null
})

const stats = {
  messages: 10,
  bytes: 600,
  max_messages: 100,
  max_bytes: 1_000,
  dropped: 0,
  expired: 0,
  oldest_at: 12.5,
  stopped: false,
  uplinks: [uplink("office", 3, 40), uplink("spare", 1, 2)]
}

describe("a message", () => {
  it("says on one line what it is", () => {
    const data = { body: { variant: "data", data: { wind: 4.2000001, on: 1 } } }
    assert.deepStrictEqual([kindOf(data), excerpt(data)], ["data", "wind: 4.2, on: 1"])
    const log = { body: { variant: "log", level: "ERROR", subject: "pump - ERROR - no water", body: "" } }
    assert.deepStrictEqual([kindOf(log), excerpt(log)], ["log", "pump - ERROR - no water"])
    const config = { body: { variant: "config", status: "accepted", config: { general: {}, http: {} } } }
    assert.deepStrictEqual([kindOf(config), excerpt(config)], ["config", "accepted: general, http"])
  })

  it("is shown as it is where it can't be read", () => {
    assert.deepStrictEqual(
      [kindOf({ body: "\u0001garbage" }), excerpt({ body: "\u0001garbage" })],
      ["unreadable", "\u0001garbage"]
    )
    assert.strictEqual(kindOf({ body: null }), "unreadable")
  })
})

describe("the figures of the outbox", () => {
  it("are those of all uplinks, or of one", () => {
    assert.deepStrictEqual([setAsideOf(stats, undefined), setAsideOf(stats, "spare")], [4, 1])
    assert.deepStrictEqual([deliveredOf(stats, undefined), deliveredOf(stats, "office")], [42, 40])
    assert.strictEqual(setAsideOf(stats, "nobody"), 0)
  })

  it("tell the nearer of the two limits, and when the oldest was made", () => {
    assert.strictEqual(fullness(stats), 0.6)
    assert.strictEqual(fullness({ ...stats, bytes: 0 }), 0.1)
    assert.strictEqual(fullness({ ...stats, max_bytes: 0, max_messages: 0 }), 0)
    assert.strictEqual(oldestOf(stats), 12_500)
    assert.isUndefined(oldestOf({ oldest_at: null }))
  })

  it("say in a few words what stands in the queue", () => {
    assert.strictEqual(queueWords(stats), "10 messages, 600 B")
    assert.strictEqual(queueWords({ ...stats, messages: 1, stopped: true }), "1 message, 600 B, stopped")
    assert.strictEqual(queueWords({ ...stats, messages: 4, oldest_at: null }), "4 set aside")
    assert.strictEqual(queueWords({ ...stats, messages: 0, oldest_at: null }), "nothing waits")
    assert.strictEqual(queueWords({ ...stats, messages: 0, oldest_at: null, uplinks: [] }), "no uplink")
  })
})
