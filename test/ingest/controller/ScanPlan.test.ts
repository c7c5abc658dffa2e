import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import { EventRuns } from "../../../src/ingest/controller/EventRuns.js"
import * as ScanPlan from "../../../src/ingest/controller/ScanPlan.js"
import type { TriggerMap } from "../../../src/ingest/controller/TriggerMap.js"

const share = (constraint: number | null, tag = "generic") => ({ tags: [tag], constraint })
const refusal = (map: TriggerMap, allWrap = true) => Either.getOrThrow(Either.flip(ScanPlan.make(map, allWrap)))
const plan = (map: TriggerMap, allWrap = true) => Either.getOrThrow(ScanPlan.make(map, allWrap))

describe("a map", () => {
  it("gets an event at both ends that carries every stream to everybody, by tag", () => {
    const { map, minWorkers, streams, totalEvents } = plan({
      parts: { p: { a: [[share(1)]], b: [null] }, unused: { c: [[share(2, "debug"), share(3)]] } },
      sequence: ["p", "p"]
    })
    const everybody = [[share(null, "debug"), share(null)]]
    assert.deepStrictEqual(map.parts.reserved_start_end, { a: everybody, b: everybody, c: everybody })
    assert.deepStrictEqual(map.sequence, ["reserved_start_end", "p", "p", "reserved_start_end"])
    assert.deepStrictEqual(
      { minWorkers, streams, totalEvents },
      { minWorkers: 2, streams: ["a", "b", "c"], totalEvents: 4 }
    )
  })

  it("stays as it is unless it is wrapped; nothing is an event less", () => {
    assert.strictEqual(plan({ parts: { p: { a: [[], null] } }, sequence: ["p"] }, false).totalEvents, 2)
    assert.strictEqual(plan({ parts: {}, sequence: [] }).totalEvents, 0)
  })

  it("is refused with what is wrong with it, never with an accident", () => {
    const parts = { p: { a: [[share(1)]] } }
    assert.strictEqual(refusal({ parts, sequence: ["p", "q"] }).reason, "part")
    assert.strictEqual(refusal({ parts, sequence: ["toString"] }).reason, "part")
    assert.strictEqual(refusal({ parts: { p: { a: [null], b: [] } }, sequence: ["p"] }).reason, "length")
    assert.strictEqual(refusal({ parts: { p: { "a:b": [null] } }, sequence: ["p"] }).reason, "name")
    assert.strictEqual(refusal({ parts: { "p:q": { a: [null] } }, sequence: [] }).reason, "name")
    assert.strictEqual(refusal({ parts: { reserved_start_end: { a: [null] } }, sequence: [] }).reason, "name")
    assert.strictEqual(plan({ parts: { reserved_start_end: { a: [null] } }, sequence: [] }, false).totalEvents, 0)
  })
})

it("runs of events cost as much as their gaps", () => {
  const runs = new EventRuns()
  for (let event = 0; event < 100_000; event++) runs.add(event)
  runs.addRange(200_000, 299_999)
  runs.addRange(100_000, 199_999)
  assert.strictEqual(runs.count, 300_000)
  assert.deepStrictEqual(runs.ranges(10), [[0, 299_999]])
  runs.add(400_000)
  runs.add(500_000)
  assert.deepStrictEqual(runs.ranges(2), [
    [0, 299_999],
    [400_000, 400_000]
  ])
})
