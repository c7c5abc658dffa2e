/**
 * One life of each service of an ensemble, from its settings: it joins, says that it is ready, is shown among the services of
 * this process, and works until it fails or is interrupted.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { randomUUID } from "node:crypto"
import { resolve } from "node:path"
import type { SupervisionTree } from "../actor/SupervisionTree.js"
import type { ControllerActive, EnsembleUnreachable, LockLost } from "../assignment/EnsembleError.js"
import { EnsembleLog } from "../assignment/EnsembleLog.js"
import { Incarnation } from "../assignment/WorkAssignment.js"
import * as FileFrameDump from "../ingest/archive/FileFrameDump.js"
import type { Controller } from "../ingest/controller/Controller.js"
import * as ControllerService from "../ingest/controller/ControllerService.js"
import type { ScanSummary } from "../ingest/controller/ScanSummary.js"
import { ControllerSettings } from "../ingest/controller/ControllerSettings.js"
import * as FrameSums from "../ingest/demo/FrameSums.js"
import * as LivePicture from "../ingest/demo/LivePicture.js"
import type { FrameDump } from "../ingest/FrameDump.js"
import type { TransportFailed } from "../ingest/FrameTransport.js"
import * as Ingester from "../ingest/Ingester.js"
import { LocalServices } from "../ingest/LocalServices.js"
import * as Reducer from "../ingest/reducer/Reducer.js"
import * as ReducerModule from "../ingest/reducer/ReducerModule.js"
import type { IngesterSettings, ReducerSettings, WorkerSettings } from "../ingest/Settings.js"
import { load, unfit, UserCodeFailed } from "../ingest/UserCode.js"
import * as EventRunner from "../ingest/worker/EventRunner.js"
import * as ThreadRunner from "../ingest/worker/ThreadRunner.js"
import * as Worker from "../ingest/worker/Worker.js"
import * as WorkerModule from "../ingest/worker/WorkerModule.js"
import type { Redaction } from "../site/Redaction.js"
import type { SourceError } from "../source/SourceError.js"
import { SourceRegistry } from "../source/SourceRegistry.js"
import type { Fabric } from "./EnsembleFabric.js"
import * as EnsembleLogging from "./EnsembleLogging.js"

/** What a config names as a module is none. Trying again does not help: a person has to. */
export class ModuleUnusable extends Schema.TaggedError<ModuleUnusable>()("ModuleUnusable", {
  reason: Schema.Literal("Misconfigured"),
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

export type ServiceError =
  | ControllerActive
  | EnsembleUnreachable
  | Ingester.ForwardingFailed
  | LockLost
  | ModuleUnusable
  | SourceError
  | TransportFailed

export type Needs = Fabric | FileSystem.FileSystem | Path.Path | LocalServices | Redaction | Scope.Scope

/** What every service is told. */
export interface Telling {
  /** It works, as soon as the ensemble can be reached; `address` is what others connect to, where there is such a thing. */
  readonly onReady: (address: string) => Effect.Effect<void>
  /** The ensemble has heard of it: it takes part. */
  readonly onJoined?: ((address: string) => Effect.Effect<void>) | undefined
}

export interface ControllerOptions<R> extends Telling {
  /** Absolute paths. */
  readonly dumpRoots: ReadonlyArray<string>
  readonly onWorkerLoss: "reassign" | "lose"
  readonly onSummary: (summary: ScanSummary) => Effect.Effect<void>
  /** Runs as long as the controller does. */
  readonly beside: (controller: Context.Tag.Service<Controller>) => Effect.Effect<void, never, R>
}

export const controller = <R>({
  beside,
  dumpRoots,
  onJoined = nobody,
  onReady,
  onSummary,
  onWorkerLoss
}: ControllerOptions<R>) =>
  ControllerService.run(
    new ControllerSettings({ dump_roots: dumpRoots }),
    (service) =>
      Effect.gen(function* () {
        const own: Context.Tag.Service<Controller> = {
          ...service,
          begin: (map, options) => service.begin(map, { onWorkerLoss, ...options })
        }
        const local = yield* LocalServices
        yield* local.register({ kind: "log", service: yield* EnsembleLog })
        yield* local.register({ kind: "controller", service: own })
        yield* Effect.forkScoped(beside(own))
        yield* onReady("")
        yield* onJoined("")
        return yield* Effect.never
      }),
    { onEnd: onSummary }
  ).pipe(told("controller", "controller"))

export interface IngesterOptions extends Telling {
  readonly name: string
  readonly settings: IngesterSettings
  /** What relative paths are relative to. */
  readonly directory: string
  readonly dumpRoots: ReadonlyArray<string>
}

export const ingester = ({
  directory,
  dumpRoots,
  name,
  onJoined = nobody,
  onReady,
  settings
}: IngesterOptions): Effect.Effect<never, ServiceError, Needs | SourceRegistry> =>
  Effect.gen(function* () {
    const registry = yield* SourceRegistry
    const streams = yield* Effect.forEach(Object.entries(settings.streams), ([stream, { settings: own, source }]) =>
      Effect.map(registry.prepare(source, own), (prepared) => ({ name: stream, source: prepared }))
    )
    const service = yield* Ingester.make({
      name,
      incarnation: Incarnation.make(randomUUID()),
      url: settings.url,
      streams,
      workerBytes: settings.worker_bytes,
      workerPatience: settings.worker_patience,
      staleAfter: settings.stale_after
    })
    yield* (yield* LocalServices).register({ kind: "ingester", name, service })
    yield* onReady(service.url)
    yield* Effect.forkScoped(Effect.zipRight(service.joined, onJoined(service.url)))
    return yield* service.run
  }).pipe(
    Effect.provide(
      dumps(
        name,
        Option.map(settings.dump_path, (path) => resolve(directory, path)),
        dumpRoots
      )
    ),
    told("ingester", name)
  )

export interface WorkerOptions extends Telling {
  readonly name: string
  readonly settings: WorkerSettings
  readonly directory: string
}

export const worker = ({
  directory,
  name,
  onJoined = nobody,
  onReady,
  settings
}: WorkerOptions): Effect.Effect<never, ServiceError, Needs | SupervisionTree> =>
  Effect.gen(function* () {
    const runner = yield* Effect.mapError(runnerOf(settings, directory), unusable)
    const service = yield* Worker.make({ name, tags: settings.tags, runner })
    yield* (yield* LocalServices).register({ kind: "worker", name, service })
    yield* onReady("")
    yield* Effect.zipRight(service.joined, onJoined(""))
    return yield* Effect.never
  }).pipe(told("worker", name))

export interface ReducerOptions extends Telling {
  readonly settings: ReducerSettings
  readonly directory: string
}

export const reducer = ({
  directory,
  onJoined = nobody,
  onReady,
  settings
}: ReducerOptions): Effect.Effect<never, ServiceError, Needs> =>
  Effect.gen(function* () {
    const module = yield* Effect.mapError(reducerModule(settings, directory), unusable)
    const service = yield* Reducer.make({ url: settings.url, module })
    yield* (yield* LocalServices).register({ kind: "reducer", service })
    yield* onReady(settings.url)
    yield* Effect.zipRight(service.joined, onJoined(settings.url))
    return yield* Effect.never
  }).pipe(told("reducer", "reducer"))

/** The module that a file exports, or the built-in one of a name; without either, the built-in that fits any frames. */
export const reducerModule = (
  { module, use }: Pick<ReducerSettings, "module" | "use">,
  directory: string
): Effect.Effect<ReducerModule.CheckedModule, UserCodeFailed> =>
  Option.match(module, {
    onSome: (file) => load(resolve(directory, file)).pipe(Effect.flatMap(ReducerModule.check), from(file)),
    onNone: () =>
      Effect.flatMap(builtIn("reducers", { "live-picture": LivePicture.make }, use, "live-picture"), (make) =>
        ReducerModule.check(make())
      )
  })

/** What runs a worker's module: within this thread, or in threads of its own. */
export const runnerOf = (
  { module, threads, use }: Pick<WorkerSettings, "module" | "use" | "threads">,
  directory: string
): Effect.Effect<EventRunner.EventRunner, UserCodeFailed, Scope.Scope | SupervisionTree> => {
  if (Option.isSome(module)) {
    const file = resolve(directory, module.value)
    const runner =
      threads > 0
        ? ThreadRunner.make({ file, threads })
        : load(file).pipe(Effect.flatMap(WorkerModule.check), Effect.flatMap(EventRunner.inProcess))
    return from(module.value)(runner)
  }
  return builtIn("workers", { "frame-sums": FrameSums.make }, use, "frame-sums").pipe(
    Effect.flatMap((make) => WorkerModule.check(make())),
    Effect.flatMap(EventRunner.inProcess)
  )
}

// -----------------------------------------------------------------------------

const nobody = () => Effect.void

/** What it logs names it, and is told to the ensemble. */
const told =
  (kind: string, name: string) =>
  <A, E extends { readonly message: string }, R>(life: Effect.Effect<A, E, R>) =>
    life.pipe(
      Effect.tapErrorCause((cause) => {
        const said = `${kind} ${name} has failed`
        return Option.match(Cause.failureOption(cause), {
          onNone: () => Effect.logError(said, cause),
          onSome: ({ message }) => Effect.logError(`${said}: ${message}`)
        })
      }),
      Effect.annotateLogs(kind, name),
      Effect.provide(EnsembleLogging.layer(name))
    )

/** Says which file it was. */
const from = (file: string) =>
  Effect.mapError(
    ({ detail, event, reason, step }: UserCodeFailed) =>
      new UserCodeFailed({ step, reason, event, detail: `${file}: ${detail}` })
  )

const unusable = ({ message }: UserCodeFailed) => new ModuleUnusable({ reason: "Misconfigured", detail: message })

const builtIn = <M>(
  kind: string,
  modules: Readonly<Record<string, () => M>>,
  use: Option.Option<string>,
  otherwise: string
): Effect.Effect<() => M, UserCodeFailed> => {
  const name = Option.getOrElse(use, () => otherwise)
  const found = Object.hasOwn(modules, name) ? modules[name] : undefined
  return found === undefined
    ? Effect.fail(unfit(`there is no module '${name}' for ${kind}; there are: ${Object.keys(modules).join(", ")}`))
    : Effect.succeed(found)
}

const dumps = (
  name: string,
  path: Option.Option<string>,
  roots: ReadonlyArray<string>
): Layer.Layer<FrameDump, never, FileSystem.FileSystem | Path.Path> =>
  FileFrameDump.layerWith({
    roots,
    pathOf: (ingester) => (ingester === name ? path : Option.none()),
    onStopped: (_, alarm) => Effect.logError(alarm.message),
    writer: { closeWithin: Duration.seconds(10) }
  })
