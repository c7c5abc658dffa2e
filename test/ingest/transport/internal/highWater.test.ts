import { assert, it } from "@effect/vitest"
import { highWater } from "../../../../src/ingest/transport/internal/highWater.js"

const kilobyte = 1024
const megabyte = 1024 * kilobyte

it("a queue of small messages is bounded by their number", () => {
  const mark = highWater(1_000, 64 * megabyte)
  for (let at = 0; at < 100; at++) assert.isUndefined(mark(2 * kilobyte, true))
})

it("a queue of large ones by their bytes, though never below four messages", () => {
  const mark = highWater(1_000, 64 * megabyte)
  assert.strictEqual(mark(megabyte, true), 64)
  assert.isUndefined(mark(megabyte, true))
  assert.strictEqual(mark(8 * megabyte, true), 8)
  assert.strictEqual(mark(500 * megabyte, true), 4)
})

it("a rare large one is forgotten, but the mark rises only when it may", () => {
  const mark = highWater(1_000, 64 * megabyte)
  assert.strictEqual(mark(8 * megabyte, true), 8)
  for (let at = 0; at < 2_000; at++) assert.isUndefined(mark(kilobyte, false))
  assert.strictEqual(mark(kilobyte, true), 1_000)
})
