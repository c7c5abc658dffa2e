import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { WorkAssignment } from "../../../src/assignment/WorkAssignment.js"
import { Distribution } from "../../../src/ingest/controller/Distribution.js"
import * as ScanPlan from "../../../src/ingest/controller/ScanPlan.js"
import { TriggerMap, VirtualWorker } from "../../../src/ingest/controller/TriggerMap.js"

const Vector = Schema.Struct({
  name: Schema.String,
  ...TriggerMap.fields,
  all_wrap: Schema.Boolean,
  workers: Schema.Record({ key: Schema.String, value: Schema.Array(Schema.String) }),
  horizon: Schema.Int,
  total_events: Schema.Int,
  min_workers: Schema.Int,
  steps: Schema.Array(
    Schema.Struct({
      worker: Schema.String,
      completed: Schema.Int,
      assigned_virtual: Schema.Array(VirtualWorker),
      complete_events: Schema.Int,
      published: Schema.Array(WorkAssignment)
    })
  )
})
const vectors = Schema.decodeUnknownSync(Schema.parseJson(Schema.Array(Vector)))(
  readFileSync(join(import.meta.dirname, "../../fixtures/dranspose/mapping_vectors.json"), "utf8")
)

const planOf = (map: TriggerMap, allWrap = true) => Either.getOrThrow(ScanPlan.make(map, allWrap))
const one = (constraint: number | null, ...tags: ReadonlyArray<string>) => ({
  tags: tags.length === 0 ? ["generic"] : tags,
  constraint
})
const all = Number.POSITIVE_INFINITY

describe("the algorithm, step by step as the field's own controller does it", () => {
  for (const vector of vectors) {
    it(vector.name, () => {
      const plan = planOf(vector, vector.all_wrap)
      assert.strictEqual(plan.totalEvents, vector.total_events)
      assert.strictEqual(plan.minWorkers, vector.min_workers)
      const distribution = new Distribution(plan, { horizon: vector.horizon, future: 10_000 })
      for (const [name, tags] of Object.entries(vector.workers)) distribution.enter({ name, tags }, true)
      for (const [index, step] of vector.steps.entries()) {
        const given = distribution.assign(step.worker, step.completed)
        const issued = distribution.issue(all).map(({ assignment }) => assignment)
        assert.deepStrictEqual(
          { given, front: distribution.front, issued },
          { given: step.assigned_virtual, front: step.complete_events, issued: step.published },
          `step ${index}`
        )
      }
    })
  }
})

describe("sequences", () => {
  it("ten thousand repeats of a part are held only where they are open", () => {
    const repeats = 10_000
    const plan = planOf(
      { parts: { p: { a: [[one(0)], [one(1)]] } }, sequence: Array.from({ length: repeats }, () => "p") },
      false
    )
    assert.strictEqual(new Set(plan.sequence).size, 1)
    const distribution = new Distribution(plan)
    for (const name of ["w1", "w2"]) distribution.enter({ name, tags: ["generic"] }, true)
    let most = 0
    let events = 0
    for (let turn = 0; events < plan.totalEvents; turn++) {
      distribution.assign(turn % 2 === 0 ? "w1" : "w2", Math.max(0, events - 1))
      const issued = distribution.issue(all)
      for (const { assignment } of issued) if (assignment.event_number === events) events++
      most = Math.max(most, distribution.held)
      if (turn > 3 * repeats) assert.fail(`stuck at ${events}`)
    }
    assert.isAtMost(most, 3)
    assert.isAtMost(distribution.assignment().length, 110)
  })

  it("a worker that nothing near fits is put off, and taken when a part for it comes near", () => {
    const near = { a: Array.from({ length: 3 }, (_, event) => [one(event)]) }
    const plan = planOf(
      { parts: { near, far: { a: [[one(0, "rare")]] } }, sequence: [...Array(6).fill("near"), "far"] },
      false
    )
    const distribution = new Distribution(plan, { horizon: 5, future: 4 })
    distribution.enter({ name: "w", tags: ["generic"] }, true)
    distribution.enter({ name: "rare", tags: ["rare"] }, true)
    assert.deepStrictEqual(distribution.assign("rare", 0), [])
    assert.isBelow(distribution.held, 7)
    const events = []
    for (let turn = 0; turn < 30; turn++) {
      distribution.assign("w", 0)
      events.push(...distribution.issue(all))
    }
    assert.strictEqual(events.length, 19)
    assert.deepStrictEqual(events[18]?.assignment.assignments, { a: ["rare"] })
  })

  it("parts without any worker in them do not hold up what follows", () => {
    const plan = planOf(
      { parts: { none: { a: [null, []] }, some: { a: [[one(1)]] } }, sequence: ["none", "none", "some", "none"] },
      false
    )
    const distribution = new Distribution(plan)
    distribution.enter({ name: "w", tags: ["generic"] }, true)
    distribution.assign("w", 0)
    const first = distribution.issue(all)
    distribution.assign("w", 4)
    const events = [...first, ...distribution.issue(all)]
    assert.deepStrictEqual(
      events.map(({ assignment }) => assignment),
      [{}, { a: [] }, {}, { a: [] }, { a: ["w"] }, {}, { a: [] }].map((assignments, event_number) => ({
        event_number,
        assignments
      }))
    )
  })
})

