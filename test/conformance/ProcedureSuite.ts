/** What every procedure that ships keeps to: how it introduces itself, and that its runs end and begin again at will. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Fiber } from "effect"
import { Emitter, type Procedure } from "../../src/procedure/Procedure.js"
import { ProcedureName } from "../../src/procedure/Settings.js"
import * as ProcedureGround from "../support/ProcedureGround.js"
import * as RecordingEmitter from "../support/RecordingEmitter.js"
import * as Schema from "effect/Schema"

/** A run that is interrupted must be gone by then. */
const patience = Duration.seconds(5)

export const suite = (name: string, procedures: ReadonlyArray<Procedure>) =>
  describe(`Procedures ${name}`, () => {
    it("there are some, and no two have one name", () => {
      const names = procedures.map((procedure) => procedure.name)
      assert.isAbove(names.length, 0)
      assert.deepStrictEqual(names, [...new Set(names)])
    })

    for (const procedure of procedures) {
      it(`${procedure.name} has a name for the config and one sentence for people`, () => {
        assert.isTrue(Schema.is(ProcedureName)(procedure.name), procedure.name)
        assert.match(procedure.description, /^[A-Z][^\n]{8,120}[^.\s]$/)
      })

      it.scoped(`${procedure.name} is content with empty settings, and names one it does not know`, () =>
        Effect.gen(function* () {
          yield* procedure.prepare({})
          const error = yield* Effect.flip(procedure.prepare({ "no-such-setting": 1 }))
          assert.deepStrictEqual([error.procedure, error.reason], [procedure.name, "Misconfigured"])
          assert.include(error.detail, "no-such-setting")
        }).pipe(Effect.provide(ProcedureGround.layerDetached))
      )

      it.scopedLive(`${procedure.name} can be interrupted in a run, and run again in the same life`, () =>
        Effect.gen(function* () {
          const run = yield* procedure.prepare({})
          const emitting = RecordingEmitter.make()
          const refused = RecordingEmitter.make(false)
          const into = (into: typeof emitting) => Effect.provideService(run, Emitter, into.emitter)

          const fiber = yield* Effect.fork(into(RecordingEmitter.make()))
          yield* Effect.yieldNow()
          const [took, exit] = yield* Effect.timed(Fiber.interrupt(fiber))
          // One that needs no time has ended before.
          if (exit._tag === "Failure") assert.isTrue(Cause.isInterruptedOnly(exit.cause))
          assert.isTrue(Duration.lessThan(took, patience), Duration.format(took))

          yield* into(emitting)
          // A disk that refuses events is no failure of the procedure.
          yield* into(refused)
          assert.deepStrictEqual(
            refused.events.map(({ type }) => type),
            emitting.events.map(({ type }) => type)
          )
        }).pipe(Effect.provide(ProcedureGround.layerDetached))
      )
    }
  })
