import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import * as fs from "node:fs"
import { join } from "node:path"
import type { Condition } from "../../src/domain/Alarm.js"
import * as Alarms from "../../src/health/Alarms.js"
import { temporaryDirectory } from "../support/Store.js"

const disk: Condition = { key: "disk", severity: "error", summary: "1 MiB left" }
const clock: Condition = { key: "clock", severity: "warning", summary: "set by 3 s" }

const names = (changes: ReadonlyArray<{ readonly _tag: string; readonly alarm: { readonly key: string } }>) =>
  changes.map(({ _tag, alarm }) => `${_tag} ${alarm.key}`)

describe("alarms", () => {
  it.scoped("are raised once and cleared once, and keep the time at which they were raised", () =>
    Effect.gen(function* () {
      const alarms = yield* Alarms.make(join(yield* temporaryDirectory, "alarms.json"))
      yield* TestClock.setTime(1_000)
      assert.deepStrictEqual(names(yield* alarms.settle([disk])), ["Raised disk"])
      yield* TestClock.setTime(2_000)
      assert.deepStrictEqual(names(yield* alarms.settle([{ ...disk, summary: "half a MiB left" }, clock])), [
        "Raised clock"
      ])
      assert.deepStrictEqual(
        (yield* alarms.active).map(({ key, since, summary }) => [key, since, summary]),
        [
          ["disk", 1_000, "half a MiB left"],
          ["clock", 2_000, "set by 3 s"]
        ]
      )
      assert.deepStrictEqual(names(yield* alarms.settle([clock])), ["Cleared disk"])
      assert.deepStrictEqual(names(yield* alarms.settle([clock])), [])
      assert.deepStrictEqual(names(yield* alarms.settle([])), ["Cleared clock"])
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("are neither raised again nor forgotten by a restart", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "alarms.json")
      yield* TestClock.setTime(5_000)
      yield* (yield* Alarms.make(path)).settle([disk, clock])
      yield* TestClock.setTime(9_000)
      const next = yield* Alarms.make(path)
      assert.deepStrictEqual(names(yield* next.settle([disk])), ["Cleared clock"])
      assert.strictEqual((yield* next.active)[0]?.since, 5_000)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a file that is no list of alarms counts as none raised, and is written anew", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "alarms.json")
      for (const text of ["", "{", '[{"key":1}]', "[]x"]) {
        fs.writeFileSync(path, text)
        const alarms = yield* Alarms.make(path)
        assert.deepStrictEqual(yield* alarms.active, [])
        assert.deepStrictEqual(names(yield* alarms.settle([disk])), ["Raised disk"])
        assert.deepStrictEqual(
          (yield* (yield* Alarms.make(path)).active).map(({ key }) => key),
          ["disk"]
        )
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("are raised also where the disk does not take the file", () =>
    Effect.gen(function* () {
      const alarms = yield* Alarms.make(join(yield* temporaryDirectory, "no such directory", "alarms.json"))
      assert.deepStrictEqual(names(yield* alarms.settle([disk])), ["Raised disk"])
      assert.deepStrictEqual(names(yield* alarms.settle([disk])), [])
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
