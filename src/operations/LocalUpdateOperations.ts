/** The verbs of updates in this process. What an operator did is recorded in the system stream. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TelemetryStore } from "../telemetry/TelemetryStore.js"
import { UpdateHost } from "../update/UpdateHost.js"
import { Updater } from "../update/Updater.js"
import { Vitals } from "../update/Vitals.js"
import { UpdateOperations } from "./UpdateOperations.js"

export const layer: Layer.Layer<UpdateOperations, never, Updater | UpdateHost | Vitals | TelemetryStore> = Layer.effect(
  UpdateOperations,
  Effect.gen(function* () {
    const updater = yield* Updater
    const { succession } = yield* UpdateHost
    const vitals = yield* Vitals
    const store = yield* TelemetryStore
    const audited = (action: string, facts: object = {}) =>
      Effect.ignore(store.postSystem("operator", { action, ...facts }))
    // Where no server runs, nobody else carries it out.
    const carried = Effect.when(
      Effect.provideService(updater.finish, Vitals, vitals),
      () => succession._tag === "Later"
    )
    return UpdateOperations.of({
      check: updater.check,
      apply: (version) =>
        updater
          .apply({ version, by: "operator" })
          .pipe(Effect.tap(({ to }) => Effect.zipRight(audited("update.apply", { to }), carried))),
      rollback: Effect.tap(updater.rollback, ({ to }) => audited("update.rollback", { to })),
      status: updater.status
    })
  })
)
