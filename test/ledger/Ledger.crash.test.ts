/**
 * A ledger whose machine goes down at a random call to the disk: what was acknowledged is in the file that is left, whichever
 * of the other writes, blocks and names came through; and the ledger takes rows again.
 */
import { NodeContext } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Effect, Exit, Logger, Scope } from "effect"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Ledger from "../../src/ledger/Ledger.js"
import { make } from "../../src/ledger/LedgerRow.js"
import * as LedgerText from "../../src/ledger/LedgerText.js"
import { SimulatedDisk } from "../support/SimulatedDisk.js"

/** What it finds at each opening is no news here. */
const quiet = Logger.remove(Logger.defaultLogger)

const window = (n: number) => ({ start: n * 60_000, end: (n + 1) * 60_000 })

/** Rows of all lengths, some longer than a block, with what needs quotes. */
const row = (n: number) =>
  make({
    run_id: `r${n}`,
    window_start_utc: LedgerText.edge(window(n).start),
    window_end_utc: LedgerText.edge(window(n).end),
    status: "SKIPPED_NO_DATA",
    sensor_id: "s",
    error_message: n % 3 === 0 ? `none, "really"\r\n${"é".repeat(n % 400)}` : "",
    started_at_utc: LedgerText.instant(n)
  })

/** Numbers from 0 to 1 that are the same for the same seed. */
const diceOf = (seed: number) => {
  let state = seed * 2_654_435_761
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x297a2d39) | 0
    return ((state ^ (state >>> 12)) >>> 0) / 2 ** 32
  }
}

const open = (path: string, disk?: SimulatedDisk) =>
  Effect.flatMap(Scope.make(), (scope) =>
    Effect.map(Scope.extend(Ledger.make(path, disk), scope), (ledger) => ({ ledger, scope }))
  ).pipe(Effect.provide(NodeContext.layer))

const round = (seed: number, directory: string, how: "killed" | "cut") =>
  Effect.gen(function* () {
    const dice = diceOf(seed)
    const disk = new SimulatedDisk()
    disk.dieAt = 4 + Math.floor(dice() * 90)
    const acked: Array<number> = []
    // Its scope stays open: a dead disk never answers the last write that closing waits for.
    const { ledger } = yield* open("/site/x.csv", disk)
    yield* Effect.raceFirst(
      Effect.forEach(
        Array.from({ length: 6 }),
        (_, writer) =>
          Effect.forEach(
            Array.from({ length: 20 }),
            (_, k) => {
              const n = k * 6 + writer
              return Effect.tap(ledger.append(row(n)), () => void acked.push(n))
            },
            { discard: true }
          ),
        { concurrency: "unbounded", discard: true }
      ),
      Effect.promise(() => disk.died)
    )
    disk.halt()
    if (how === "cut") disk.materialiseCut(directory, "/site", dice)
    else disk.materialiseKilled(directory, "/site")
    const path = join(directory, "x.csv")
    const left = fs.existsSync(path) ? fs.readFileSync(path) : Buffer.alloc(0)
    const after = yield* open(path)
    const lost = yield* Effect.filter(acked, (n) =>
      Effect.map(after.ledger.chunk("s", window(n)), (found) => found._tag === "None")
    )
    assert.deepStrictEqual(lost, [], `seed ${seed}`)
    yield* after.ledger.append(row(5_000))
    yield* Scope.close(after.scope, Exit.void)
    assert.isTrue(fs.readFileSync(path).subarray(0, left.length).equals(left), `seed ${seed}: old bytes were changed`)
    const again = yield* Ledger.read(path)
    for (const n of [...acked, 5_000]) {
      assert.strictEqual((yield* again.chunk("s", window(n)))._tag, "Some", `seed ${seed}, row ${n}`)
    }
    return acked.length
  })

it.each(["killed", "cut"] as const)("%s: no acknowledged row is lost", async (how) => {
  const acked: Array<number> = []
  for (let seed = 1; seed <= 30; seed++) {
    const directory = fs.mkdtempSync(join(tmpdir(), "outpost-ledger-crash-"))
    acked.push(await Effect.runPromise(Effect.provide(round(seed, directory, how), quiet)))
    fs.rmSync(directory, { recursive: true })
  }
  assert.isAbove(acked.filter((count) => count > 0).length, 15)
})
