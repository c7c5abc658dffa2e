import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option } from "effect"
import * as RestartIntensity from "../../src/actor/RestartIntensity.js"

/** All windows after each of these restarts, up to the first that is refused. */
const replay = (intensity: RestartIntensity.RestartIntensity, gaps: ReadonlyArray<number>) => {
  let window = RestartIntensity.empty
  let now = 0
  const allowed: Array<number> = []
  for (const gap of gaps) {
    now += gap
    const next = RestartIntensity.record(intensity, window, now)
    if (Option.isNone(next)) return { allowed, refusedAt: now }
    window = next.value
    allowed.push(now)
  }
  return { allowed, refusedAt: undefined }
}

const intensities = FastCheck.record({
  maxRestarts: FastCheck.integer({ min: 0, max: 12 }),
  within: FastCheck.integer({ min: 1, max: 10_000 })
})
const gaps = FastCheck.array(FastCheck.integer({ min: 0, max: 3_000 }), { maxLength: 60 })

describe("RestartIntensity", () => {
  it("allows so many at once and refuses the next", () => {
    const { allowed, refusedAt } = replay({ maxRestarts: 3, within: "1 second" }, [0, 0, 0, 0])
    assert.strictEqual(allowed.length, 3)
    assert.strictEqual(refusedAt, 0)
  })

  it("counts a restart no longer once it is as old as the window", () => {
    assert.isUndefined(replay({ maxRestarts: 1, within: "1 second" }, [0, 1_000, 1_000]).refusedAt)
    assert.strictEqual(replay({ maxRestarts: 1, within: "1 second" }, [0, 999]).refusedAt, 999)
  })

  it("allows none where none is allowed", () => {
    assert.strictEqual(replay({ maxRestarts: 0, within: "1 hour" }, [5]).refusedAt, 5)
  })

  it.prop("never lets more than maxRestarts fall into one window", [intensities, gaps], ([intensity, steps]) => {
    const { allowed } = replay(intensity, steps)
    for (const at of allowed) {
      const together = allowed.filter((other) => other >= at && other < at + intensity.within)
      assert.isAtMost(together.length, intensity.maxRestarts)
    }
  })

  it.prop("refuses only when the window is full", [intensities, gaps], ([intensity, steps]) => {
    const { allowed, refusedAt } = replay(intensity, steps)
    if (refusedAt === undefined) return
    const recent = allowed.filter((at) => refusedAt - at < intensity.within)
    assert.strictEqual(recent.length, intensity.maxRestarts)
  })

  it.prop("remembers no more than it needs", [intensities, gaps], ([intensity, steps]) => {
    let window = RestartIntensity.empty
    let now = 0
    for (const gap of steps) {
      now += gap
      window = Option.getOrElse(RestartIntensity.record(intensity, window, now), () => window)
      assert.isAtMost(window.length, intensity.maxRestarts)
    }
  })
})
