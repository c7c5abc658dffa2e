import { assert, describe, it } from "@effect/vitest"
import { DateTime, FastCheck } from "effect"
import * as DayKey from "../../src/domain/DayKey.js"

const zone = (name: string) => DateTime.zoneUnsafeMakeNamed(name)
const utc = zone("UTC")

describe("DayKey", () => {
  it("turns at local noon, on the days the clocks change too", () => {
    const table: ReadonlyArray<readonly [string, string, string]> = [
      ["Pacific/Honolulu", "2026-03-17T21:59:59.999Z", "20260316"],
      ["Pacific/Honolulu", "2026-03-17T22:00:00.000Z", "20260317"],
      // Denver, spring: noon is an hour earlier in UTC from that day on.
      ["America/Denver", "2026-03-07T19:00:00Z", "20260307"],
      ["America/Denver", "2026-03-08T17:59:59Z", "20260307"],
      ["America/Denver", "2026-03-08T18:00:00Z", "20260308"],
      // Denver, autumn: and an hour later again.
      ["America/Denver", "2026-10-31T18:00:00Z", "20261031"],
      ["America/Denver", "2026-11-01T18:59:59Z", "20261031"],
      ["America/Denver", "2026-11-01T19:00:00Z", "20261101"],
      ["UTC", "2024-03-01T11:00:00Z", "20240229"],
      ["UTC", "2023-03-01T11:00:00Z", "20230228"],
      ["UTC", "2026-01-01T06:00:00Z", "20251231"],
      ["UTC", "2026-01-01T12:00:00Z", "20260101"],
      // Ahead of UTC the local date may be the next one, or the one after a leap day.
      ["Pacific/Kiritimati", "2024-02-28T22:00:00Z", "20240229"],
      ["Asia/Kathmandu", "2026-03-17T06:14:59.999Z", "20260316"],
      ["Asia/Kathmandu", "2026-03-17T06:15:00.000Z", "20260317"]
    ]
    for (const [name, time, key] of table) assert.strictEqual(DayKey.of(Date.parse(time), zone(name)), key, time)
  })

  it.prop(
    "in UTC it is the date twelve hours ago",
    [FastCheck.integer({ min: Date.UTC(1970, 0, 2), max: Date.UTC(2200, 0) })],
    ([millis]) => {
      const halfADayAgo = new Date(millis - 43_200_000).toISOString().slice(0, 10).replaceAll("-", "")
      assert.strictEqual(DayKey.of(millis, utc), halfADayAgo)
    }
  )

  it.prop(
    "never goes back, in any zone",
    [
      FastCheck.constantFrom("America/Denver", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"),
      FastCheck.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2050, 0) }),
      FastCheck.integer({ min: 0, max: 3 * 86_400_000 })
    ],
    ([name, millis, later]) => assert.isTrue(DayKey.of(millis, zone(name)) <= DayKey.of(millis + later, zone(name)))
  )

  it("a file's name tells its key, and no other file's does", () => {
    assert.strictEqual(DayKey.fileName("20260317"), "site_20260317.ndjson")
    assert.strictEqual(DayKey.ofFileName("site_20260317.ndjson"), "20260317")
    for (const name of [
      "",
      "telemetry.ndjson",
      "site_2026031.ndjson",
      "site_202603170.ndjson",
      "site_2026-03-17.ndjson",
      "site_20260317.ndjson.torn-1",
      "asite_20260317.ndjson",
      "site_20260317.ndjson\n",
      "site_20260317xndjson"
    ])
      assert.isUndefined(DayKey.ofFileName(name), JSON.stringify(name))
  })
})
