import type { SeriesCoverage } from "../../../src/domain/Backfill.js"
import { dateOf, dayMillis, moved, placeOf, tally, told, yearsOf } from "../../../src/ui/model/CoverageCalendar.js"
import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"

const at = (text: string) => Date.parse(text)
const coverage = (start: string, end: string, more: Partial<SeriesCoverage> = {}): SeriesCoverage => ({
  series: "a",
  start: at(start),
  end: at(end),
  fetched: [],
  empty: [],
  failed: [],
  unknown: [],
  ...more
})
const days = (one: SeriesCoverage) => yearsOf(one).flatMap((year) => year.days)
const states = (one: SeriesCoverage) => days(one).map(({ state }) => state)

describe("CoverageCalendar", () => {
  it("tells each day by what is known of all of it", () => {
    const one = coverage("2026-01-01", "2026-01-06", {
      fetched: [
        [at("2026-01-01"), at("2026-01-02")],
        [at("2026-01-03"), at("2026-01-03T12:00Z")]
      ],
      empty: [[at("2026-01-02"), at("2026-01-03")]],
      failed: [[at("2026-01-04T01:00Z"), at("2026-01-04T02:00Z")]]
    })
    assert.deepStrictEqual(states(one), ["fetched", "empty", "partly", "failed", "unknown"])
    assert.deepStrictEqual(tally(yearsOf(one)), { fetched: 1, empty: 1, partly: 1, failed: 1, unknown: 1 })
    assert.deepStrictEqual(days(one).map(told), [
      "fetched 100 %",
      "confirmed empty 100 %",
      "fetched 50 %, unknown 50 %",
      "failed 4 %, unknown 96 %",
      "unknown 100 %"
    ])
  })

  it("judges the first and the last day by the part that was asked for", () => {
    const one = coverage("2025-12-31T22:00Z", "2026-01-01T06:00Z", {
      fetched: [[at("2025-12-31T22:00Z"), at("2026-01-01T06:00Z")]]
    })
    assert.deepStrictEqual(states(one), ["fetched", "fetched"])
    assert.deepStrictEqual(
      yearsOf(one).map(({ year }) => year),
      [2026, 2025]
    )
  })

  it("a missing minute makes a day partly known, never fetched", () => {
    const one = coverage("2026-01-01", "2026-01-02", { fetched: [[at("2026-01-01"), at("2026-01-01T23:59Z")]] })
    assert.deepStrictEqual(states(one), ["partly"])
    assert.strictEqual(days(one).map(told)[0], "fetched 99 %, unknown <1 %")
  })

  it("a range over years is whole on each of its days", () => {
    const range = [at("2020-01-01"), at("2026-11-22")] as const
    const one = coverage("2020-01-01", "2026-11-22", { fetched: [range] })
    assert.deepStrictEqual(new Set(states(one)), new Set(["fetched"]))
    assert.strictEqual(days(one).length, (range[1] - range[0]) / dayMillis)
  })

  it("stands in weeks from Monday, no two days of a year at one place", () => {
    assert.deepStrictEqual(placeOf(at("2026-01-01")), { week: 0, row: 3 })
    assert.deepStrictEqual(placeOf(at("2026-01-05")), { week: 1, row: 0 })
    const [year] = yearsOf(coverage("2024-01-01", "2025-01-01"))
    const places = new Set(year?.days.map((day) => JSON.stringify(placeOf(day.at))))
    assert.strictEqual(places.size, 366)
    assert.isAtMost(Math.max(...(year?.days.map((day) => placeOf(day.at).week) ?? [])), 53)
  })

  it.prop(
    "keys move by days and weeks and never leave the range",
    [FastCheck.integer({ min: 0, max: 400 })],
    ([offset]) => {
      const [first, last] = [at("2026-01-01"), at("2026-01-01") + 400 * dayMillis]
      const here = first + offset * dayMillis
      for (const key of ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Home", "End"]) {
        const there = moved(here, key, first, last)
        assert.isTrue(there !== undefined && there >= first && there <= last && (there - first) % dayMillis === 0, key)
      }
      assert.strictEqual(moved(here, "x", first, last), undefined)
    }
  )

  it("moves as the eye goes", () => {
    const [first, last] = [at("2026-01-01"), at("2026-12-31")]
    const from = (key: string) => dateOf(moved(at("2026-03-10"), key, first, last) ?? 0)
    assert.deepStrictEqual(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End"].map(from), [
      "2026-03-09",
      "2026-03-11",
      "2026-03-03",
      "2026-03-17",
      "2026-01-01",
      "2026-12-31"
    ])
  })
})
