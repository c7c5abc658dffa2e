import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import type { EventMessage } from "../../../src/ingest/worker/EventMessage.js"
import { type Lane, Pairing } from "../../../src/ingest/worker/Pairing.js"

const lane = (ingester: string, ...streams: ReadonlyArray<string>): Lane => ({ ingester, streams: new Set(streams) })

const message = (event_number: number, ...streams: ReadonlyArray<string>): EventMessage => ({
  event_number,
  size: streams.length,
  streams: streams.map((name) => [name, { typ: "x", frames: [Buffer.from(`${name}${event_number}`)] }])
})

const assignment = (event_number: number, assignments: Record<string, ReadonlyArray<string>>) => ({
  event_number,
  assignments
})

/** Events as their number with their streams; lost ones with a cross. */
const taken = (pairing: Pairing, limit = 1000) =>
  pairing
    .take(limit)
    .map(({ event, event_number }) =>
      event === undefined ? `${event_number}x` : `${event_number}${Object.keys(event.streams).sort().join("")}`
    )

const reasons = (pairing: Pairing) =>
  pairing.faults().map(({ count, event_number, reason }) => `${reason} ${event_number} ${count}`)

describe("Pairing", () => {
  it("an event is complete with the messages of all ingesters, in the order of the assignments", () => {
    const pairing = new Pairing("w1")
    const [a, b] = [lane("one", "a"), lane("two", "b", "c")]
    pairing.assign([
      assignment(0, { a: ["w1", "w2"], b: ["w1"], c: ["w1"] }),
      assignment(1, { a: ["w2"], b: [] }),
      assignment(2, {}),
      assignment(3, { a: ["w1"] })
    ])
    assert.strictEqual(pairing.outstanding, 2)
    pairing.arrive(a, message(0, "a"))
    pairing.arrive(a, message(3, "a"))
    assert.deepStrictEqual(taken(pairing), [])
    pairing.arrive(b, message(0, "b", "c"))
    assert.deepStrictEqual(taken(pairing), ["0abc", "3a"])
    assert.deepStrictEqual(reasons(pairing), [])
  })

  it("what is meant for another start of the worker is not its own, and is not waited for", () => {
    const [before, now] = ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"]
    const all = [
      assignment(0, { a: ["w1"] }),
      { ...assignment(1, { a: ["w1"], b: ["w1"] }), incarnations: { w1: before } },
      { ...assignment(2, { a: ["w1"] }), incarnations: { w1: now } },
      { ...assignment(3, { a: ["w1", "w2"] }), incarnations: { w2: before } }
    ]
    const again = new Pairing("w1", now)
    again.assign(all)
    assert.strictEqual(again.outstanding, 1)
    const a = lane("one", "a")
    again.arrive(a, message(1, "a"))
    again.arrive(a, message(2, "a"))
    assert.deepStrictEqual(taken(again), ["2a"])
    assert.deepStrictEqual(reasons(again), ["unexpected 1 1"])
    const first = new Pairing("w1")
    first.assign(all)
    assert.strictEqual(first.outstanding, 2)
  })

  it("messages may come before their assignment is known", () => {
    const pairing = new Pairing("w1")
    const a = lane("one", "a")
    pairing.arrive(a, message(0, "a"))
    pairing.arrive(a, message(2, "a"))
    pairing.assign([assignment(0, { a: ["w1"] }), assignment(1, {}), assignment(2, { a: ["w1"] })])
    assert.deepStrictEqual(taken(pairing), ["0a", "2a"])
  })

  it("an assignment that is known already is passed over", () => {
    const pairing = new Pairing("w1")
    const a = lane("one", "a")
    const both = [assignment(0, { a: ["w1"] }), assignment(1, { a: ["w1"] })]
    pairing.assign(both)
    pairing.arrive(a, message(0, "a"))
    assert.deepStrictEqual(taken(pairing), ["0a"])
    pairing.assign(both)
    pairing.arrive(a, message(1, "a"))
    assert.deepStrictEqual(taken(pairing), ["1a"])
    assert.strictEqual(pairing.outstanding, 0)
  })

  it("an ingester that has gone past an event has lost it: the next ones go on", () => {
    const pairing = new Pairing("w1")
    const [a, b] = [lane("one", "a"), lane("two", "b")]
    pairing.assign([0, 1, 2].map((event) => assignment(event, { a: ["w1"], b: ["w1"] })))
    for (const event of [0, 1, 2]) pairing.arrive(a, message(event, "a"))
    pairing.arrive(b, message(0, "b"))
    pairing.arrive(b, message(2, "b"))
    assert.deepStrictEqual(taken(pairing), ["0ab", "1x", "2ab"])
    assert.deepStrictEqual(reasons(pairing), ["missing 1 1"])
  })

  it("a repeated and an unassigned message are told and dropped", () => {
    const pairing = new Pairing("w1")
    const a = lane("one", "a")
    pairing.assign([assignment(0, { a: ["w1"] }), assignment(1, { a: ["w2"] }), assignment(2, { a: ["w1"] })])
    for (const event of [0, 0, 1, 2]) pairing.arrive(a, message(event, "a"))
    assert.deepStrictEqual(taken(pairing), ["0a", "2a"])
    assert.deepStrictEqual(reasons(pairing), ["repeated 0 1", "unexpected 1 1"])
  })

  it("what is left of an earlier scan is told by its number going back", () => {
    const pairing = new Pairing("w1")
    const a = lane("one", "a")
    pairing.arrive(a, message(37, "a"))
    pairing.arrive(a, message(38, "a"))
    pairing.arrive(a, message(0, "a"))
    pairing.assign([0, 37].map((event) => assignment(event, { a: ["w1"] })))
    pairing.arrive(a, message(37, "a"))
    assert.deepStrictEqual(
      pairing.take(10).map(({ event }) => event?.streams["a"]?.frames.map(String)),
      [["a0"], ["a37"]]
    )
    assert.deepStrictEqual(reasons(pairing), ["stale 37 2"])
  })

  it("a connection is full at its bound, and has room again when events are taken", () => {
    const pairing = new Pairing("w1")
    const a = lane("one", "a")
    pairing.assign(Array.from({ length: 1024 }, (_, event) => assignment(event, { a: ["w1"] })))
    for (let event = 0; event < 1024; event++) {
      assert.isFalse(pairing.isFull(a))
      pairing.arrive(a, message(event, "a"))
    }
    assert.isTrue(pairing.isFull(a))
    assert.strictEqual(taken(pairing, 1).length, 1)
    assert.isFalse(pairing.isFull(a))
  })

  it("whatever is dropped and however messages interleave, every event comes out once, in order, whole or lost", () => {
    const scan = FastCheck.array(
      FastCheck.record({
        mine: FastCheck.subarray(["a", "b", "c"]),
        dropped: FastCheck.subarray(["one", "two"]),
        repeated: FastCheck.boolean()
      }),
      { minLength: 1, maxLength: 60 }
    )
    const property = FastCheck.property(scan, FastCheck.infiniteStream(FastCheck.nat(3)), (events, turns) => {
      const pairing = new Pairing("w1")
      const lanes = [lane("one", "a"), lane("two", "b", "c")]
      const sent = lanes.map(({ ingester, streams }) =>
        events.flatMap(({ dropped, mine, repeated }, event) => {
          const share = mine.filter((stream) => streams.has(stream))
          if (share.length === 0 || (dropped.includes(ingester) && event < events.length - 1)) return []
          return repeated ? [message(event, ...share), message(event, ...share)] : [message(event, ...share)]
        })
      )
      const assignments = events.map(({ mine }, event) =>
        assignment(event, Object.fromEntries(mine.map((stream) => [stream, ["w1"]])))
      )
      const out: Array<string> = []
      while (assignments.length > 0 || sent.some((messages) => messages.length > 0)) {
        const turn = turns.next().value ?? 0
        if (turn >= 2) {
          pairing.assign(assignments.splice(0, 1 + (turns.next().value ?? 0)))
        } else {
          const [at, next] = [lanes[turn], sent[turn]?.shift()]
          if (at !== undefined && next !== undefined) pairing.arrive(at, next)
        }
        if ((turns.next().value ?? 0) === 0) out.push(...taken(pairing, 3))
      }
      out.push(...taken(pairing))

      // Only what the last message of its ingester does not vouch for may still be waiting.
      const wanted = events.flatMap(({ dropped, mine }, event) => {
        if (mine.length === 0) return []
        const lost = lanes.some(
          ({ ingester, streams }) =>
            event < events.length - 1 && dropped.includes(ingester) && mine.some((stream) => streams.has(stream))
        )
        return [lost ? `${event}x` : `${event}${mine.join("")}`]
      })
      assert.deepStrictEqual(out, wanted.slice(0, out.length))
      const lastWhole = Math.max(-1, ...wanted.map((text, index) => (text.endsWith("x") ? -1 : index)))
      if (events.at(-1)?.mine.length === 3) assert.strictEqual(out.length, wanted.length)
      assert.isAtLeast(
        out.length,
        wanted.slice(0, lastWhole + 1).some((text) => text.endsWith("x")) ? 0 : lastWhole + 1
      )
      assert.strictEqual(pairing.outstanding, wanted.length - out.length)
    })
    FastCheck.assert(property, { numRuns: 300 })
  })
})
