import { assert, describe, it } from "@effect/vitest"
import { DateTime, FastCheck as fc } from "effect"
import type { SeriesCoverage } from "../../src/domain/Backfill.js"
import * as CoverageCalendar from "../../src/cli/CoverageCalendar.js"
import * as Output from "../../src/cli/Output.js"

const utc = DateTime.zoneMakeOffset(0)
const berlin = DateTime.zoneUnsafeMakeNamed("Europe/Berlin")
const hour = 3_600_000
const day = 24 * hour

type Range = readonly [string, string]
const ranges = (all: ReadonlyArray<Range>) => all.map(([a, b]) => [Date.parse(a), Date.parse(b)] as const)

const coverage = (
  [start, end]: Range,
  known: { fetched?: ReadonlyArray<Range>; empty?: ReadonlyArray<Range>; failed?: ReadonlyArray<Range> }
): SeriesCoverage => ({
  series: "a/ohlc/b/1h",
  start: Date.parse(start),
  end: Date.parse(end),
  fetched: ranges(known.fetched ?? []),
  empty: ranges(known.empty ?? []),
  failed: ranges(known.failed ?? []),
  unknown: []
})

const drawn = (one: SeriesCoverage, zone: DateTime.TimeZone = utc) =>
  CoverageCalendar.lines(CoverageCalendar.days(one, zone), Output.colourless)

it("a month a row, a day a cell, a glyph a state", () =>
  assert.deepStrictEqual(
    drawn(
      coverage(["2023-12-30", "2024-03-02T12:00Z"], {
        fetched: [
          ["2023-12-30", "2024-02-10"],
          ["2024-02-12", "2024-02-13T06:00Z"],
          ["2024-02-20", "2024-03-02T12:00Z"]
        ],
        empty: [
          ["2024-02-10", "2024-02-12"],
          ["2024-02-15T00:00Z", "2024-02-15T01:00Z"]
        ],
        failed: [["2024-02-16T10:00Z", "2024-02-16T11:00Z"]]
      })
    ),
    [
      "          1   5    10   15   20   25   30",
      "2023 Dec                               ██",
      "2024 Jan  ███████████████████████████████",
      "     Feb  █████████○○█▒·▒x···██████████    76.9 %",
      "     Mar  ██"
    ]
  ))

it("29 February is there in leap years alone", () => {
  const rows = drawn(coverage(["2023-02-01", "2024-03-01"], { fetched: [["2023-02-01", "2024-03-01"]] }))
  assert.strictEqual(rows[1]?.match(/█+/)?.[0].length, 28)
  assert.strictEqual(rows.at(-1)?.match(/█+/)?.[0].length, 29)
  const century = drawn(coverage(["1900-02-01", "1900-03-01"], { fetched: [["1900-02-01", "1900-03-01"]] }))
  assert.strictEqual(century[1]?.match(/█+/)?.[0].length, 28)
})

describe("days are those of the zone, however long they are", () => {
  const lengths = (one: SeriesCoverage, zone: DateTime.TimeZone) =>
    CoverageCalendar.days(one, zone).map(({ asked, day, known, month, state }) => [
      `${month}-${day}`,
      asked / hour,
      known / hour,
      state
    ])

  it("23 hours in spring, 25 in autumn", () => {
    const spring = coverage(["2024-03-29T23:00Z", "2024-04-01T22:00Z"], {
      fetched: [["2024-03-30T23:00Z", "2024-03-31T22:00Z"]]
    })
    assert.deepStrictEqual(lengths(spring, berlin), [
      ["3-30", 24, 0, "unknown"],
      ["3-31", 23, 23, "fetched"],
      ["4-1", 24, 0, "unknown"]
    ])
    const autumn = coverage(["2024-10-25T22:00Z", "2024-10-28T23:00Z"], {
      empty: [["2024-10-26T22:00Z", "2024-10-27T23:00Z"]]
    })
    assert.deepStrictEqual(lengths(autumn, berlin), [
      ["10-26", 24, 0, "unknown"],
      ["10-27", 25, 25, "empty"],
      ["10-28", 24, 0, "unknown"]
    ])
    assert.deepStrictEqual(
      lengths(autumn, utc).map(([date]) => date),
      ["10-25", "10-26", "10-27", "10-28"]
    )
  })

  it("a day without a midnight, and a day that never was", () => {
    const santiago = coverage(["2024-09-07T04:00Z", "2024-09-10T03:00Z"], {
      fetched: [["2024-09-07T04:00Z", "2024-09-10T03:00Z"]]
    })
    assert.deepStrictEqual(lengths(santiago, DateTime.zoneUnsafeMakeNamed("America/Santiago")), [
      ["9-7", 24, 24, "fetched"],
      ["9-8", 23, 23, "fetched"],
      ["9-9", 24, 24, "fetched"]
    ])
    const apia = coverage(["2011-12-28T10:00Z", "2012-01-01T10:00Z"], {})
    assert.deepStrictEqual(
      lengths(apia, DateTime.zoneUnsafeMakeNamed("Pacific/Apia")).map(([date]) => date),
      ["12-28", "12-29", "12-31", "1-1"]
    )
  })
})

it("what is shorter than the distance of two rows is no hole", () => {
  const today = coverage(["2024-01-01", "2024-01-01T10:59Z"], { fetched: [["2024-01-01", "2024-01-01T10:00Z"]] })
  assert.deepStrictEqual(drawn(today).slice(1), ["2024 Jan  █"])
  const behind = coverage(["2024-01-01", "2024-01-01T11:00Z"], { fetched: [["2024-01-01", "2024-01-01T10:00Z"]] })
  assert.match(drawn(behind)[1] ?? "", /^2024 Jan {2}▒ +90\.9 %$/)
})

it("a range of no length has no days", () =>
  assert.deepStrictEqual(drawn(coverage(["2024-01-01", "2024-01-01"], {})), []))

it("every state has a glyph and a word", () =>
  assert.strictEqual(
    CoverageCalendar.legend(Output.colourless),
    "█ fetched   ○ empty   ▒ partly   x failed   · unknown"
  ))

const zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"]
const from = Date.parse("2019-12-01")

it.prop(
  "no millisecond is lost or counted twice, no line is wider than 80",
  [
    fc.constantFrom(...zones),
    fc.integer({ min: 0, max: 800 }),
    fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 90 * 24 }), fc.nat(200)), { maxLength: 40 })
  ],
  ([zoneName, offset, steps]) => {
    const sets: [Array<[number, number]>, Array<[number, number]>, Array<[number, number]>] = [[], [], []]
    let at = from + offset * hour
    const start = at
    for (const [which, long, gap] of steps) {
      sets[which]?.push([at, at + long * hour])
      at += (long + gap) * hour
    }
    const end = at + (offset % 3) * day
    const [fetched, empty, failed] = sets
    const one = { series: "s", start, end, fetched, empty, failed, unknown: [] }
    const days = CoverageCalendar.days(one, DateTime.zoneUnsafeMakeNamed(zoneName))
    const sum = (all: ReadonlyArray<readonly [number, number]>) => all.reduce((total, [a, b]) => total + b - a, 0)
    assert.strictEqual(
      days.reduce((total, { asked }) => total + asked, 0),
      end - start
    )
    assert.strictEqual(
      days.reduce((total, { known }) => total + known, 0),
      sum(fetched) + sum(empty)
    )
    assert.strictEqual(
      days.some(({ state }) => state === "failed"),
      failed.length > 0
    )
    for (const line of CoverageCalendar.lines(days, Output.colourless)) assert.isAtMost(Output.width(line), 80)
  }
)
