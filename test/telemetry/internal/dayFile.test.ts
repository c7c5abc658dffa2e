import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import { DayFile } from "../../../src/telemetry/internal/dayFile.js"

const utc = DateTime.zoneUnsafeMakeNamed("UTC")
const at = (hours: number, minutes = 0, seconds = 0) => Date.UTC(2026, 2, 17, hours, minutes, seconds)

describe("DayFile", () => {
  it("turns at noon", () => {
    const day = new DayFile(utc)
    assert.strictEqual(day.keyAt(at(11, 59, 59) + 999), "20260316")
    assert.strictEqual(day.keyAt(at(12)), "20260317")
    assert.strictEqual(day.keyAt(at(36)), "20260318")
  })

  it("a clock set back a little stays in the file; by an hour or more, the day it names is taken", () => {
    const day = new DayFile(utc)
    assert.strictEqual(day.keyAt(at(12, 0, 5)), "20260317")
    assert.strictEqual(day.keyAt(at(11, 59)), "20260317")
    assert.strictEqual(day.keyAt(at(11, 0, 6)), "20260317")
    assert.strictEqual(day.keyAt(at(12, 0, 6)), "20260317")
    assert.strictEqual(day.keyAt(at(11)), "20260316")
    assert.strictEqual(day.keyAt(at(11, 30)), "20260316")
    assert.strictEqual(day.keyAt(at(12)), "20260317")
  })

  it("a clock set far ahead and back again ends where it belongs", () => {
    const day = new DayFile(utc)
    assert.strictEqual(day.keyAt(at(15)), "20260317")
    assert.strictEqual(day.keyAt(at(15) + 10 * 365 * 86_400_000), "20360314")
    assert.strictEqual(day.keyAt(at(15, 1)), "20260317")
    assert.strictEqual(day.keyAt(0), "19691231")
    assert.strictEqual(day.keyAt(at(15, 2)), "20260317")
  })

  it("stays in the file of the life before, where that was written in its day", () => {
    const day = new DayFile(utc)
    day.resume("/site/site_20260317.ndjson", at(12, 0, 5))
    assert.strictEqual(day.keyAt(at(11, 58)), "20260317")
    const copied = new DayFile(utc)
    copied.resume("/site/site_20260301.ndjson", at(12, 0, 5))
    assert.strictEqual(copied.keyAt(at(11, 58)), "20260316")
  })
})
