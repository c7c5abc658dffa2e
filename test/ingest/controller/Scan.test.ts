import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Either from "effect/Either"
import type { Roster, WorkerState } from "../../../src/assignment/ServiceState.js"
import type { ServiceUpdate, WorkerTimes, WorkerUpdate } from "../../../src/assignment/ServiceUpdate.js"
import { MappingId, type WorkAssignment } from "../../../src/assignment/WorkAssignment.js"
import { Scan } from "../../../src/ingest/controller/Scan.js"
import * as ScanPlan from "../../../src/ingest/controller/ScanPlan.js"
import type { TriggerMap } from "../../../src/ingest/controller/TriggerMap.js"

const mapping = MappingId.make("00000000-0000-4000-8000-000000000001")
const absence = 3_000

const common = {
  dranspose_version: null,
  mapreduce_version: null,
  parameters_hash: null,
  processed_events: 0,
  event_rate: 0
}
const uuidOf = (start: number) => `10000000-0000-4000-8000-${String(start).padStart(12, "0")}`
const workerState = (name: string, tags: ReadonlyArray<string>, start: number): WorkerState => ({
  ...common,
  service_uuid: uuidOf(start),
  mapping_uuid: mapping,
  name,
  ingesters: [],
  tags
})
const roster = (workers: ReadonlyArray<WorkerState>): Roster => ({ ingesters: [], workers, reducer: undefined })

/** Of the stream `a`: who it hears, whom it has given up, and which start of a worker has which name. */
const ingesterState = (
  heard: ReadonlyArray<string>,
  dropped: ReadonlyArray<string>,
  startOfW2 = 2
): Roster["ingesters"][number] => ({
  ...common,
  service_uuid: uuidOf(100),
  mapping_uuid: mapping,
  name: "i",
  url: "inproc://i",
  streams: ["a"],
  connected_workers: Object.fromEntries(
    heard.map((name) => {
      const service_uuid = uuidOf(name === "w1" ? 1 : startOfW2)
      return [service_uuid, { name, service_uuid, last_seen: 0 }]
    })
  ),
  ...(dropped.length === 0 ? {} : { dropped_workers: dropped })
})
const namesOf = (assignments: ReadonlyArray<WorkAssignment>) => assignments.map(({ assignments }) => assignments["a"])

const scanOf = (
  map: TriggerMap,
  onWorkerLoss: "reassign" | "lose" = "reassign",
  outstanding = 10_000,
  allWrap = true
) =>
  new Scan({
    mapping,
    plan: Either.getOrThrow(ScanPlan.make(map, allWrap)),
    onWorkerLoss,
    outstanding,
    absence,
    resultsPatience: 60_000,
    startedAt: 0
  })

const report = (
  worker: string,
  state: "ready" | "idle" | "finished",
  completed: ReadonlyArray<number> = [],
  hasResult = false,
  processing_times: WorkerTimes | null = null
): WorkerUpdate => ({
  state,
  source: "worker",
  worker,
  completed,
  has_result: completed.map(() => hasResult),
  processing_times
})
const reduced = (worker: string, completed: number): ServiceUpdate => ({
  state: "idle",
  source: "reducer",
  worker,
  completed
})

const share = (constraint: number | null, tag = "generic") => ({ tags: [tag], constraint })
const batches = (events: number, batch: number): TriggerMap => ({
  parts: { p: { a: Array.from({ length: events }, (_, event) => [share(Math.floor(event / batch))]) } },
  sequence: ["p"]
})
const two = roster([workerState("w1", ["generic"], 1), workerState("w2", ["generic"], 2)])

const sum = (scan: Scan) => {
  const { lost, processed, reassigned } = scan.progress()
  return processed + reassigned + lost
}

