import { assert, describe, it } from "@effect/vitest"
import { LiveSpan } from "../../../src/backfill/live/LiveSpan.js"

describe("LiveSpan", () => {
  it("tells each moment once, and a loss is a hole", () => {
    const span = new LiveSpan(0)
    assert.deepStrictEqual(span.take(50), [])
    span.begin(100)
    span.begin(110)
    assert.deepStrictEqual(span.take(150), [{ start: 100, end: 150 }])
    assert.deepStrictEqual(span.take(150), [])
    span.end(180)
    span.begin(200)
    assert.deepStrictEqual(span.take(220), [
      { start: 150, end: 180 },
      { start: 200, end: 220 }
    ])
    span.end(220)
    assert.deepStrictEqual(span.take(300), [])
  })

  it("leaves out what may not have arrived, before a loss and before now", () => {
    const span = new LiveSpan(10)
    span.begin(100)
    assert.deepStrictEqual(span.take(105), [])
    assert.deepStrictEqual(span.take(150), [{ start: 100, end: 140 }])
    span.end(145)
    assert.deepStrictEqual(span.take(1000), [])
    span.begin(200)
    span.end(205)
    assert.deepStrictEqual(span.take(1000), [])
  })
})
