import { counted, rateOf, type Counts } from "../../../src/ui/model/Flow.js"
import { field, keptMillis, leftMillis, ScanPace, scanState } from "../../../src/ui/model/ScanPace.js"
import { assert, describe, it } from "@effect/vitest"

const scan = (completed_events: number, total_events = 1_000, finished = false) => ({
  completed_events,
  total_events,
  finished
})
const drawn = ({ series }: ScanPace) => series.times.map((at, row) => [at, series.columns.get(field)?.[row]])

describe("ScanPace", () => {
  it("draws how many were completed in each second, from nothing and back to it", () => {
    const pace = new ScanPace()
    for (const [second, events] of [0, 0, 100, 300].entries()) pace.take(second * 1_000, scan(events))
    assert.strictEqual(pace.latest, 200)
    pace.take(4_000, scan(1_000, 1_000, true))
    pace.take(5_000, scan(1_000, 1_000, true))
    pace.take(6_000, scan(1_000, 1_000, true))
    assert.isUndefined(pace.latest)
    assert.deepStrictEqual(drawn(pace), [
      [0, 0],
      [1_000, 0],
      [2_000, 100],
      [3_000, 200],
      [4_000, 700],
      [5_000, 0]
    ])
  })

  it("a scan that begins anew counts from nothing, one that is over before it is seen has its events all the same", () => {
    const pace = new ScanPace()
    pace.take(0, scan(900))
    pace.take(1_000, scan(50))
    assert.strictEqual(pace.latest, 50)
    pace.take(2_000, scan(400, 400, true))
    assert.strictEqual(pace.latest, 350)
  })

  it("says nothing of a time in which nobody looked, nor of a moment too short", () => {
    const pace = new ScanPace()
    pace.take(0, scan(0))
    pace.take(100, scan(90))
    assert.deepStrictEqual(drawn(pace), [])
    pace.interrupt()
    pace.take(60_000, scan(800))
    assert.isUndefined(pace.latest)
    pace.take(61_000, scan(810))
    assert.strictEqual(pace.latest, 10)
  })

  it("keeps a quarter of an hour", () => {
    const pace = new ScanPace()
    for (let second = 0; second < 4_000; second++) pace.take(second * 1_000, scan(second, 1e9))
    assert.isAtMost((pace.series.lastAt ?? 0) - (pace.series.times[0] ?? 0), keptMillis)
  })

  it("tells how long the rest takes, and how a scan stands", () => {
    assert.strictEqual(leftMillis(scan(400), 200), 3_000)
    assert.isUndefined(leftMillis(scan(400), 0))
    assert.isUndefined(leftMillis(scan(400, 1_000, true), 200))
    const at = { total_events: 5, finished: true, lost: 0 }
    assert.strictEqual(scanState(at), "finished")
    assert.strictEqual(scanState({ ...at, lost: 1 }), "incomplete")
    assert.strictEqual(scanState({ ...at, finished: false, lost: 1 }), "running")
    assert.strictEqual(scanState({ ...at, total_events: 0, finished: false }), "none")
  })
})

describe("Flow", () => {
  const run = (steps: ReadonlyArray<readonly [at: number, frames: number]>) =>
    steps.reduce<ReadonlyArray<Counts>>(
      (history, [at, frames]) => counted(history, { at, values: new Map([["frames", frames]]) }),
      []
    )

  it("is the rise over the last seconds", () => {
    assert.isUndefined(rateOf(run([[0, 5]]), "frames"))
    const steady = run(
      Array.from({ length: 20 }, (_, second) => [second * 1_000, second < 10 ? 0 : (second - 10) * 30])
    )
    assert.strictEqual(rateOf(steady, "frames"), 30)
    assert.isAtMost(steady.length, 6)
    assert.isUndefined(rateOf(steady, "bytes"))
  })

  it("begins anew where a counter went back", () => {
    const history = run([
      [0, 500],
      [1_000, 10],
      [2_000, 40]
    ])
    assert.strictEqual(rateOf(history, "frames"), 30)
  })
})
