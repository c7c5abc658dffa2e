import { assert, describe, it } from "@effect/vitest"
import { DateTime, FastCheck as fc, Option } from "effect"
import * as Instant from "../../src/site/Instant.js"

const berlin = DateTime.zoneUnsafeMakeNamed("Europe/Berlin")
/** 17 March 2026, 14:30 in Berlin. */
const now = Date.parse("2026-03-17T13:30:00Z")

const utc = (text: string) =>
  Option.match(Instant.parse(text, now, berlin), {
    onNone: () => "none",
    onSome: (millis) => new Date(millis).toISOString()
  })

describe("a moment as people type it", () => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ["2026-03-17T11:59:59.5Z", "2026-03-17T11:59:59.500Z"],
    ["2026-03-17T11:59:59+02:00", "2026-03-17T09:59:59.000Z"],
    ["2026-03-17T11:59-0330", "2026-03-17T15:29:00.000Z"],
    ["2026-03-17T11:59:59", "2026-03-17T10:59:59.000Z"],
    ["2026-03-17 11:59", "2026-03-17T10:59:00.000Z"],
    ["2026-03-17", "2026-03-16T23:00:00.000Z"],
    ["2026-07-01", "2026-06-30T22:00:00.000Z"],
    ["now", "2026-03-17T13:30:00.000Z"],
    ["today", "2026-03-16T23:00:00.000Z"],
    ["Yesterday", "2026-03-15T23:00:00.000Z"],
    ["10m", "2026-03-17T13:20:00.000Z"],
    ["2h ago", "2026-03-17T11:30:00.000Z"],
    ["1h30m", "2026-03-17T12:00:00.000Z"],
    ["-10m", "2026-03-17T13:20:00.000Z"],
    ["2 days ago", "2026-03-15T13:30:00.000Z"],
    ["1773754200", "2026-03-17T13:30:00.000Z"],
    ["1773754200.25", "2026-03-17T13:30:00.250Z"],
    ["2026-02-31", "none"],
    ["2026-13-01", "none"],
    ["2026-03-17T25:00", "none"],
    ["soon", "none"],
    ["", "none"],
    ["10 parsecs", "none"]
  ]
  for (const [text, expected] of cases) it(JSON.stringify(text), () => assert.strictEqual(utc(text), expected))

  it("a day the clocks change on is longer or shorter, not shifted", () => {
    const before = Date.parse("2026-03-30T10:00:00Z")
    const yesterday = Instant.parse("yesterday", before, berlin)
    const today = Instant.parse("today", before, berlin)
    assert.strictEqual(Option.getOrThrow(today) - Option.getOrThrow(yesterday), 23 * 3_600_000)
  })
})

it.prop("what is printed with its zone is read again", [fc.integer({ min: 0, max: 4_102_444_800_000 })], ([millis]) =>
  assert.deepStrictEqual(
    Instant.parse(DateTime.formatIso(DateTime.unsafeMake(millis)), now, berlin),
    Option.some(millis)
  )
)
