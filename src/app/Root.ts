/** The root of the supervision tree of a site: everything that runs is a child of it, or of one of its branches. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ChildSpec } from "../actor/ChildSpec.js"
import type { SupervisionTree } from "../actor/SupervisionTree.js"
import type { StartFailed } from "../actor/SupervisorError.js"
import * as Supervisor from "../actor/Supervisor.js"
import type { TelemetryStore } from "../telemetry/TelemetryStore.js"
import { SystemLog } from "./SystemLog.js"

export class Root extends Context.Tag("outpost/app/Root")<Root, Supervisor.Supervisor>() {}

/**
 * Without children. Those it has when the scope closes are stopped, last added first; what they then had to tell is in the
 * system stream before the stores close.
 */
export const layer: Layer.Layer<Root, never, SupervisionTree | SystemLog | TelemetryStore> = Layer.scoped(
  Root,
  Effect.gen(function* () {
    const system = yield* SystemLog
    yield* Effect.addFinalizer(() => system.flush)
    return yield* Effect.orDie(Supervisor.make({}))
  })
)

/** A child for as long as the site is open. */
export const add = <R>(spec: ChildSpec<R>): Effect.Effect<void, StartFailed, Root | R> =>
  Effect.flatMap(Root, (root) => Effect.catchTag(root.add(spec), "DuplicateChild", Effect.die))
