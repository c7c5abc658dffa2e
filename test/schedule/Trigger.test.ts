import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Trigger from "../../src/schedule/Trigger.js"

const utc = DateTime.zoneUnsafeMakeNamed("UTC")
const berlin = DateTime.zoneUnsafeMakeNamed("Europe/Berlin")

const times = (trigger: Trigger.Trigger, from: string, count: number): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (let at = Date.parse(from); found.length < count; found.push(new Date(at).toISOString())) {
    at = Trigger.next(trigger, at)
  }
  return found
}

describe("Trigger", () => {
  it("an interval is due at its multiples, always later than the time it is asked for", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.integer({ min: 1, max: 200_000 }),
        FastCheck.integer({ min: 0, max: 2_000_000_000_000 }),
        (seconds, at) => {
          const step = seconds * 1000
          const due = Trigger.next(Trigger.every(Duration.seconds(seconds)), at)
          assert.strictEqual(due % step, 0)
          assert.isTrue(due > at && due <= at + step)
        }
      )
    )
  })

  it("dccd weak point 15: the jitter of an entry is its own, stable and bounded", () => {
    const hourly = Trigger.every(Duration.hours(1))
    const offsets = Array.from({ length: 50 }, (_, k) => Trigger.offset(hourly, `job-${k}`))
    assert.isTrue(offsets.every((offset) => offset >= 0 && offset < 30_000))
    assert.isAbove(new Set(offsets).size, 40)
    assert.deepStrictEqual(
      offsets,
      Array.from({ length: 50 }, (_, k) => Trigger.offset(hourly, `job-${k}`))
    )
    assert.strictEqual(Trigger.offset(Trigger.every(Duration.hours(1), Duration.zero), "job"), 0)
  })

  it("a cron expression counts in its zone", () => {
    const noon = Either.getOrThrow(Trigger.cron("0 12 * * *", berlin))
    assert.deepStrictEqual(times(noon, "2026-03-27T00:00:00Z", 4), [
      "2026-03-27T11:00:00.000Z",
      "2026-03-28T11:00:00.000Z",
      // Summer time begins.
      "2026-03-29T10:00:00.000Z",
      "2026-03-30T10:00:00.000Z"
    ])
  })

  it("an hour that comes twice counts once a day", () => {
    const night = Either.getOrThrow(Trigger.cron("30 2 * * *", berlin))
    const found = times(night, "2026-10-23T12:00:00Z", 4)
    const days = found.map((at) => DateTime.formatIsoDate(DateTime.unsafeMakeZoned(at, { timeZone: berlin })))
    assert.deepStrictEqual(days, ["2026-10-24", "2026-10-25", "2026-10-26", "2026-10-27"])
  })

  it("what is no expression says so", () => {
    for (const text of ["", "* * *", "61 * * * *", "a b c d e"]) {
      const parsed = Trigger.cron(text, utc)
      assert.isTrue(Either.isLeft(parsed), text)
      if (Either.isLeft(parsed)) assert.strictEqual(parsed.left._tag, "TriggerInvalid")
    }
  })
})
