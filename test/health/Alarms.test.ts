import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import * as fs from "node:fs"
import { join } from "node:path"
import type { AlarmChange, Condition } from "../../src/domain/Alarm.js"
import * as Alarms from "../../src/health/Alarms.js"
import { temporaryDirectory } from "../support/Store.js"

const disk: Condition = { key: "disk", severity: "error", summary: "1 MiB left" }
const clock: Condition = { key: "clock", severity: "warning", summary: "set by 3 s" }

/** What is told of these conditions. */
const settled = (alarms: Effect.Effect.Success<ReturnType<typeof Alarms.make>>, conditions: ReadonlyArray<Condition>) =>
  Effect.suspend(() => {
    const told: Array<string> = []
    const tell = ({ _tag, alarm }: AlarmChange) => Effect.sync(() => void told.push(`${_tag} ${alarm.key}`))
    return Effect.as(alarms.settle(conditions, tell), told)
  })

describe("alarms", () => {
  it.scoped("are raised once and cleared once, and keep the time at which they were raised", () =>
    Effect.gen(function* () {
      const alarms = yield* Alarms.make(join(yield* temporaryDirectory, "alarms.json"))
      yield* TestClock.setTime(1_000)
      assert.deepStrictEqual(yield* settled(alarms, [disk]), ["Raised disk"])
      yield* TestClock.setTime(2_000)
      assert.deepStrictEqual(yield* settled(alarms, [{ ...disk, summary: "half a MiB left" }, clock]), ["Raised clock"])
      assert.deepStrictEqual(
        (yield* alarms.active).map(({ key, since, summary }) => [key, since, summary]),
        [
          ["disk", 1_000, "half a MiB left"],
          ["clock", 2_000, "set by 3 s"]
        ]
      )
      assert.deepStrictEqual(yield* settled(alarms, [clock]), ["Cleared disk"])
      assert.deepStrictEqual(yield* settled(alarms, [clock]), [])
      assert.deepStrictEqual(yield* settled(alarms, []), ["Cleared clock"])
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("are neither raised again nor forgotten by a restart", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "alarms.json")
      yield* TestClock.setTime(5_000)
      yield* settled(yield* Alarms.make(path), [disk, clock])
      yield* TestClock.setTime(9_000)
      const next = yield* Alarms.make(path)
      assert.deepStrictEqual(yield* settled(next, [disk]), ["Cleared clock"])
      assert.strictEqual((yield* next.active)[0]?.since, 5_000)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("who is cut off while an alarm is told tells it again", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "alarms.json")
      const alarms = yield* Alarms.make(path)
      yield* Effect.exit(alarms.settle([disk], () => Effect.interrupt))
      assert.deepStrictEqual(yield* settled(yield* Alarms.make(path), [disk]), ["Raised disk"])
      assert.deepStrictEqual(yield* settled(alarms, [disk]), ["Raised disk"])
      assert.deepStrictEqual(yield* settled(alarms, [disk]), [])
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a file that is no list of alarms counts as none raised, and is written anew", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "alarms.json")
      for (const text of ["", "{", '[{"key":1}]', "[]x"]) {
        fs.writeFileSync(path, text)
        const alarms = yield* Alarms.make(path)
        assert.deepStrictEqual(yield* alarms.active, [])
        assert.deepStrictEqual(yield* settled(alarms, [disk]), ["Raised disk"])
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
      assert.deepStrictEqual(yield* settled(alarms, [disk]), ["Raised disk"])
      assert.deepStrictEqual(yield* settled(alarms, [disk]), [])
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
