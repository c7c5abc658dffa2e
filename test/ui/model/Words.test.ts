import { metaOf } from "../../../src/ui/model/RunMeta.js"
import { oneLine, shorten, telling } from "../../../src/ui/model/Shorten.js"
import * as WallClock from "../../../src/ui/model/WallClock.js"
import { Activity, stepMillis, steps } from "../../../src/ui/model/Activity.js"
import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"

describe("texts", () => {
  it("long ones are cut in the middle, to the letter", () => {
    assert.strictEqual(shorten("short", 10), "short")
    const cut = shorten("/data/site/2026/11/22/M42_00091_light_300s.fits", 24)
    assert.strictEqual(cut.length, 24)
    assert.match(cut, /^\/data\/site.*….*fits$/)
  })

  it("data stands on one line, with digits that can be read", () => {
    assert.strictEqual(
      oneLine({ x: 1.23456789, name: "M42", on: true, at: { z: 1 } }),
      'x: 1.23457, name: M42, on: true, at: {"z":1}'
    )
    assert.strictEqual(oneLine(null), "null")
    assert.strictEqual(oneLine("text"), "text")
  })

  it("the site's own events say which part and why", () => {
    assert.strictEqual(telling({ path: "a/b", reason: "silence", cause: "no\nmore" }), "a/b, silence: no")
    assert.strictEqual(telling({ pid: 4 }), "pid: 4")
  })

  it("times are written in UTC", () => {
    assert.strictEqual(WallClock.full(Date.UTC(2026, 0, 2, 3, 4, 5), "utc"), "2026-01-02 03:04:05 UTC")
    assert.strictEqual(WallClock.time(Date.UTC(2026, 0, 2, 0, 0, 0), "utc"), "00:00:00")
  })
})

describe("notes of a run", () => {
  it("are lines of key=value", () => {
    const meta = Either.getOrThrow(metaOf("observer = Ada\n\nexposures=120\ndark=false\nid=007\neq=a=b"))
    assert.deepStrictEqual(JSON.parse(meta ?? ""), {
      observer: "Ada",
      exposures: 120,
      dark: false,
      id: "007",
      eq: "a=b"
    })
    assert.deepStrictEqual(metaOf(" \n"), Either.right(undefined))
  })

  it("say which line can't be read", () => {
    assert.deepStrictEqual(metaOf("a=1\nnonsense"), Either.left("Line 2 should be key=value"))
    assert.isTrue(Either.isLeft(metaOf("=1")))
  })
})

describe("Activity", () => {
  it("counts by steps and forgets what is past", () => {
    const activity = new Activity()
    const now = 1_000 * stepMillis
    activity.add(now)
    activity.add(now - stepMillis)
    activity.add(now - stepMillis)
    const bars = activity.upTo(now)
    assert.strictEqual(bars.length, steps)
    assert.deepStrictEqual(
      bars.slice(-2).map(({ events }) => events),
      [2, 1]
    )
    for (let step = 0; step < 10 * steps; step++) activity.add(now + step * stepMillis)
    assert.strictEqual(
      activity.upTo(now + 10 * steps * stepMillis).reduce((sum, { events }) => sum + events, 0),
      steps - 1
    )
  })
})
