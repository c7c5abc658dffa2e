/**
 * The services of a streaming ensemble that run on this site: what the config section `ingest` asks for, each a child of the
 * branch `ensemble` of the supervision tree. A service is restarted when its own entry changes, all of them when they are to
 * meet elsewhere.
 */
import * as NodeCommandExecutor from "@effect/platform-node/NodeCommandExecutor"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { resolve } from "node:path"
import * as ChildSpec from "../actor/ChildSpec.js"
import * as NestedSupervisor from "../actor/NestedSupervisor.js"
import * as Self from "../actor/Self.js"
import type { SupervisionTree } from "../actor/SupervisionTree.js"
import type { ScanSummary } from "../ingest/controller/ScanSummary.js"
import type * as LocalServices from "../ingest/LocalServices.js"
import { IngestSettings } from "../ingest/Settings.js"
import { sources } from "../plugins/source/Sources.js"
import type { RunContext } from "../run/RunContext.js"
import type { Redaction } from "../site/Redaction.js"
import type { Secrets } from "../site/Secrets.js"
import { Site } from "../site/Site.js"
import * as SourceRegistry from "../source/SourceRegistry.js"
import { TelemetryStore } from "../telemetry/TelemetryStore.js"
import { ConfigFile } from "./ConfigFile.js"
import * as EnsembleFabric from "./EnsembleFabric.js"
import * as EnsembleServices from "./EnsembleServices.js"
import { Root } from "./Root.js"
import * as RunScan from "./RunScan.js"

export class Ensemble extends Context.Tag("outpost/app/Ensemble")<
  Ensemble,
  {
    /** Brings what runs to the config in force. With `idle` nothing starts by itself, and every service can be started. */
    readonly reconcile: (options: { readonly idle: boolean }) => Effect.Effect<void>
  }
>() {}

type Needs =
  | ConfigFile
  | FileSystem.FileSystem
  | LocalServices.LocalServices
  | Path.Path
  | Redaction
  | Root
  | RunContext
  | Secrets
  | Site
  | SupervisionTree
  | TelemetryStore

/** Nothing runs before the first `reconcile`. */
export const layer: Layer.Layer<Ensemble, never, Needs> = Layer.scoped(
  Ensemble,
  Effect.gen(function* () {
    const config = yield* ConfigFile
    const context = yield* Effect.context<Needs>()
    const outer = yield* Effect.scope
    const supervisor = yield* Effect.orDie(NestedSupervisor.nest(yield* Root, "ensemble", {}))
    let before = new IngestSettings({})
    let ground = yield* meetAt(before, outer)

    const reconcile = Effect.fnUntraced(function* ({ idle }: { readonly idle: boolean }) {
      const now = yield* config.slice("ingest")
      const next = new Map(servicesOf(now).map((service) => [service.id, service]))
      const elsewhere = !sameAddress(before, now)
      for (const { entry, id } of servicesOf(before).reverse()) {
        if (elsewhere || entry !== next.get(id)?.entry) yield* Effect.ignore(supervisor.remove(id))
        else next.delete(id)
      }
      if (elsewhere) {
        yield* Scope.close(ground.scope, Exit.void)
        ground = yield* meetAt(now, outer)
      }
      before = now
      for (const { id, life } of next.values()) {
        yield* supervisor.add(childSpec(id, Effect.provide(life, ground.fabric), idle)).pipe(
          Effect.zipRight(idle ? supervisor.stop(id) : Effect.void),
          Effect.catchAll((error) => Effect.logError(`ensemble/${id}: ${error.message}`))
        )
      }
    })
    const alone = yield* Effect.makeSemaphore(1)
    return { reconcile: (options) => alone.withPermits(1)(Effect.provide(reconcile(options), context)) }
  })
)

// -----------------------------------------------------------------------------

type Life = Effect.Effect<
  unknown,
  EnsembleServices.ServiceError,
  EnsembleServices.Needs | Needs | Self.Self | SourceRegistry.SourceRegistry
>

/** A service that the config asks for. The same entry, as text, is the same service. */
interface Service {
  readonly id: string
  readonly entry: string
  readonly life: Life
}

