/**
 * The procedure `random-walk`: two positions that each run moves by one step, up or down, from zero. It shows the way of a
 * measurement without an instrument: an event `random-walk`, and with `message` the same values for the outside.
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { Emitter, make, ProcedureError } from "../../procedure/Procedure.js"
import { setting } from "../../site/Setting.js"

const name = "random-walk"

const Settings = Schema.Struct({
  type: setting(Schema.NonEmptyString, name, "Type of its events"),
  step: setting(Schema.Positive, 1, "How far each run moves"),
  message: setting(Schema.Boolean, false, "Whether the positions are also told to the outside")
})

export const RandomWalk = make({
  name,
  description: "Moves two positions at random, as a measurement without an instrument",
  settings: Settings,
  prepare: ({ message, step, type }) =>
    Effect.gen(function* () {
      const positions = yield* Ref.make({ a: 0, b: 0 })
      const move = Effect.map(Random.nextBoolean, (up) => (up ? step : -step))
      return Effect.gen(function* () {
        const emitter = yield* Emitter
        const [a, b] = yield* Effect.all([move, move])
        const now = yield* Ref.updateAndGet(positions, (old) => ({ a: old.a + a, b: old.b + b }))
        yield* emitter.emit({ type, data: now })
        if (!message) return
        const data = { random_walk_a_position: now.a, random_walk_b_position: now.b }
        yield* Effect.mapError(
          emitter.message({ body: { variant: "data", data } }),
          (error) => new ProcedureError({ procedure: name, reason: "Malformed", detail: error.message })
        )
      })
    })
})
