/** Dumps on real disks that fill up, and in processes that are killed: what is in the file is whole. */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type DumpEntry, DumpScanner } from "../../src/ingest/archive/DumpScanner.js"
import * as DumpWriter from "../../src/ingest/archive/DumpWriter.js"
import { rounds } from "../support/Crashes.js"

const entriesOf = (path: string): ReadonlyArray<DumpEntry> => {
  const scanner = new DumpScanner()
  return [...scanner.push(fs.readFileSync(path)), ...scanner.finish()]
}

const eventsOf = (entries: ReadonlyArray<DumpEntry>) =>
  entries.flatMap((entry) => (entry._tag === "Record" ? [entry.record.event] : []))

const counting = (length: number) => Array.from({ length }, (_, n) => n)

const turn = () => new Promise((resolve) => setImmediate(resolve))

const frame = [{ name: "cam", typ: "STINS", parts: [Buffer.from("{}"), Buffer.alloc(50_000, 7)] }]

/** Dumps so many events of 50 kB; says how it ended and the longest that the loop was kept from other work. */
const dump = async (path: string, count: number) => {
  const alarms: Array<DumpWriter.DumpStopped> = []
  const scope = await Effect.runPromise(Scope.make())
  const onStopped = (alarm: DumpWriter.DumpStopped) => Effect.sync(() => alarms.push(alarm))
  const writer = await Effect.runPromise(Scope.extend(DumpWriter.make({ path, onStopped }), scope))
  let longest = 0
  for (let event = 0; event < count; event++) {
    const begin = performance.now()
    writer.offer(event, frame)
    longest = Math.max(longest, performance.now() - begin)
    await turn()
  }
  await Effect.runPromise(Scope.close(scope, Exit.void))
  return { alarms, longest, status: await Effect.runPromise(writer.status) }
}

describe("dranspose weak point 10: a full disk", () => {
  const mount = fs.mkdtempSync(join(tmpdir(), "outpost-dump-full-"))
  let mounted = false
  beforeAll(() => {
    mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", mount]).status === 0
  })
  afterAll(() => {
    if (mounted) spawnSync("umount", [mount])
    fs.rmSync(mount, { recursive: true, force: true })
  })

  const times = rounds(2, 20)
  it(
    `ends the dump behind its last whole record, ${times} times, and never the scan`,
    { timeout: 120_000 },
    async (context) => {
      if (!mounted) {
        console.warn("SKIPPED: a tmpfs can't be mounted here (root is needed)")
        return context.skip()
      }
      for (let round = 0; round < times; round++) {
        const path = join(mount, `${round}.cbors`)
        const { alarms, longest, status } = await dump(path, 400)
        assert.deepStrictEqual(
          alarms.map(({ reason }) => reason),
          ["DiskFailed"]
        )
        assert.include(alarms[0]?.detail ?? "", "ENOSPC")
        assert.isBelow(longest, 250)
        const entries = entriesOf(path)
        assert.isTrue(
          entries.every(({ _tag }) => _tag === "Record"),
          "the file ends within a record"
        )
        assert.deepStrictEqual(eventsOf(entries), counting(status.records))
        assert.isAbove(status.records, 50)
        assert.strictEqual(status.records + status.skipped, 400)
        fs.rmSync(path)
        const next = await dump(join(mount, "next.cbors"), 20)
        assert.lengthOf(next.alarms, 0)
        assert.deepStrictEqual(eventsOf(entriesOf(join(mount, "next.cbors"))), counting(20))
        fs.rmSync(join(mount, "next.cbors"))
      }
    }
  )
})

describe("dranspose weak point 10: kill -9 while dumping", () => {
  const place = fs.mkdtempSync(join(tmpdir(), "outpost-dump-kill-"))
  afterAll(() => fs.rmSync(place, { recursive: true, force: true }))

  /** Starts a process that dumps, and kills it when the file has grown by so many bytes. */
  const killed = async (path: string, bytes: number, growth: number) => {
    const script = join(import.meta.dirname, "../support/dumpingProcess.ts")
    const child = spawn(process.execPath, ["--import", "tsx", script, path, String(bytes)], {
      stdio: ["ignore", "ignore", "inherit"]
    })
    const ended = once(child, "exit")
    const sizeOf = () => fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0
    const before = sizeOf()
    while (sizeOf() < before + growth) {
      assert.isNull(child.exitCode, "it has ended by itself")
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    child.kill("SIGKILL")
    await ended
  }

  const times = rounds(1, 30)
  it(
    `leaves a file that is read up to the last whole record, ${times} times, and can be appended to`,
    { timeout: 300_000 },
    async () => {
      for (let round = 0; round < times; round++) {
        const path = join(place, `${round}.cbors`)
        const bytes = [60_000, 200, 3_000_000][round % 3] ?? 1
        await killed(path, bytes, 100_000)
        const entries = entriesOf(path)
        const whole = eventsOf(entries)
        assert.deepStrictEqual(whole, counting(whole.length))
        // What is torn is the last thing in the file, and no more than one record.
        assert.isTrue(entries.slice(0, -1).every(({ _tag }) => _tag === "Record"))
        const last = entries.at(-1)
        assert.strictEqual((last?.offset ?? 0) + (last?.length ?? 0), fs.statSync(path).size)
        assert.isBelow(last?.length ?? 0, bytes + 200)

        const { alarms } = await dump(path, 20)
        assert.lengthOf(alarms, 0)
        assert.deepStrictEqual(eventsOf(entriesOf(path)), [...whole, ...counting(20)])
        fs.rmSync(path)
      }
    }
  )
})
