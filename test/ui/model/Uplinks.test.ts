import { NodeStatus, type NodeState } from "../../../src/actor/NodeStatus.js"
import type { UplinkStatus } from "../../../src/domain/Uplink.js"
import { inFlightOf, nextTry, standingOf, troubleOf, uplinksOf } from "../../../src/ui/model/Uplinks.js"
import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"

const stats = {
  name: "office",
  waiting: 5,
  in_flight: 0,
  set_aside: 0,
  delivered: 7,
  oldest_at: null,
  last_delivered_at: null
}

const status: UplinkStatus = {
  ...stats,
  use: "tenta",
  state: "connected",
  connected_since: 90,
  next_try_at: null,
  in_flight: 3,
  connections: 2,
  last_error: null
}

const node = (state: NodeState, lastCause?: string) =>
  new NodeStatus({
    id: "office",
    path: "uplinks/office",
    kind: "worker",
    status: state,
    restarts: 0,
    since: DateTime.unsafeMake(5_000),
    ...(lastCause === undefined ? {} : { lastCause })
  })

const uplink = (changes: Partial<UplinkStatus> = {}, tree: NodeStatus | undefined = node("ready")) => {
  const [one] = uplinksOf([stats], [{ ...status, ...changes }], tree === undefined ? [] : [tree])
  assert.isDefined(one)
  return one
}

describe("an uplink", () => {
  it("is what the queue, its connection and the tree know of one name", () => {
    const [office, spare] = uplinksOf([stats, { ...stats, name: "spare" }], [status], [node("ready")])
    assert.strictEqual(office?.status?.use, "tenta")
    assert.strictEqual(office?.node?.path, "uplinks/office")
    assert.deepStrictEqual([spare?.status, spare?.node], [undefined, undefined])
    assert.strictEqual(spare === undefined ? undefined : inFlightOf(spare), 0)
    assert.strictEqual(inFlightOf(uplink()), 3)
  })

  it("stands as its connection does while it works, else as the tree says", () => {
    assert.deepStrictEqual(standingOf(uplink()), { of: "link", state: "connected" })
    assert.deepStrictEqual(standingOf(uplink({ state: "connecting" }, node("degraded"))), {
      of: "link",
      state: "connecting"
    })
    assert.deepStrictEqual(standingOf(uplink({ state: "stopped" }, node("quarantined"))), {
      of: "node",
      state: "quarantined"
    })
    assert.deepStrictEqual(standingOf(uplink({}, node("stopping"))), { of: "node", state: "stopping" })
    assert.deepStrictEqual(standingOf({ ...uplink(), node: undefined }), { of: "nothing" })
  })

  it("says when it is tried again, only while it waits for that", () => {
    const waiting = uplink({ state: "waiting", connected_since: null, next_try_at: 100 })
    assert.strictEqual(nextTry(waiting, 87_600), "next try in 13 s")
    assert.strictEqual(nextTry(waiting, 99_999), "next try in 1 s")
    assert.strictEqual(nextTry(waiting, 100_000), "tries again")
    assert.isUndefined(nextTry(uplink({ next_try_at: 100 }), 0))
  })

  it("tells its last error: one that holds, or one that is over", () => {
    const last_error = { at: 12.5, message: "connection refused" }
    assert.isUndefined(troubleOf(uplink()))
    assert.deepStrictEqual(troubleOf(uplink({ state: "waiting", last_error })), {
      text: "connection refused",
      at: 12_500,
      holds: true
    })
    assert.strictEqual(troubleOf(uplink({ state: "connecting", last_error }))?.holds, true)
    assert.strictEqual(troubleOf(uplink({ last_error }))?.holds, false)
    assert.strictEqual(troubleOf(uplink({ state: "stopped", last_error }, node("quarantined")))?.holds, true)
    assert.strictEqual(troubleOf({ ...uplink({ state: "stopped", last_error }), node: undefined })?.holds, false)
  })

  it("tells what the tree knows where nothing else is known", () => {
    const failed = uplink({ state: "stopped" }, node("failed", "no such host\n  at open"))
    assert.deepStrictEqual(troubleOf(failed), { text: "no such host", at: undefined, holds: true })
    assert.isUndefined(troubleOf(uplink({}, node("ready", "an old cause"))))
  })
})
