/** What every `UpdateOperations` over the double must answer, in process or over HTTP: no typed error is lost on the way. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import { UpdateOperations } from "../../src/operations/UpdateOperations.js"
import * as UpdateDouble from "../support/UpdateDouble.js"

export const suite = <E>(name: string, layer: Layer.Layer<UpdateOperations, E>) =>
  describe(`UpdateOperations, ${name}`, () => {
    it.scopedLive("status, offers and what is begun come as they are", () =>
      Effect.gen(function* () {
        const updates = yield* UpdateOperations
        assert.deepStrictEqual(yield* updates.status, UpdateDouble.status)
        assert.deepInclude(yield* updates.check(), { version: "1.2.0", refused: null })
        assert.deepInclude(yield* updates.check("1.0.0"), { refused: { reason: "Older", detail: "it is older" } })
        assert.deepInclude(yield* updates.apply(), { to: "1.2.0", by: "operator" })
        assert.deepInclude(yield* updates.apply("1.3.0"), { to: "1.3.0" })
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("failures keep their type and their facts", () =>
      Effect.gen(function* () {
        const updates = yield* UpdateOperations
        const forged = yield* Effect.flip(updates.check(UpdateDouble.forged))
        assert.deepInclude(forged, { _tag: "UpdateFailed", reason: "BadSignature" })
        assert.deepInclude(yield* Effect.flip(updates.apply(UpdateDouble.forged)), { reason: "BadSignature" })
        assert.deepInclude(yield* Effect.flip(updates.apply(UpdateDouble.busy)), {
          _tag: "UpdateBusy",
          version: "1.2.0"
        })
        assert.deepInclude(yield* Effect.flip(updates.apply(UpdateDouble.unlaunched)), { _tag: "NotLaunched" })
        assert.deepInclude(yield* Effect.flip(updates.rollback), { _tag: "NoPreviousVersion" })
      }).pipe(Effect.provide(layer))
    )
  })