/** In the order in which they start: who leads first, who brings frames last. */
const servicesOf = (settings: IngestSettings): Array<Service> => {
  const { controller, dump_roots, ingesters, on_worker_loss, reducer, run_map, workers } = settings
  const services: Array<Service> = []
  if (controller) {
    services.push({
      id: "controller",
      entry: JSON.stringify([dump_roots, on_worker_loss, run_map]),
      life: lifeWith(({ directory, onReady, onSummary }) =>
        Effect.gen(function* () {
          const bound = Option.isSome(run_map) ? yield* RunScan.make(resolve(directory, run_map.value)) : RunScan.none
          return yield* EnsembleServices.controller({
            dumpRoots: dump_roots.map((path) => resolve(directory, path)),
            onWorkerLoss: on_worker_loss,
            onSummary: (summary) => Effect.zipRight(onSummary(summary), bound.stored(summary.mapping)),
            beside: bound.follow,
            onReady
          })
        })
      )
    })
  }
  if (Option.isSome(reducer)) {
    const entry = reducer.value
    services.push({
      id: "reducer",
      entry: JSON.stringify(entry),
      life: lifeWith((around) => EnsembleServices.reducer({ ...around, settings: entry }))
    })
  }
  for (const [name, entry] of Object.entries(workers)) {
    services.push({
      id: `worker-${name}`,
      entry: JSON.stringify(entry),
      life: lifeWith((around) => EnsembleServices.worker({ ...around, name, settings: entry }))
    })
  }
  for (const [name, entry] of Object.entries(ingesters)) {
    services.push({
      id: `ingester-${name}`,
      entry: JSON.stringify([entry, dump_roots]),
      life: lifeWith((around) =>
        EnsembleServices.ingester({
          ...around,
          name,
          settings: entry,
          dumpRoots: dump_roots.map((path) => resolve(around.directory, path))
        })
      )
    })
  }
  return services
}

/** What a life on this site is told: where relative paths begin, how it says that it is ready, who keeps what came of a scan. */
interface Around extends EnsembleServices.Telling {
  readonly directory: string
  readonly onSummary: (summary: ScanSummary) => Effect.Effect<void>
}

const lifeWith = <A, E, R>(life: (around: Around) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { directory } = yield* Site
    const self = yield* Effect.context<Self.Self>()
    const store = yield* TelemetryStore
    // A scan that has ended is an event: of the run that is active, else of the site.
    const onSummary = (summary: ScanSummary) =>
      Effect.catchAll(
        Effect.asVoid(store.post(Buffer.from(JSON.stringify({ type: "scan", data: summary })))),
        (error) => Effect.logWarning(`the summary of scan ${summary.mapping} was not stored: ${error.message}`)
      )
    return yield* life({ directory, onSummary, onReady: () => Effect.provide(Self.ready, self) })
  })

/** A service that can't go on is tried again for ever: others of the ensemble come back, too. */
const childSpec = <E, R>(id: string, life: Effect.Effect<unknown, E, R>, idle: boolean) => {
  // On an idle site the first life, which nobody asked for, does nothing until it is stopped; the one that is ordered works.
  let waiting = idle
  return ChildSpec.make({
    id,
    run: Effect.suspend((): Effect.Effect<unknown, E, R | Self.Self> => {
      if (!waiting) return life
      waiting = false
      return Effect.zipRight(Self.ready, Effect.never)
    }).pipe(Effect.provide(registry)),
    ready: "signalled",
    readyWithin: "2 minutes",
    onStartFailure: "retry",
    onIntensity: "quarantine",
    shutdown: "15 seconds"
  })
}

const registry = SourceRegistry.layer(sources).pipe(Layer.provide(NodeCommandExecutor.layer), Layer.orDie)

/** What the services meet at, until the scope is closed. */
const meetAt = Effect.fnUntraced(function* ({ redis }: IngestSettings, outer: Scope.Scope) {
  const scope = yield* Scope.fork(outer, ExecutionStrategy.sequential)
  return { scope, fabric: yield* Layer.buildWithScope(EnsembleFabric.layer(redis), scope) }
})

const sameAddress = (a: IngestSettings, b: IngestSettings): boolean =>
  Option.getEquivalence<Redacted.Redacted>((one, other) => Redacted.value(one) === Redacted.value(other))(
    a.redis,
    b.redis
  )
