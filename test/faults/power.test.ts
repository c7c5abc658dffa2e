/**
 * The power is cut at a random call of a simulated disk, which keeps of the unsynced what a drive might: nothing that was
 * acknowledged is lost, no number stands twice, and appending goes on. These tests find a missing sync and an answer that
 * comes before the commit; `scripts/mutation-check.mjs` proves it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as fs from "node:fs"
import { join } from "node:path"
import { randomFrom, rounds } from "../support/Crashes.js"
import { SimulatedDisk } from "../support/SimulatedDisk.js"
import { open, openAbandoned, temporaryDirectory } from "../support/Store.js"

const seedBase = Number(process.env["OUTPOST_FAULT_SEED"] ?? 1)

interface Told {
  readonly id: string
  readonly seq: number
  readonly stored: boolean
  readonly run: boolean
}

const linesIn = (directory: string): ReadonlyArray<{ seq: number; stream: string; data: { id: string } }> =>
  fs
    .readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => /^site_\d+\.ndjson$|^\d+\/telemetry\.ndjson$/.test(name))
    .sort()
    .flatMap((name) => fs.readFileSync(join(directory, name), "utf8").split("\n").slice(0, -1))
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as { seq: number; stream: string; data: { id: string } }]
      } catch {
        return []
      }
    })

const history = (seed: number) =>
  Effect.gen(function* () {
    const dice = randomFrom(seed)
    const before = yield* temporaryDirectory
    const after = yield* temporaryDirectory
    const disk = new SimulatedDisk()
    const { store } = yield* openAbandoned(before, { disk, checkpointInterval: "30 millis", blockBytes: 4_096 })
    const told: Array<Told> = []
    let running = false
    disk.dieAt = disk.calls + 5 + Math.floor(dice() * 400)

    const writer = (name: string) =>
      Effect.gen(function* () {
        for (let k = 0; k < 60 && !disk.isDead; k++) {
          const id = `${name}-${k}`
          const stored = dice() < 0.9
          const ack = yield* store.post(
            Buffer.from(
              JSON.stringify({
                type: name,
                data: { id, pad: "p".repeat(dice() * 900) },
                make_current: dice() < 0.8,
                store_permanently: stored
              })
            )
          )
          const { meta, seq } = JSON.parse(ack) as { seq: number; meta: { run_id?: string } }
          told.push({ id, seq, stored, run: meta.run_id !== undefined })
        }
      })
    const runner = Effect.gen(function* () {
      for (let k = 0; k < 20 && !disk.isDead; k++) {
        yield* Effect.sleep(Math.floor(dice() * 5))
        const id = String(k).padStart(3, "0")
        const record = join(before, ".outpost", "runs.jsonl")
        yield* running
          ? store.closeRun(record, () => `{"stopped":${k}}\n`)
          : store.openRun({ runId: id, path: join(before, id, "telemetry.ndjson") }, record, () => `{"started":${k}}\n`)
        running = !running
      }
    })
    const fibers = yield* Effect.forEach([...Array.from({ length: 8 }, (_, k) => writer(`w${k}`)), runner], (effect) =>
      Effect.forkDaemon(effect)
    )
    while (!disk.isDead && told.length < 8 * 60) yield* Effect.sleep("2 millis")
    yield* Effect.sleep("5 millis")
    yield* Effect.forEach(fibers, (fiber) => Fiber.interruptFork(fiber))

    disk.materialiseCut(after, before, dice)
    fs.mkdirSync(join(after, ".outpost"), { recursive: true })
    for (const name of fs.readdirSync(join(before, ".outpost"))) {
      if (name.startsWith("index.sqlite"))
        fs.copyFileSync(join(before, ".outpost", name), join(after, ".outpost", name))
    }
    const again = yield* open(after)
    const files = fs
      .readdirSync(after, { recursive: true, encoding: "utf8" })
      .filter((name) => /^\d+\/telemetry\.ndjson$/.test(name))
    yield* again.adoptRuns({
      files: files.sort().map((name) => ({ path: join(after, name), afterSeq: 0, lastSeq: undefined })),
      active: undefined
    })
    yield* again.post(Buffer.from('{"type":"after","data":{"id":"after"}}'))
    const lines = linesIn(after)
    const places = new Map(lines.map((line) => [line.data.id, line]))
    for (const { id, run, seq, stored } of told) {
      if (!stored) continue
      const line = places.get(id)
      assert.isDefined(line, `seed ${seed}: acknowledged ${id} (number ${seq}) is gone`)
      assert.deepStrictEqual([line?.seq, line?.stream], [seq, run ? "run" : "site"], `seed ${seed}: ${id}`)
    }
    for (const stream of ["site", "run"]) {
      const numbers = lines.filter((line) => line.stream === stream).map((line) => line.seq)
      assert.strictEqual(new Set(numbers).size, numbers.length, `seed ${seed}: a number of ${stream} stands twice`)
    }
    const highest = Math.max(0, ...told.filter((event) => !event.run).map((event) => event.seq))
    assert.isAbove(
      places.get("after")?.seq ?? 0,
      highest,
      `seed ${seed}: the number of an acknowledged event was used again`
    )
    return told.length
  }).pipe(Effect.scoped)

describe("a power cut", () => {
  const count = rounds(8, 200)
  it.live(
    `at ${count} random calls of the disk: nothing acknowledged is lost`,
    () =>
      Effect.gen(function* () {
        // A store whose disk is gone takes its time to close: others go on meanwhile.
        const told = yield* Effect.forEach(
          Array.from({ length: count }, (_, k) => seedBase * 1_000 + k),
          history,
          { concurrency: 8 }
        )
        const acknowledged = told.reduce((sum, events) => sum + events, 0)
        assert.isAbove(acknowledged, count)
        yield* Effect.sync(() => console.log(`power cuts: ${count} histories, ${acknowledged} events acknowledged`))
      }),
    600_000
  )
})
