/** Which file takes an event, in five zones, over every kind of day; and what a clock that is set does to the order. */
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as fs from "node:fs"
import { join } from "node:path"
import * as DayKey from "../../src/domain/DayKey.js"
import * as SetClock from "../support/SetClock.js"
import { body, open, openAbandoned, siteLines, temporaryDirectory } from "../support/Store.js"

const zone = DateTime.zoneUnsafeMakeNamed
const zones = ["Pacific/Honolulu", "America/Denver", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"]

/** Local wall time, by the platform's own calendar. */
const wallClock = (millis: number, timeZone: string) => {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    hourCycle: "h23"
  })
    .formatToParts(millis)
    .reduce<Record<string, string>>((all, { type, value }) => ({ ...all, [type]: value }), {})
  return { date: `${parts["year"]}${parts["month"]}${parts["day"]}`, hour: Number(parts["hour"]) }
}

/** The rule once more, told by the calendar: before local noon it is still the day before. */
const expectedKey = (millis: number, timeZone: string): string => {
  const { date, hour } = wallClock(millis, timeZone)
  if (hour >= 12) return date
  const before = new Date(Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6)) - 1))
  return before.toISOString().slice(0, 10).replaceAll("-", "")
}

describe("the day of a site file", () => {
  it("is that of the telemetry server, on the days that were tried there", () => {
    const cases: ReadonlyArray<readonly [string, string, string]> = [
      ["Pacific/Honolulu", "2026-03-17T21:59:59.999Z", "20260316"],
      ["Pacific/Honolulu", "2026-03-17T22:00:00.000Z", "20260317"],
      ["America/Denver", "2026-03-08T17:59:59.000Z", "20260307"],
      ["America/Denver", "2026-03-08T18:00:00.000Z", "20260308"],
      ["America/Denver", "2026-03-07T19:00:00.000Z", "20260307"],
      ["America/Denver", "2026-11-01T18:59:59.000Z", "20261031"],
      ["America/Denver", "2026-11-01T19:00:00.000Z", "20261101"],
      ["UTC", "2024-03-01T11:00:00.000Z", "20240229"],
      ["UTC", "2026-01-01T06:00:00.000Z", "20251231"]
    ]
    for (const [name, time, key] of cases)
      assert.strictEqual(DayKey.of(Date.parse(time), zone(name)), key, `${name} ${time}`)
  })

  it("follows the wall clock in five zones: clock changes both ways, leap day, turn of the year", () => {
    const moments = [
      "2024-02-28",
      "2024-02-29",
      "2024-03-01",
      "2026-03-08",
      "2026-03-29",
      "2026-04-05",
      "2026-10-04",
      "2026-10-25",
      "2026-11-01",
      "2026-12-31",
      "2027-01-01"
    ]
    for (const name of zones) {
      for (const day of moments) {
        for (let minute = -720; minute < 2_160; minute += 15) {
          const millis = Date.parse(`${day}T00:00:00Z`) + minute * 60_000
          assert.strictEqual(
            DayKey.of(millis, zone(name)),
            expectedKey(millis, name),
            `${name} ${new Date(millis).toISOString()}`
          )
        }
      }
    }
  })

  it("agrees with the calendar at any time", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.integer({ min: 0, max: 4_102_444_800_000 }),
        FastCheck.constantFrom(...zones),
        (millis, name) => {
          assert.strictEqual(DayKey.of(millis, zone(name)), expectedKey(millis, name))
        }
      ),
      { numRuns: 2_000 }
    )
  })

  it.scopedLive("lasts 23 or 25 hours when the clocks change, and no event is in the wrong file", () =>
    Effect.gen(function* () {
      for (const [name, noonBefore, hours] of [
        ["America/Denver", "2026-03-07T19:00:00Z", 23],
        ["America/Denver", "2026-10-31T18:00:00Z", 25],
        ["Australia/Lord_Howe", "2026-04-04T01:00:00Z", 24.5]
      ] as const) {
        const site = yield* temporaryDirectory
        const begin = Date.parse(noonBefore)
        const time = SetClock.make(begin)
        const store = yield* open(site, { zone: zone(name) }).pipe(Effect.withClock(time.clock))
        for (time.now = begin; time.now < begin + 26 * 3_600_000; time.now += 1_800_000)
          yield* store.post(body("t", time.now))
        const files = fs
          .readdirSync(site)
          .filter((file) => file.endsWith(".ndjson"))
          .sort()
        assert.strictEqual(files.length, 2, name)
        assert.strictEqual(
          fs
            .readFileSync(join(site, files[0] ?? ""), "utf8")
            .trim()
            .split("\n").length,
          hours * 2,
          name
        )
        for (const file of files) {
          for (const line of fs.readFileSync(join(site, file), "utf8").trim().split("\n")) {
            assert.strictEqual(DayKey.fileName(expectedKey(JSON.parse(line).data, name)), file)
          }
        }
      }
    })
  )
})

