/** Random histories against a model: whatever happens in whatever order, what a start finds is what was acknowledged. */
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { rounds } from "../support/Crashes.js"
import { cut, type History, killed, play } from "../support/StoreHistory.js"

/** The same histories in every run; another seed tries others. */
const seed = Number(process.env["OUTPOST_FAULT_SEED"] ?? 1)

const check = async (
  name: string,
  count: number,
  histories: FastCheck.Arbitrary<History>,
  on: "files" | "simulation"
) => {
  let acknowledged = 0
  const property = FastCheck.asyncProperty(histories, async (history) => {
    acknowledged += await play(history, on)
  })
  // The report names the seed and the smallest history found.
  await FastCheck.assert(property, {
    numRuns: count,
    seed,
    interruptAfterTimeLimit: 20 * 60_000
  })
  assert.isAbove(acknowledged, count)
  console.log(`${name}: ${count} histories, ${acknowledged} events acknowledged`)
}

describe("random histories", () => {
  const files = rounds(6, 150)
  it(`${files} on real files, ended in order or killed at a call of the disk`, { timeout: 1_300_000 }, () =>
    check("kills", files, killed, "files")
  )

  const simulated = rounds(10, 60)
  it(`${simulated} on a simulated disk, ended in order, killed, or by a power cut`, { timeout: 1_300_000 }, () =>
    check("power cuts", simulated, cut, "simulation")
  )
})
