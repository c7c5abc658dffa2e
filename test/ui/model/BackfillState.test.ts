import { BackfillRecord, type SeriesProgress } from "../../../src/domain/Backfill.js"
import {
  newestFirst,
  pairsOf,
  shareOf,
  stateOf,
  touched,
  verbsOf,
  windowsOf
} from "../../../src/ui/model/BackfillState.js"
import { paceOf, remaining, sampled, type Sample } from "../../../src/ui/model/Pace.js"
import { assert, describe, it } from "@effect/vitest"

const series = (done: number, total: number, more: Partial<SeriesProgress> = {}): SeriesProgress => ({
  series: "a/ohlc/X-Y/1m",
  state: total === 0 ? "waiting" : "running",
  done,
  total,
  fetched: done,
  empty: 0,
  failed: 0,
  rows: 0,
  error: null,
  ...more
})
const record = (more: Partial<BackfillRecord> = {}) =>
  new BackfillRecord({
    id: "one",
    exchange: null,
    pairs: null,
    start: "",
    status: "running",
    progress: { "X/Y": { done: 0, total: 0 } },
    log: [],
    started_at: 0,
    error: null,
    finished_at: null,
    complete: null,
    rows: 0,
    failed: 0,
    series: [],
    request: {},
    ...more
  })

describe("BackfillState", () => {
  it("an end without all windows is no success", () => {
    assert.strictEqual(stateOf(record({ status: "done", complete: true })), "done")
    assert.strictEqual(stateOf(record({ status: "done", complete: false })), "incomplete")
    assert.strictEqual(stateOf(record({ status: "error", complete: false })), "error")
  })

  it("adds up windows and tells what is not planned yet", () => {
    const one = record({ series: [series(3, 10), series(0, 0)] })
    assert.deepStrictEqual(windowsOf(one), { done: 3, total: 10, unplanned: 1 })
    assert.strictEqual(shareOf(one), 0.3)
    assert.strictEqual(shareOf(record()), 0)
    assert.strictEqual(shareOf(record({ status: "done", complete: true })), 1)
  })

  it("offers what can be done, and no more", () => {
    assert.deepStrictEqual(verbsOf(record()), ["pause", "cancel"])
    assert.deepStrictEqual(verbsOf(record({ status: "cancelling" })), [])
    assert.deepStrictEqual(verbsOf(record({ status: "interrupted" })), ["resume", "cancel"])
    assert.deepStrictEqual(verbsOf(record({ status: "done", complete: true })), [])
    assert.deepStrictEqual(verbsOf(record({ status: "done", complete: false, failed: 2 })), ["retry"])
    assert.deepStrictEqual(verbsOf(record({ status: "cancelled", failed: 2 })), ["resume", "retry"])
  })

  it("names what an order touches", () => {
    assert.strictEqual(touched(record()), "no series")
    assert.strictEqual(touched(record({ series: [series(0, 1)] })), "a/ohlc/X-Y/1m")
    assert.strictEqual(touched(record({ series: [series(0, 1), series(0, 1)] })), "2 series (a/ohlc/X-Y/1m and 1 more)")
    assert.deepStrictEqual(pairsOf(record()), ["X/Y"])
  })

  it("lists the newest first", () => {
    const list = [record({ id: "old" }), record({ id: "new", started_at: 5 })]
    assert.deepStrictEqual(
      newestFirst(list).map(({ id }) => id),
      ["new", "old"]
    )
  })
})

describe("Pace", () => {
  const run = (steps: ReadonlyArray<readonly [number, number]>): ReadonlyArray<Sample> =>
    steps.reduce<ReadonlyArray<Sample>>(
      (samples, [at, done]) => sampled(samples, record({ rows: done * 10, series: [series(done, 1_000)] }), at),
      []
    )

  it("is taken over the last half minute", () => {
    const steady = run(
      Array.from({ length: 100 }, (_, second) => [second * 1_000, second < 50 ? 0 : (second - 50) * 4])
    )
    const pace = paceOf(steady, 99_000)
    assert.approximately(pace?.windowsPerSecond ?? 0, 4, 0.01)
    assert.approximately(pace?.rowsPerSecond ?? 0, 40, 0.1)
    assert.isAtMost(steady.length, 40)
    const left = remaining(record({ series: [series(200, 1_000)] }), pace)
    assert.approximately(left?.millis ?? 0, 200_000, 1_000)
    assert.strictEqual(left?.atLeast, false)
  })

  it("keeps few samples however many windows end, and all of their count", () => {
    const fast = run(Array.from({ length: 2_000 }, (_, n) => [n * 10, n]))
    assert.isAtMost(fast.length, 45)
    assert.approximately(paceOf(fast, 20_000)?.windowsPerSecond ?? 0, 100, 1)
  })

  it("slows down in silence, begins anew when the count goes back, and says nothing too early", () => {
    const once = run([
      [0, 0],
      [4_000, 40]
    ])
    assert.approximately(paceOf(once, 4_000)?.windowsPerSecond ?? 0, 10, 0.01)
    assert.approximately(paceOf(once, 42_000)?.windowsPerSecond ?? 0, 1, 0.01)
    assert.strictEqual(sampled(once, record({ series: [series(1, 9)] }), 5_000).length, 1)
    assert.strictEqual(paceOf(run([[0, 1]]), 1_000), undefined)
    assert.strictEqual(remaining(record(), undefined), undefined)
  })

  it("tells that there is more than it knows", () => {
    const one = record({ series: [series(0, 10), series(0, 0)] })
    assert.deepStrictEqual(remaining(one, { windowsPerSecond: 2, rowsPerSecond: 0 }), { millis: 5_000, atLeast: true })
  })
})
