import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Emitter } from "../../src/procedure/Procedure.js"
import { SystemChecks } from "../../src/plugins/procedure/SystemChecks.js"
import { builtIn } from "../../src/plugins/Registry.js"
import { suite } from "../conformance/ProcedureSuite.js"
import * as ProcedureGround from "../support/ProcedureGround.js"
import * as RecordingEmitter from "../support/RecordingEmitter.js"

// One that needs a device can't be run without: it has tests of its own.
suite(
  "that come with Outpost",
  builtIn.filter(({ name }) => name !== "serial-lines")
)

/** One life of one run. */
const events = (settings: unknown) =>
  Effect.gen(function* () {
    const { emitter, events } = RecordingEmitter.make()
    const run = yield* SystemChecks.prepare(settings)
    yield* Effect.provideService(run, Emitter, emitter)
    return events
  }).pipe(Effect.provide(ProcedureGround.layerDetached))

const fieldsOf: Readonly<Record<string, ReadonlyArray<string>>> = {
  "system.load": ["cpu_percent", "user_percent", "system_percent", "load_1", "load_5", "load_15"],
  "system.memory": ["total", "available", "used_percent", "swap_used"],
  "system.disk": ["mount", "size", "free", "used_percent"],
  "system.network": ["received_per_second", "sent_per_second", "received", "sent", "errors"],
  "system.uptime": ["seconds"]
}

describe("system-checks", () => {
  it.scopedLive("one run emits the five events, of finite numbers or null, percentages from 0 to 100", () =>
    Effect.gen(function* () {
      const emitted = yield* events({})
      assert.deepStrictEqual(
        emitted.map(({ type }) => type),
        Object.keys(fieldsOf)
      )
      for (const { data, type } of emitted) {
        // What is lost in JSON (NaN, undefined, a function) differs afterwards.
        assert.deepStrictEqual(JSON.parse(JSON.stringify(data)), data, type)
        assert.sameMembers(Object.keys(data as object), [...(fieldsOf[type] ?? [])], type)
        for (const [field, value] of Object.entries(data as object)) {
          if (field === "mount") assert.match(String(value), /^(\/.*|null)$/)
          else if (value !== null) {
            assert.isTrue(Number.isFinite(value), `${type}.${field}: ${String(value)}`)
            assert.isAtLeast(value, 0, `${type}.${field}`)
            if (field.endsWith("_percent")) assert.isAtMost(value, 100, `${type}.${field}`)
          }
        }
      }
      const read = (type: string) => emitted.find((event) => event.type === type)?.data as Record<string, number>
      assert.isAbove(read("system.memory")["total"] ?? 0, 2 ** 20)
      assert.isAtMost(read("system.memory")["available"] ?? 0, read("system.memory")["total"] ?? 0)
      assert.isAbove(read("system.uptime")["seconds"] ?? 0, 0)
    })
  )

  it.scopedLive("`only` says which groups are read, in its order", () =>
    Effect.gen(function* () {
      const table: ReadonlyArray<ReadonlyArray<string>> = [["uptime"], ["memory", "load"], []]
      for (const only of table)
        assert.deepStrictEqual(
          (yield* events({ only })).map(({ type }) => type),
          only.map((group) => `system.${group}`)
        )
    })
  )

  it.scoped("a setting it does not know, or a group, is Misconfigured and named", () =>
    Effect.gen(function* () {
      const table: ReadonlyArray<readonly [object, string]> = [
        [{ onyl: ["load"] }, "onyl"],
        [{ only: ["load", "gpu"] }, 'only.1 must be "load"'],
        [{ only: "load" }, "only must be"]
      ]
      for (const [settings, named] of table) {
        const error = yield* Effect.flip(SystemChecks.prepare(settings))
        assert.strictEqual(error.reason, "Misconfigured")
        assert.include(error.message, named)
      }
    }).pipe(Effect.provide(ProcedureGround.layerDetached))
  )
})
