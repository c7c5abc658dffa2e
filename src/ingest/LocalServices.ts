/** The services of an ensemble that run in this process, for whoever shows or commands them. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { EnsembleLog } from "../assignment/EnsembleLog.js"
import type { Controller } from "./controller/Controller.js"
import type { Ingester } from "./Ingester.js"
import type { Reducer } from "./reducer/Reducer.js"
import type { Worker } from "./worker/Worker.js"

/** A service under its name. There is one controller and one reducer at most; a controller shows the log of its ensemble, too. */
export type LocalService =
  | { readonly kind: "controller"; readonly service: Context.Tag.Service<Controller> }
  | { readonly kind: "log"; readonly service: EnsembleLog["Type"] }
  | { readonly kind: "ingester"; readonly name: string; readonly service: Ingester }
  | { readonly kind: "worker"; readonly name: string; readonly service: Worker }
  | { readonly kind: "reducer"; readonly service: Reducer }

export class LocalServices extends Context.Tag("outpost/LocalServices")<
  LocalServices,
  {
    /** The service is there for as long as the scope lasts; one of the same kind and name before it is no longer shown. */
    readonly register: (service: LocalService) => Effect.Effect<void, never, Scope.Scope>
    readonly controller: Effect.Effect<Option.Option<Context.Tag.Service<Controller>>>
    readonly log: Effect.Effect<Option.Option<EnsembleLog["Type"]>>
    readonly reducer: Effect.Effect<Option.Option<Reducer>>
    /** By name. */
    readonly ingesters: Effect.Effect<ReadonlyArray<Ingester>>
    readonly workers: Effect.Effect<ReadonlyArray<Worker>>
  }
>() {}

export const make: Effect.Effect<Context.Tag.Service<LocalServices>> = Effect.sync(() => {
  const controllers = named<Context.Tag.Service<Controller>>()
  const logs = named<EnsembleLog["Type"]>()
  const reducers = named<Reducer>()
  const ingesters = named<Ingester>()
  const workers = named<Worker>()
  const first = <A>(all: Effect.Effect<ReadonlyArray<A>>) => Effect.map(all, ([one]) => Option.fromNullable(one))
  return {
    register: (local) => {
      switch (local.kind) {
        case "controller":
          return controllers.add("", local.service)
        case "log":
          return logs.add("", local.service)
        case "reducer":
          return reducers.add("", local.service)
        case "ingester":
          return ingesters.add(local.name, local.service)
        case "worker":
          return workers.add(local.name, local.service)
      }
    },
    controller: first(controllers.all),
    log: first(logs.all),
    reducer: first(reducers.all),
    ingesters: ingesters.all,
    workers: workers.all
  }
})

export const layer: Layer.Layer<LocalServices> = Layer.effect(LocalServices, make)

// -----------------------------------------------------------------------------

const named = <A>() => {
  const byName = new Map<string, A>()
  return {
    add: (name: string, service: A) =>
      Effect.acquireRelease(
        Effect.sync(() => void byName.set(name, service)),
        () => Effect.sync(() => byName.get(name) === service && byName.delete(name))
      ),
    all: Effect.sync(() => [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, service]) => service))
  }
}