describe("a clock that is set", () => {
  it.scopedLive("back by less than an hour: the order of lines is the order of numbers, over a restart too", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const time = SetClock.make(Date.UTC(2026, 2, 17, 12, 0, 5))
      const first = yield* openAbandoned(site).pipe(Effect.withClock(time.clock))
      yield* first.store.post(body("a", 1))
      time.now -= 65_000
      yield* first.store.post(body("a", 2))
      const file = join(site, "site_20260317.ndjson")
      fs.utimesSync(file, (time.now + 65_000) / 1_000, (time.now + 65_000) / 1_000)
      const second = yield* open(site).pipe(Effect.withClock(time.clock))
      yield* second.post(body("a", 3))
      time.now += 66_000
      yield* second.post(body("a", 4))
      assert.deepStrictEqual(
        fs.readdirSync(site).filter((name) => name.endsWith(".ndjson")),
        ["site_20260317.ndjson"]
      )
      assert.deepStrictEqual(
        siteLines(site).map((line) => JSON.parse(line).seq as number),
        [1, 2, 3, 4]
      )
    })
  )

  it.scopedLive(
    "back by more, ahead, to 1970 and ten years on: numbers go on, questions find all, a check finds nothing",
    () =>
      Effect.gen(function* () {
        const site = yield* temporaryDirectory
        const noon = Date.UTC(2026, 2, 17, 12)
        const times = [
          0,
          5_000,
          -7_200_000,
          -7_100_000,
          86_400_000,
          10 * 365 * 86_400_000,
          1_000,
          -noon,
          2_000,
          90_000_000
        ]
        const time = SetClock.make(noon)
        let store = yield* openAbandoned(site, { blockBytes: 4_096 }).pipe(Effect.withClock(time.clock))
        for (const [k, offset] of times.entries()) {
          time.now = noon + offset
          for (let i = 0; i < 30; i++) yield* store.store.post(body("t", k * 30 + i))
          if (k % 2 === 1) yield* store.store.checkpoint
          if (k % 4 === 3) store = yield* openAbandoned(site, { blockBytes: 4_096 }).pipe(Effect.withClock(time.clock))
        }
        const data = (lines: ReadonlyArray<{ readonly line: string }>) =>
          lines.map(({ line }) => JSON.parse(line).data as number)
        const expected = Array.from({ length: 300 }, (_, i) => i)
        const check = (where: string, found: ReadonlyArray<{ readonly line: string }>) => {
          assert.deepStrictEqual(data(found), expected, where)
          assert.deepStrictEqual(
            found.map(({ line }) => JSON.parse(line).seq as number),
            expected.map((n) => n + 1)
          )
        }
        const paged: Array<{ readonly line: string }> = []
        for (let cursor = {}, more = true; more;) {
          const page = yield* store.store.query({ stream: "site" }, { limit: 17, descending: false, cursor })
          paged.push(...page.lines)
          cursor = page.next
          more = page.more
        }
        check("page by page", paged)
        assert.deepStrictEqual((yield* store.store.verify({ repair: false })).findings, [])
        for (const name of fs.readdirSync(join(site, ".outpost")))
          if (name.startsWith("index")) fs.rmSync(join(site, ".outpost", name))
        const rebuilt = yield* open(site).pipe(Effect.withClock(time.clock))
        assert.strictEqual(JSON.parse(yield* rebuilt.post(body("t", 300))).seq, 301)
        assert.sameMembers(
          data((yield* rebuilt.query({ stream: "site" }, { limit: 1_000, descending: false })).lines),
          [...expected, 300]
        )
      })
  )
})
