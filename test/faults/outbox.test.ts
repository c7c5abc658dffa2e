/**
 * The outbox is killed at every step of a commit, while messages are put and drained at the same time: what was acknowledged
 * is archived and reaches the far side, what is done is never sent again, and what is repeated was in flight.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { rounds, sample } from "../support/Crashes.js"
import { drainAll, numberOf, open } from "../support/OutboxSite.js"

const script = join(import.meta.dirname, "../support/outboxProcess.ts")
const steps = ["outbox.begin", "outbox.changed", "outbox.archived", "outbox.committed", "outbox.synced"]
const window = 20

/** What all lives of a directory have told. */
class Told {
  readonly put = new Set<number>()
  readonly sent: Array<number> = []
  readonly done = new Set<number>()
  highest = 0

  /** Answers what this life sent again although it was done, and how many it sent again at all. */
  add(text: string) {
    const earlier = new Set(this.sent)
    const done = new Set(this.done)
    let repeats = 0
    // The process logs there, too.
    for (const [, what, number] of text.matchAll(/^(put|sent|done) (\d+)\n/gm)) {
      const n = Number(number)
      this.highest = Math.max(this.highest, n)
      if (what === "put") this.put.add(n)
      if (what === "done") this.done.add(n)
      if (what !== "sent") continue
      assert.isFalse(done.has(n), `${n} was done, and sent again`)
      if (earlier.has(n)) repeats++
      this.sent.push(n)
    }
    assert.isAtMost(repeats, window)
  }
}

/** One life, from the first number it may use to its death at the step. */
const life = async (directory: string, first: number, failpoint: string): Promise<string> => {
  // A file takes every line at once. A pipe that nobody empties for a moment refuses one, and the child would die of that.
  const told = join(directory, "told")
  const out = openSync(told, "w")
  try {
    const child = spawn(process.execPath, ["--import", "tsx", script, directory, String(first)], {
      stdio: ["ignore", out, "inherit"],
      env: { ...process.env, OUTPOST_FAILPOINT: failpoint }
    })
    const [code, signal] = await once(child, "close")
    const text = readFileSync(told, "utf8")
    assert.strictEqual(signal, "SIGKILL", `it ended by itself with ${code}: ${text.slice(-2_000)}`)
    return text
  } finally {
    closeSync(out)
  }
}

describe("ivy 13: messages stored locally first, not lost: outbox, kill -9", () => {
  const count = rounds(1, 10)
  for (const step of sample(steps, 2)) {
    it(
      `at ${step}, ${count} times: nothing lost, nothing done sent again`,
      { timeout: 60_000 * (1 + count) },
      async () => {
        const directory = mkdtempSync(join(tmpdir(), "outpost-outbox-"))
        const told = new Told()
        try {
          for (let round = 0; round < count; round++) {
            told.add(await life(directory, told.highest + 1_000, `${step}:${15 + round * 7}`))
          }
          assert.isAbove(told.put.size, 0)
          await Effect.runPromise(
            Effect.scoped(
              Effect.gen(function* () {
                const outbox = yield* open(directory)
                const left = (yield* drainAll(yield* outbox.drain("office"))).map(Number)
                assert.deepStrictEqual(
                  left.filter((n) => told.done.has(n)),
                  [],
                  "done, and still there"
                )
                const arrived = new Set([...told.sent, ...left])
                assert.deepStrictEqual(
                  [...told.put].filter((n) => !arrived.has(n)),
                  [],
                  "acknowledged, and never sent"
                )
                const archived = [...(yield* Stream.runCollect(outbox.archived({})))].map((line) =>
                  Number(numberOf(line))
                )
                assert.lengthOf(archived, new Set(archived).size, "archived twice")
                const inArchive = new Set(archived)
                assert.deepStrictEqual(
                  [...told.put].filter((n) => !inArchive.has(n)),
                  [],
                  "acknowledged, not archived"
                )
                assert.deepStrictEqual(
                  archived.filter((n) => !arrived.has(n)),
                  [],
                  "archived, and never queued"
                )
                assert.strictEqual((yield* outbox.stats).messages, 0)
              })
            )
          )
        } finally {
          rmSync(directory, { recursive: true, force: true })
        }
      }
    )
  }
})