describe("workers that come and go", () => {
  const twoBatches = planOf(
    { parts: { p: { a: Array.from({ length: 10 }, (_, event) => [one(event < 6 ? 0 : 1)]) } }, sequence: ["p"] },
    false
  )
  const begun = (plan: ScanPlan.ScanPlan, ...names: ReadonlyArray<string>) => {
    const distribution = new Distribution(plan)
    for (const name of names) distribution.enter({ name, tags: ["generic"] }, true)
    return distribution
  }

  it("what was not handed out yet is given to another one", () => {
    const distribution = begun(twoBatches, "w1", "w2")
    distribution.assign("w1", 0)
    assert.strictEqual(distribution.issue(2).length, 2)
    distribution.leave("w1", "reopen")
    assert.strictEqual(distribution.front, 2)
    assert.deepStrictEqual(distribution.issue(all), [])
    distribution.assign("w2", 0)
    const rest = distribution.issue(all)
    assert.deepStrictEqual(
      rest.map(({ assignment, moved, severed }) => [assignment.event_number, assignment.assignments.a, moved, severed]),
      [2, 3, 4, 5].map((event) => [event, ["w2"], true, false])
    )
  })

  it("or stays nobody's as far as it was resolved; the rest of the part is free", () => {
    const plan = planOf(
      {
        parts: { p: { a: [[one(0)], [one(0)], [one(0), one(1)], [one(0)]] } },
        sequence: ["p"]
      },
      false
    )
    const distribution = begun(plan, "w1", "w2")
    distribution.assign("w1", 0)
    assert.strictEqual(distribution.issue(1).length, 1)
    distribution.leave("w1", "sever")
    assert.deepStrictEqual(
      distribution.issue(all).map(({ assignment, severed }) => [assignment.assignments, severed]),
      [[{ a: [] }, true]]
    )
    distribution.assign("w2", 0)
    distribution.assign("w2", 0)
    assert.deepStrictEqual(
      distribution.issue(all).map(({ assignment, moved, severed }) => [assignment.assignments, moved, severed]),
      [
        [{ a: ["w2"] }, true, false],
        [{ a: ["w2"] }, true, false]
      ]
    )
  })

  it("one that was idle takes what a gone one leaves", () => {
    const plan = planOf({ parts: { p: { a: [[one(0)], [one(0)], [one(0)]] } }, sequence: ["p"] }, false)
    const distribution = begun(plan, "w1", "w2")
    distribution.assign("w1", 0)
    assert.deepStrictEqual(distribution.assign("w2", 0), [])
    distribution.issue(1)
    distribution.leave("w1", "reopen")
    assert.deepStrictEqual(
      distribution.issue(all).map(({ assignment }) => assignment.assignments),
      [{ a: ["w2"] }, { a: ["w2"] }]
    )
  })

  it("dranspose weak point 15: where everybody is asked for, who is gone is not waited for, nor who comes later", () => {
    const plan = planOf({ parts: { p: { a: [[one(null)], [one(null)]] } }, sequence: ["p"] }, false)
    const distribution = begun(plan, "w1", "w2")
    distribution.assign("w1", 0)
    assert.deepStrictEqual(distribution.issue(all), [])
    distribution.enter({ name: "late", tags: ["generic"] }, false)
    distribution.leave("w2", "reopen")
    assert.deepStrictEqual(distribution.issue(all)[0]?.assignment.assignments, { a: ["w1"] })
    distribution.assign("late", 0)
    distribution.assign("w1", 0)
    assert.deepStrictEqual(distribution.issue(all)[0]?.assignment.assignments, { a: ["late", "w1"] })
  })

  it("when all have gone, those that came later are everybody", () => {
    const plan = planOf({ parts: { p: { a: [[one(null)]] } }, sequence: ["p"] }, false)
    const distribution = begun(plan, "w1")
    distribution.enter({ name: "late", tags: ["generic"] }, false)
    distribution.leave("w1", "reopen")
    assert.deepStrictEqual(distribution.issue(all), [])
    distribution.assign("late", 0)
    assert.deepStrictEqual(distribution.issue(all)[0]?.assignment.assignments, { a: ["late"] })
  })
})

it("a search does not go through the remaining events again", () => {
  const events = 100_000
  const plan = planOf({
    parts: { p: { a: Array.from({ length: events }, (_, event) => [one(event)]) } },
    sequence: ["p"]
  })
  const distribution = new Distribution(plan)
  for (const name of ["w1", "w2"]) distribution.enter({ name, tags: ["generic"] }, true)
  // Nothing in the map fits it: each of its reports looks for something.
  distribution.enter({ name: "useless", tags: ["other"] }, true)
  const start = process.cpuUsage()
  let issued = 0
  for (let turn = 0; issued < events + 2; turn++) {
    distribution.assign(turn % 2 === 0 ? "w1" : "w2", Math.max(0, issued - 1))
    distribution.assign("useless", 0)
    issued += distribution.issue(all).length
  }
  const { user } = process.cpuUsage(start)
  assert.isBelow(user / 1_000_000, 5)
})
