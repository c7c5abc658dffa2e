import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Schema, Scope } from "effect"
import { Emitter, make, ProcedureError } from "../../src/procedure/Procedure.js"
import { DurationText } from "../../src/site/Setting.js"
import * as ProcedureGround from "../support/ProcedureGround.js"
import * as RecordingEmitter from "../support/RecordingEmitter.js"

const Settings = Schema.Struct({
  port: Schema.Int,
  wait: Schema.optionalWith(DurationText, { default: () => Duration.seconds(1) })
})

/** A procedure that notes the settings it is prepared with and emits the port. */
const dome = () => {
  const prepared: Array<typeof Settings.Type> = []
  const log: Array<string> = []
  const procedure = make({
    name: "dome",
    description: "Turns the dome",
    settings: Settings,
    prepare: (settings) =>
      Effect.gen(function* () {
        prepared.push(settings)
        yield* Effect.acquireRelease(
          Effect.sync(() => log.push("open")),
          () => Effect.sync(() => log.push("close"))
        )
        return Effect.gen(function* () {
          log.push("run")
          yield* (yield* Emitter).emit({ type: "dome", data: settings.port })
        })
      })
  })
  return { procedure, prepared, log }
}

describe("Procedure.make", () => {
  it("keeps its name and its sentence", () => {
    const { procedure } = dome()
    assert.deepStrictEqual([procedure.name, procedure.description], ["dome", "Turns the dome"])
  })

  it.scoped("hands decoded settings to prepare, with defaults in place", () =>
    Effect.gen(function* () {
      const { prepared, procedure } = dome()
      yield* procedure.prepare({ port: 7 })
      yield* procedure.prepare({ port: 8, wait: "1h30m" })
      assert.deepStrictEqual(
        prepared.map(({ port, wait }) => [port, Duration.toMillis(wait)]),
        [
          [7, 1_000],
          [8, 5_400_000]
        ]
      )
    }).pipe(Effect.provide(ProcedureGround.layerDetached))
  )

  it.scoped("settings that do not decode are Misconfigured, each named, and nothing is prepared", () =>
    Effect.gen(function* () {
      const { log, prepared, procedure } = dome()
      const table: ReadonlyArray<readonly [unknown, ReadonlyArray<string>]> = [
        [{}, ["port "]],
        [{ port: 1.5 }, ["port "]],
        [{ port: 1, prot: 2 }, ["prot "]],
        [{ port: "one", wait: "soon", speed: 3 }, ["port ", "wait ", "speed "]],
        [null, ["not allowed"]]
      ]
      for (const [settings, named] of table) {
        const error = yield* Effect.flip(procedure.prepare(settings))
        assert.deepStrictEqual([error._tag, error.procedure, error.reason], ["ProcedureError", "dome", "Misconfigured"])
        for (const place of named) assert.include(error.detail, place)
        assert.notInclude(error.detail, "\n")
        assert.strictEqual(error.message, `dome: ${error.detail}`)
      }
      assert.deepStrictEqual([prepared, log], [[], []])
    }).pipe(Effect.provide(ProcedureGround.layerDetached))
  )

  it.scoped("a failure of prepare itself is told as it is", () =>
    Effect.gen(function* () {
      const failure = new ProcedureError({ procedure: "dome", reason: "Disconnected", detail: "no answer" })
      const procedure = make({ name: "dome", description: "", settings: Settings, prepare: () => failure })
      assert.strictEqual(yield* Effect.flip(procedure.prepare({ port: 1 })), failure)
    }).pipe(Effect.provide(ProcedureGround.layerDetached))
  )

  it.effect("what prepare acquires lasts over all runs, until the scope closes", () =>
    Effect.gen(function* () {
      const { log, procedure } = dome()
      const { emitter, events } = RecordingEmitter.make()
      const scope = yield* Scope.make()
      const run = yield* Scope.extend(procedure.prepare({ port: 9 }), scope)
      assert.deepStrictEqual(log, ["open"])
      yield* Effect.repeatN(Effect.provideService(run, Emitter, emitter), 1)
      assert.deepStrictEqual(log, ["open", "run", "run"])
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(log, ["open", "run", "run", "close"])
      assert.deepStrictEqual(events, [
        { type: "dome", data: 9 },
        { type: "dome", data: 9 }
      ])
    }).pipe(Effect.provide(ProcedureGround.layerDetached))
  )
})
