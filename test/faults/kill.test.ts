/** The server is killed under load, at random moments and at every named step; nothing that was acknowledged is lost. */
import { assert, describe, it } from "vitest"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { hammer, Ledger, live, randomFrom, rounds, sample } from "../support/Crashes.js"
import { run } from "../support/OutpostProcess.js"

const seed = Number(process.env["OUTPOST_FAULT_SEED"] ?? 1)
const minutes = 60_000

const newSite = (): string => {
  const site = mkdtempSync(join(tmpdir(), "outpost-kill-"))
  writeFileSync(join(site, "outpost.yaml"), "telemetry:\n  checkpoint_interval: 1s\n  block_bytes: 16 KiB\n")
  return site
}

describe("kill -9", () => {
  const count = rounds(2, 50)
  it(`${count} times at random moments, 64 writers`, { timeout: (2 + count) * minutes }, async () => {
    const site = newSite()
    const random = randomFrom(seed)
    const ledger = new Ledger()
    const starts: Array<number> = []
    let acked = 0
    try {
      let server = await live(site)
      for (let k = 0; k < count; k++) {
        const runs = k % 2 === 1
        const under = hammer(server.url, { writers: 64, runs, random })
        await new Promise((resolve) => setTimeout(resolve, 150 + random() * 1_000))
        server.process.child.kill("SIGKILL")
        const round = await under
        await server.process.ended
        acked += round.acked.length
        server = await live(site)
        starts.push(server.readyAfter)
        await ledger.check(server.url, round, runs)
        if (runs) await fetch(`${server.url}/run/stop`, { method: "POST" })
      }
      server.process.child.kill("SIGTERM")
      assert.strictEqual((await server.process.ended).code, 0)
      const verified = await run(["verify", "--site", site, "--json"])
      assert.strictEqual(verified.code, 0, verified.out + verified.err)
      assert.isAbove(acked, 0)
      const sorted = starts.sort((a, b) => a - b)
      console.log(
        `kill -9: ${count} rounds, ${acked} events acknowledged, ready again after ${sorted[sorted.length >> 1]?.toFixed(0)} ms (worst ${sorted[sorted.length - 1]?.toFixed(0)} ms)`
      )
    } finally {
      rmSync(site, { recursive: true, force: true })
    }
  })
})

/** Listens; where the step came before that, as on a slow machine, it dies at a later one. */
const doomedAt = async (site: string, step: string, often: number): ReturnType<typeof live> => {
  try {
    return await live(site, { OUTPOST_FAILPOINT: `${step}:${often}` })
  } catch (early) {
    if (!String(early).includes("SIGKILL")) throw early
    return doomedAt(site, step, often * 2)
  }
}

describe("kill -9 at a step", () => {
  const steps = [
    "commit.begin",
    "commit.opened",
    "commit.written",
    "commit.synced",
    "commit.acknowledged",
    "rotate.closed",
    "checkpoint.begin",
    "checkpoint.saved",
    "checkpoint.durable",
    "checkpoint.cleaned"
  ]
  const occurrences = rounds(1, 5)
  for (const step of sample(steps, 3)) {
    it(`${step}, ${occurrences} of its occurrences`, { timeout: (2 + occurrences) * minutes }, async () => {
      const site = newSite()
      const random = randomFrom(seed + step.length)
      const ledger = new Ledger()
      try {
        for (let k = 0; k < occurrences; k++) {
          const often = step.startsWith("commit")
            ? 20 + Math.floor(random() * 200)
            : step.startsWith("rotate")
              ? 1 + k
              : 3 + k
          const doomed = await doomedAt(site, step, often)
          const round = await hammer(doomed.url, { writers: 16, runs: true, random })
          assert.strictEqual((await doomed.process.ended).code, "SIGKILL")
          const server = await live(site)
          await ledger.check(server.url, round, true)
          await fetch(`${server.url}/run/stop`, { method: "POST" })
          server.process.child.kill("SIGTERM")
          await server.process.ended
        }
      } finally {
        rmSync(site, { recursive: true, force: true })
      }
    })
  }
})
