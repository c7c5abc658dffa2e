import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { DumpScanner } from "../../../src/ingest/archive/DumpScanner.js"
import * as DumpWriter from "../../../src/ingest/archive/DumpWriter.js"
import type { DumpedStream } from "../../../src/ingest/FrameDump.js"
import { ScriptedDump } from "../../support/ScriptedDump.js"

const frame = (bytes: number): ReadonlyArray<DumpedStream> => [
  { name: "cam", typ: "STINS", parts: [Buffer.from("{}"), Buffer.alloc(bytes, 7)] }
]

const eventsOf = (content: Uint8Array): ReadonlyArray<number> => {
  const scanner = new DumpScanner()
  return [...scanner.push(content), ...scanner.finish()].map((entry) =>
    entry._tag === "Record" ? entry.record.event : assert.fail(entry.reason)
  )
}

/** Lets promises and fibers have their turns. */
const settle = Effect.promise(async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
})

const opened = (disk: ScriptedDump, options: Partial<DumpWriter.Options> = {}) =>
  Effect.gen(function* () {
    const alarms: Array<DumpWriter.DumpStopped> = []
    const scope = yield* Scope.make()
    const writer = yield* Scope.extend(
      DumpWriter.make({
        path: "/dumps/a.cbors",
        disk,
        onStopped: (alarm) => Effect.sync(() => alarms.push(alarm)),
        ...options
      }),
      scope
    )
    return { writer, alarms, end: Scope.close(scope, Exit.void) }
  })

describe("a dump", () => {
  it.effect("holds every record that was offered when it is closed, synced, with the time of each", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_700_000_000_123)
      const disk = new ScriptedDump()
      disk.bite = 1000
      const { alarms, end, writer } = yield* opened(disk)
      for (let event = 0; event < 5000; event++) writer.offer(event, frame(10))
      yield* end
      assert.deepStrictEqual(
        eventsOf(disk.content),
        Array.from({ length: 5000 }, (_, event) => event)
      )
      const scanner = new DumpScanner()
      const [first] = scanner.push(disk.content)
      assert.strictEqual(first?._tag === "Record" && first.record.createdAt, "2023-11-14T22:13:20.123000Z")
      assert.deepStrictEqual([disk.opened, disk.syncs, disk.closed, alarms.length], [1, 1, 1, 0])
      assert.isAtMost(Math.max(...disk.writes), 1024)
      assert.deepInclude(yield* writer.status, { state: "closed", records: 5000, waitingBytes: 0, skipped: 0 })
    })
  )

  it.effect("dranspose weak point 22: leaves no file where nothing was offered", () =>
    Effect.gen(function* () {
      const disk = new ScriptedDump()
      const { end } = yield* opened(disk)
      yield* settle
      yield* end
      assert.strictEqual(disk.opened, 0)
    })
  )

  it.effect("dranspose weak point 10: a disk that hangs keeps nobody waiting, and ends the dump with an alarm", () =>
    Effect.gen(function* () {
      const disk = new ScriptedDump()
      disk.hold()
      const { alarms, end, writer } = yield* opened(disk, { capacity: 100_000 })
      for (let event = 0; event < 500; event++) writer.offer(event, frame(1000))
      yield* settle
      assert.deepStrictEqual(
        alarms.map(({ reason }) => reason),
        ["QueueFull"]
      )
      const { skipped, waitingBytes } = yield* writer.status
      assert.isAtMost(waitingBytes, 100_000)
      disk.release()
      yield* end
      const events = eventsOf(disk.content)
      assert.deepStrictEqual(
        events,
        Array.from({ length: 500 - skipped }, (_, event) => event)
      )
      assert.isAbove(events.length, 50)
    })
  )

  it.effect("dranspose weak point 10: on a full disk it ends behind its last whole record, with one alarm", () =>
    Effect.gen(function* () {
      const disk = new ScriptedDump()
      disk.room = 10_500
      disk.bite = 3000
      const { alarms, end, writer } = yield* opened(disk)
      for (let event = 0; event < 20; event++) writer.offer(event, frame(1000))
      yield* settle
      for (let event = 20; event < 40; event++) writer.offer(event, frame(1000))
      yield* end
      const events = eventsOf(disk.content)
      assert.deepStrictEqual(events, [0, 1, 2, 3, 4, 5, 6, 7, 8])
      assert.lengthOf(alarms, 1)
      assert.deepInclude({ ...alarms[0] }, { reason: "DiskFailed", records: 9, path: "/dumps/a.cbors" })
      assert.include(alarms[0]?.message ?? "", "no space left")
      assert.deepInclude(yield* writer.status, { state: "stopped", records: 9, skipped: 31, waitingBytes: 0 })
      assert.strictEqual(disk.closed, 1)
    })
  )

  it.effect("dranspose weak point 10: is synced every few seconds while it is written", () =>
    Effect.gen(function* () {
      const disk = new ScriptedDump()
      const { end, writer } = yield* opened(disk, { syncEvery: Duration.seconds(5) })
      for (let second = 0; second < 20; second++) {
        writer.offer(second, frame(10))
        yield* settle
        yield* TestClock.adjust("1 second")
        yield* settle
      }
      assert.isAtLeast(disk.syncs, 3)
      assert.isAtMost(disk.syncs, 5)
      const before = disk.syncs
      yield* TestClock.adjust("1 minute")
      yield* settle
      assert.isAtMost(disk.syncs, before + 1)
      yield* end
    })
  )

  it.effect("ends with an alarm where a sync fails: what is on the device is not known any more", () =>
    Effect.gen(function* () {
      const disk = new ScriptedDump()
      disk.failSync = true
      const { alarms, end, writer } = yield* opened(disk)
      writer.offer(1, frame(10))
      yield* end
      assert.deepStrictEqual(
        alarms.map(({ reason }) => reason),
        ["DiskFailed"]
      )
    })
  )

  it.effect("gives up a disk that hangs at the end, in bounded time, and says so", () =>
    Effect.gen(function* () {
      const disk = new ScriptedDump()
      disk.hold()
      const { alarms, end, writer } = yield* opened(disk, { closeWithin: Duration.seconds(3) })
      writer.offer(1, frame(10))
      yield* settle
      const closing = yield* Effect.fork(end)
      yield* settle
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(closing)
      assert.deepStrictEqual(
        alarms.map(({ reason }) => reason),
        ["Unfinished"]
      )
      disk.release()
      yield* settle
      assert.strictEqual(disk.closed, 1)
    })
  )
})
