/** What `RunOperations` promises, whoever carries it out. The layer begins with no run. */
import { RunOperations } from "../../src/operations/RunOperations.js"
import { assert } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { layer as testLayer } from "../support/SharedLayer.js"

export const suite = <E>(name: string, layer: Layer.Layer<RunOperations, E>) =>
  testLayer(layer, { excludeTestServices: true })(`RunOperations ${name}`, (it) => {
    it.effect("a run is started, shown and stopped", () =>
      Effect.gen(function* () {
        const runs = yield* RunOperations
        assert.deepStrictEqual(yield* runs.active, Option.none())
        const started = yield* runs.start({ runId: "first", metaJson: '{"b":1.0,"1":12345678901234567890}' })
        assert.strictEqual(started.run_id, "first")
        assert.strictEqual(started.metaJson, '{"b":1.0,"1":12345678901234567890,"run_id":"first"}')
        const active = Option.getOrThrow(yield* runs.active)
        assert.deepStrictEqual(
          [active.run_id, active.run_dir, active.metaJson, active.started_at],
          [started.run_id, started.run_dir, started.metaJson, started.started_at]
        )
        const stopped = yield* runs.stop
        assert.deepStrictEqual([stopped.run_id, stopped.metaJson], ["first", started.metaJson])
        const kept = yield* runs.get("first")
        assert.isDefined(kept.stopped_at)
        assert.strictEqual(kept.metaJson, started.metaJson)
      })
    )

    it.effect("a second one is refused with the name of the first", () =>
      Effect.gen(function* () {
        const runs = yield* RunOperations
        yield* runs.start({ runId: "second" })
        const error = yield* Effect.flip(runs.start({ runId: "third" }))
        assert.deepStrictEqual([error._tag, "active" in error && error.active], ["RunAlreadyActive", "second"])
        yield* runs.stop
        const none = yield* Effect.flip(runs.stop)
        assert.strictEqual(none._tag, "NoActiveRun")
      })
    )

    it.effect("an id that climbs is refused with the field, the value and the reason", () =>
      Effect.gen(function* () {
        const runs = yield* RunOperations
        for (const runId of ["../up", "a/b", "nul\0", "ü".repeat(150)]) {
          const error = yield* Effect.flip(runs.start({ runId }))
          assert.isTrue(error._tag === "RunRefused", error._tag)
          if (error._tag !== "RunRefused") continue
          assert.deepStrictEqual([error.field, error.value], ["run_id", runId])
          assert.notStrictEqual(error.reason, "")
        }
        assert.deepStrictEqual(yield* runs.active, Option.none())
      })
    )

    it.effect("a run that never was is told by its id", () =>
      Effect.gen(function* () {
        const runs = yield* RunOperations
        for (const id of ["never", "ne/ver", "ü%"]) {
          const error = yield* Effect.flip(runs.get(id))
          assert.deepStrictEqual([error._tag, "run_id" in error && error.run_id], ["RunNotFound", id])
        }
      })
    )

    it.effect("all runs are listed, newest first", () =>
      Effect.gen(function* () {
        const runs = yield* RunOperations
        yield* runs.start({ runId: "older" })
        yield* runs.stop
        yield* runs.start({ runId: "newer" })
        const [first, second] = yield* runs.list
        assert.deepStrictEqual([first?.run_id, second?.run_id], ["newer", "older"])
        assert.deepStrictEqual([first?.stopped_at === undefined, second?.stopped_at === undefined], [true, false])
        yield* runs.stop
      })
    )
  })