describe("bookkeeping", () => {
  const begun = (map: TriggerMap) => {
    const scan = scanOf(map, "reassign", 10_000, false)
    scan.begin(two)
    scan.take(report("w1", "ready"))
    scan.issue()
    return scan
  }

  it("what is reported twice, early, or by another worker changes nothing", () => {
    const scan = begun(batches(4, 4))
    scan.take(report("w2", "idle", [0, 1]))
    scan.take(report("w1", "idle", [0]))
    scan.take(report("w1", "idle", [0, 0, 7, 99]))
    assert.deepInclude(scan.progress(), { completed_events: 1, processed: 1, last_assigned: 4 })
    scan.take(report("w1", "idle", [3, 1, 2]))
    assert.deepStrictEqual(scan.status().completed_events, [0, 3, 1, 2])
    assert.isTrue(scan.complete)
  })

  it("an event of which nothing came to its worker is lost, though the worker is done with it", () => {
    const scan = begun(batches(4, 4))
    scan.take({ ...report("w1", "idle", [0, 1, 2, 3]), lost: [1, 2] })
    assert.deepInclude(scan.progress(), { processed: 2, lost: 2 })
    assert.isTrue(scan.complete)
  })

  it("waits for the results that were announced, in whichever order they are told", () => {
    const scan = begun(batches(3, 3))
    scan.take(reduced("w1", 1))
    scan.take(report("w1", "idle", [0, 1, 2], true))
    assert.isFalse(scan.complete)
    scan.take(reduced("w1", 0))
    assert.isFalse(scan.complete)
    scan.take(reduced("w1", 2))
    assert.isTrue(scan.complete)
  })

  it("does not wait for results of a worker that is gone", () => {
    const scan = begun(batches(2, 2))
    scan.take(report("w1", "idle", [0, 1], true))
    scan.observe(roster([workerState("w2", ["generic"], 2)]), 0)
    assert.isFalse(scan.complete)
    scan.observe(roster([workerState("w2", ["generic"], 2)]), absence)
    assert.isTrue(scan.complete)
    assert.deepInclude(scan.progress(), { processed: 2, lost: 0 })
  })

  it("a worker that an ingester has given up owes nothing any more, and what was to be its own goes to others", () => {
    const scan = scanOf(batches(8, 2), "reassign", 2, false)
    scan.begin(two)
    scan.take(report("w1", "ready"))
    scan.take(report("w2", "ready"))
    scan.issue()
    scan.take(report("w1", "idle", [0, 1]))
    assert.deepStrictEqual(namesOf(scan.issue()), [["w2"], ["w2"]])
    const { left } = scan.observe({ ...two, ingesters: [ingesterState(["w1", "w2"], ["w2"])] }, 0)
    assert.deepStrictEqual(left, ["w2"])
    assert.deepInclude(scan.progress(), { processed: 2, lost: 2 })
    const joined = scan.observe({ ...two, ingesters: [ingesterState(["w1", "w2"], ["w2"])] }, 1)
    assert.deepInclude(joined, { left: [], joined: [] })
    for (let last = 1; !scan.complete && last < 8; last += 2) {
      const events = scan.issue().map(({ event_number }) => event_number)
      scan.take(report("w1", "idle", events))
    }
    assert.deepInclude(scan.progress(), { lost: 2, completed_events: 6 })
  })

  it("a worker that begins anew and tells which start it is gets work again, and none of what was its predecessor's", () => {
    const scan = scanOf(batches(12, 2), "reassign", 4, false)
    scan.begin(two)
    scan.take(report("w1", "ready"))
    scan.take({ ...report("w2", "ready"), incarnation: uuidOf(2) })
    const [, , first] = scan.issue()
    assert.deepStrictEqual(first?.incarnations, { w2: uuidOf(2) })
    const anew = { ...two, workers: [workerState("w1", ["generic"], 1), workerState("w2", ["generic"], 3)] }
    const unheard = { ...anew, ingesters: [ingesterState(["w1"], [])] }
    assert.deepInclude(scan.observe(unheard, 0), { left: ["w2"], joined: [] })
    // Late words of the one that has left bring nobody in.
    scan.take(report("w2", "idle", [2]))
    const heard = { ...anew, ingesters: [ingesterState(["w1"], []), ingesterState(["w2"], [], 3)] }
    assert.isEmpty(scan.observe({ ...heard, ingesters: heard.ingesters.slice(1) }, 0).joined)
    scan.take({ ...report("w2", "ready"), incarnation: uuidOf(3) })
    assert.isEmpty(scan.observe(unheard, 0).joined)
    const { joined } = scan.observe({ ...anew, ingesters: [ingesterState(["w1", "w2"], [], 3)] }, 0)
    assert.deepStrictEqual(
      joined.map(({ name }) => name),
      ["w2"]
    )
    const own: Array<number> = []
    scan.take(report("w1", "idle", [0, 1]))
    for (let round = 0; round < 20 && !scan.complete; round++) {
      for (const { assignments, event_number, incarnations } of scan.issue()) {
        const [name = ""] = assignments["a"] ?? []
        assert.deepStrictEqual(incarnations, name === "w2" ? { w2: uuidOf(3) } : undefined)
        if (name === "w2") own.push(event_number)
        scan.take(report(name, "idle", [event_number]))
      }
    }
    assert.isAbove(own.length, 1)
    assert.isAbove(Math.min(...own), 3)
    assert.deepInclude(scan.progress(), { lost: 2, completed_events: 10 })
    assert.deepStrictEqual(scan.end("completed", 0)?.workers, ["w1", "w2"])
  })

  it("nobody is gone for the time in which nothing could be asked", () => {
    const scan = begun(batches(2, 2))
    scan.observe(roster([]), 0)
    scan.excuse()
    assert.deepStrictEqual(scan.observe(roster([]), absence).left, [])
    assert.deepStrictEqual(scan.observe(two, absence + 1).left, [])
    assert.deepStrictEqual(scan.observe(roster([]), 2 * absence).left, [])
  })

  it("an event for everybody is lost only if nobody reports it", () => {
    const scan = scanOf(
      { parts: { p: { a: [[share(null)], [share(null)]] } }, sequence: ["p"] },
      "reassign",
      10_000,
      false
    )
    scan.begin(two)
    for (const name of ["w1", "w2"]) scan.take(report(name, "ready"))
    scan.issue()
    scan.take(report("w1", "idle", [0]))
    scan.observe(roster([workerState("w1", ["generic"], 1), workerState("w2", ["generic"], 9)]), 0)
    assert.deepInclude(scan.progress(), { processed: 1, lost: 0 })
    scan.take(report("w1", "idle", []))
    scan.issue()
    scan.observe(roster([workerState("w1", ["generic"], 8)]), 0)
    assert.deepInclude(scan.progress(), { processed: 1, lost: 1 })
  })

  it("the load over intervals is that of the field's controller", () => {
    const scan = begun(batches(11, 11))
    const times = (n: number): WorkerTimes => ({
      get_assignments: 1,
      get_messages: 2,
      assemble_event: 4,
      custom_code: 8,
      send_result: 16,
      no_events: n
    })
    scan.take(report("w1", "idle", [0, 1, 2, 3], false, times(4)))
    scan.take(report("w1", "idle", [4, 5, 6, 7, 8, 9, 10], false, times(7)))
    assert.deepStrictEqual(scan.loadOver([1, 8], true), {
      w1: {
        last_event: 10,
        intervals: {
          "1": { total: 31, active: 28, events: 7 },
          "8": { total: 62, active: 56, events: 11 },
          scan: { total: 62, active: 56, events: 11 }
        }
      }
    })
  })

  it("a newcomer gets work once it has the map and reaches every ingester of the scan", () => {
    const scan = begun(batches(4, 1))
    const ingester = {
      ...common,
      service_uuid: uuidOf(50),
      mapping_uuid: mapping,
      name: "i",
      url: "inproc://i",
      streams: ["a"],
      connected_workers: {}
    }
    const late = workerState("late", ["generic"], 3)
    scan.take(report("late", "ready"))
    const joined = (worker: WorkerState) =>
      scan
        .observe({ ...two, ingesters: [ingester], workers: [...two.workers, worker] }, 0)
        .joined.map(({ name }) => name)
    assert.deepStrictEqual(joined({ ...late, mapping_uuid: null }), [])
    assert.deepStrictEqual(joined(late), [])
    assert.deepStrictEqual(joined({ ...late, ingesters: [ingester] }), ["late"])
    assert.deepStrictEqual(
      scan.issue().map(({ assignments }) => assignments),
      [{ a: ["late"] }]
    )
  })
})

