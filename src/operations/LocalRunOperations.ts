/** The verbs of runs in this process. What an operator did is recorded in the system stream. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Run } from "../domain/Run.js"
import { RunContext } from "../run/RunContext.js"
import { TelemetryStore } from "../telemetry/TelemetryStore.js"
import { RunOperations } from "./RunOperations.js"

export const layer: Layer.Layer<RunOperations, never, RunContext | TelemetryStore> = Layer.effect(
  RunOperations,
  Effect.gen(function* () {
    const { active, get, list, start, stop } = yield* RunContext
    const store = yield* TelemetryStore
    // The run itself is recorded elsewhere, durably: this entry may be lost to a full disk.
    const audited = (action: string) => (run: Run) =>
      Effect.ignore(store.postSystem("operator", { action, run_id: run.run_id }))
    return RunOperations.of({
      active,
      get,
      list,
      start: (request) => Effect.tap(start(request), audited("run.start")),
      stop: Effect.tap(stop, audited("run.stop"))
    })
  })
)
