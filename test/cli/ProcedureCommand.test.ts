import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CommandLine, layer } from "../support/CommandLine.js"

const run = (...words: ReadonlyArray<string>) => Effect.flatMap(CommandLine, (line) => line.run(words))

describe("procedure", () => {
  it.effect("list tells how the runs went, for people and for programs", () =>
    Effect.gen(function* () {
      const { out } = yield* run("procedure", "list")
      assert.match(out, /\nsystem-checks +ready +every 1m/)
      assert.match(out, /\npump +ready +endless +now/)
      assert.match(out, /\ndome +quarantined.*10 restarts, 2 overruns, exit 3, 5 log lines dropped, 1 line refused/)
      const { procedures } = JSON.parse((yield* run("procedure", "list", "--json")).out) as {
        readonly procedures: ReadonlyArray<{ readonly name: string; readonly exit: unknown }>
      }
      assert.deepStrictEqual(
        procedures.map(({ exit, name }) => [name, exit]),
        [
          ["system-checks", null],
          ["pump", null],
          ["dome", { code: 3, signal: null }]
        ]
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("stop, start and restart tell how it is then", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* run("procedure", "stop", "pump")).out, "stopped pump (stopped)\n")
      assert.deepStrictEqual(JSON.parse((yield* run("procedure", "start", "pump", "--json")).out), {
        name: "pump",
        action: "start",
        status: "ready"
      })
      assert.strictEqual((yield* run("procedure", "restart", "pump")).out, "restarted pump (ready)\n")
    }).pipe(Effect.provide(layer))
  )

  it.effect("says what there is where a name is wrong, and why an order was not carried out", () =>
    Effect.gen(function* () {
      const wrong = yield* run("procedure", "stop", "pmup")
      assert.deepStrictEqual(
        [wrong.code, wrong.err.includes("there is no procedure 'pmup'\nhint: did you mean pump?")],
        [3, true]
      )
      const failed = yield* run("procedure", "start", "dome")
      assert.deepStrictEqual([failed.code, failed.err.includes("dome: it did not start")], [1, true])
    }).pipe(Effect.provide(layer))
  )
})

describe("state", () => {
  it.effect("show prints the document, or one part of it", () =>
    Effect.gen(function* () {
      assert.match((yield* run("state", "show")).out, /\npump +\{"on":true\}/)
      assert.deepStrictEqual(JSON.parse((yield* run("state", "show", "--json")).out), {
        revision: 4,
        parts: { pump: { on: true } }
      })
      assert.deepStrictEqual(JSON.parse((yield* run("state", "show", "pump", "--json")).out), { on: true })
      assert.strictEqual((yield* run("state", "show", "dome")).code, 3)
    }).pipe(Effect.provide(layer))
  )

  it.effect("history prints who changed what, newest first", () =>
    Effect.gen(function* () {
      const { out } = yield* run("state", "history")
      assert.match(out, /\n4 +1970-01-01 .* pump +pump +\{"on":true\}\n2 /)
      const { changes } = JSON.parse((yield* run("state", "history", "--before", "4", "--json")).out) as {
        readonly changes: ReadonlyArray<unknown>
      }
      assert.lengthOf(changes, 1)
      assert.strictEqual((yield* run("state", "history", "--part", "nothing")).out, "no changes\n")
    }).pipe(Effect.provide(layer))
  )
})