describe("whatever happens to workers", () => {
  const entry = FastCheck.oneof(
    { weight: 1, arbitrary: FastCheck.constant(null) },
    { weight: 1, arbitrary: FastCheck.constant([]) },
    {
      weight: 6,
      arbitrary: FastCheck.array(
        FastCheck.record({
          tags: FastCheck.constantFrom(["generic"], ["generic"], ["rare"]),
          constraint: FastCheck.option(FastCheck.integer({ min: 0, max: 4 }), { freq: 6 })
        }),
        { minLength: 1, maxLength: 2 }
      )
    }
  )
  const part = FastCheck.integer({ min: 0, max: 8 }).chain((length) =>
    FastCheck.record({
      a: FastCheck.array(entry, { minLength: length, maxLength: length }),
      b: FastCheck.array(entry, { minLength: length, maxLength: length })
    })
  )
  const scenario = FastCheck.record({
    parts: FastCheck.record({ p: part, q: part }),
    sequence: FastCheck.array(FastCheck.constantFrom("p", "q"), { minLength: 1, maxLength: 5 }),
    policy: FastCheck.constantFrom("reassign" as const, "lose" as const),
    outstanding: FastCheck.integer({ min: 1, max: 12 }),
    steps: FastCheck.array(
      FastCheck.record({
        do: FastCheck.constantFrom("report", "report", "report", "report", "kill", "restart", "join"),
        who: FastCheck.nat(20),
        count: FastCheck.integer({ min: 1, max: 4 })
      }),
      { maxLength: 80 }
    )
  })

  it("every event goes out once, in order, to those that live, and ends once; the sum holds", () => {
    FastCheck.assert(
      FastCheck.property(scenario, ({ outstanding, parts, policy, sequence, steps }) => {
        const scan = scanOf({ parts, sequence }, policy, outstanding)
        const total = scan.progress().total_events
        const living = new Map<string, WorkerState>()
        const holding = new Map<string, Array<number>>()
        let starts = 0
        let next = 0
        const arrive = (name: string, tags = ["generic", "rare"]) => {
          living.set(name, workerState(name, tags, ++starts))
          holding.set(name, [])
        }
        const look = () => scan.observe(roster([...living.values()]), 0)
        const flow = () => {
          const batch: ReadonlyArray<WorkAssignment> = scan.issue()
          for (const { assignments, event_number } of batch) {
            assert.strictEqual(event_number, next++)
            for (const name of new Set(Object.values(assignments).flat())) {
              const held = holding.get(name)
              assert.isDefined(held, `${name} gets an event after it has left`)
              held?.push(event_number)
            }
          }
          assert.isAtMost(sum(scan), total)
        }
        const work = (name: string, count: number) => {
          const done = holding.get(name)?.splice(0, count) ?? []
          if (done.length > 0) scan.take(report(name, "idle", done))
          flow()
        }
        // As many as the largest event of any map has constraints.
        for (const name of ["w0", "w1", "w2", "w3"]) arrive(name)
        scan.begin(roster([...living.values()]))
        for (const name of living.keys()) {
          scan.take(report(name, "ready"))
          flow()
        }
        for (const step of steps) {
          const names = [...living.keys()]
          const name = names[step.who % names.length] ?? "w0"
          if (step.do === "report") work(name, step.count)
          else if (step.do === "join" || names.length === 1) {
            const fresh = `n${starts}`
            arrive(fresh, step.count > 2 ? ["rare"] : undefined)
            scan.take(report(fresh, "ready"))
            look()
            flow()
          } else {
            living.delete(name)
            holding.delete(name)
            if (step.do === "restart") living.set(name, workerState(name, ["generic", "rare"], ++starts))
            scan.observe(roster([...living.values()]), 0)
            scan.observe(roster([...living.values()]), absence)
            if (step.do === "restart") living.delete(name)
            flow()
          }
        }
        arrive("last")
        scan.take(report("last", "ready"))
        look()
        flow()
        for (let turn = 0; turn < 40 + 4 * total && !scan.complete; turn++) {
          for (const name of living.keys()) work(name, 3)
        }
        const accounted = sum(scan)
        if (total > 0) assert.isTrue(scan.complete, `stuck at ${next} of ${total}, ${accounted} accounted for`)
        assert.strictEqual(next, total)
        scan.end("completed", 1)
        assert.strictEqual(sum(scan), total)
        assert.strictEqual(accounted, total)
      }),
      { numRuns: Number(process.env.OUTPOST_FAULT_ROUNDS ?? 1) * 300 }
    )
  })
})
