import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as fs from "node:fs"
import { join } from "node:path"
import * as Journal from "../../src/journal/Journal.js"
import { SimulatedDisk } from "../support/SimulatedDisk.js"
import { temporaryDirectory } from "../support/Store.js"

const codec: Journal.Codec<number> = {
  encode: (n) => Buffer.from(`${n}\n`),
  decode: (line) => (/^\d+$/.test(line) ? Number(line) : undefined)
}

describe("Journal", () => {
  it.scopedLive("a record is in the file when its append returns; a directory is made where there is none", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "deep", "er", "records")
      const journal = yield* Journal.make({ path, codec })
      yield* journal.append(1)
      assert.strictEqual(fs.readFileSync(path, "utf8"), "1\n")
      yield* Effect.forEach([2, 3, 4], journal.append, { concurrency: "unbounded" })
      assert.deepStrictEqual(Journal.parse(fs.readFileSync(path, "utf8"), codec), { records: [1, 2, 3, 4], bad: [] })
    })
  )

  it.scopedLive("fails while the disk does, and goes on when it does", () =>
    Effect.gen(function* () {
      const disk = new SimulatedDisk()
      const journal = yield* Journal.make({ path: "/j", codec, disk })
      disk.fault = (call) => (call === "append" ? { code: "ENOSPC", written: 1 } : undefined)
      const failure = yield* Effect.flip(journal.append(12))
      assert.strictEqual(failure._tag, "StorageFailed")
      assert.include(failure.message, "ENOSPC")
      disk.fault = () => undefined
      yield* journal.append(3)
      assert.strictEqual(disk.text("/j"), "3\n")
    })
  )

  it.scopedLive("refuses what does not fit into its buffer", () =>
    Effect.gen(function* () {
      const journal = yield* Journal.make({ path: "/j", codec, disk: new SimulatedDisk(), capacity: 5 })
      assert.strictEqual((yield* Effect.flip(journal.append(1_000_000)))._tag, "Overloaded")
      yield* journal.append(100)
    })
  )

  it.scopedLive(
    "a caller that is interrupted while it waits does not un-write its record; a close writes what is pending",
    () =>
      Effect.gen(function* () {
        const disk = new SimulatedDisk()
        const scope = yield* Scope.make()
        const journal = yield* Journal.make({ path: "/j", codec, disk }).pipe(Scope.extend(scope))
        const fiber = yield* Effect.fork(journal.append(1))
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(fiber)
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual(disk.text("/j"), "1\n")
        assert.strictEqual(disk.openHandles, 0)
      })
  )

  it("tells records from lines that are none", () => {
    assert.deepStrictEqual(Journal.parse("1\nx\n\n3\n4x\n", codec), { records: [1, 3], bad: [2, 5] })
  })
})
