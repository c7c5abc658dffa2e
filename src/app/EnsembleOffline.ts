/** Ensembles within this process, with nothing but memory between their services: on made frames, and on recorded ones. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as SupervisionTree from "../actor/SupervisionTree.js"
import * as Cli from "../cli/EnsembleRoles.js"
import * as OfflineReplay from "../ingest/OfflineReplay.js"
import * as Pipeline from "../ingest/Pipeline.js"
import { type Group, toJson } from "../ingest/reducer/PublishedValue.js"
import { ReducerSettings, WorkerSettings } from "../ingest/Settings.js"
import { SyntheticSource } from "../plugins/source/SyntheticSource.js"
import * as EnsembleServices from "./EnsembleServices.js"
import * as UserCodeHost from "./UserCodeHost.js"

/** One scan over frames that are made for it. */
export const pipeline = (options: Cli.PipelineOptions): Effect.Effect<Cli.PipelineOutcome, Cli.RoleError> =>
  Effect.gen(function* () {
    const { runners, reducer } = yield* modules(options)
    // A series begins and ends with a message of its own.
    const count = Math.max(1, options.events - 2)
    const source = yield* SyntheticSource.prepare({ size: options.bytes, count })
    const ensemble = yield* Pipeline.open({ streams: [{ name: "frames", source }], runners, reducer })
    const summary = yield* Pipeline.scan(
      ensemble,
      Pipeline.seriesMap("frames", options.events),
      ({ completed_events }) => options.onProgress(completed_events)
    )
    const workers = yield* Effect.forEach(ensemble.workers, ({ status }) => status)
    const { troubles } = yield* ensemble.reducer.status
    return {
      ...summary,
      failures: workers.reduce((sum, worker) => sum + worker.troubles, troubles),
      published: asJson(yield* ensemble.reducer.publication.values)
    }
  }).pipe(offline)

/** Dumps through modules. */
export const replay = (options: Cli.ReplayOptions): Effect.Effect<Cli.ReplayResult, Cli.RoleError> =>
  Effect.gen(function* () {
    const { runners, reducer } = yield* modules(options)
    const { published, ...counts } = yield* OfflineReplay.run({
      files: options.files,
      runners,
      reducer,
      parameters: yield* parametersOf(options.parameters),
      speed: Option.getOrElse(options.speed, () => Infinity),
      onProgress: options.onProgress,
      onTrouble: (trouble) => Effect.logWarning(trouble.message)
    })
    return { ...counts, published: asJson(published) }
  }).pipe(offline)

// -----------------------------------------------------------------------------

const asJson = (published: Group) =>
  Object.fromEntries(Object.entries(published).map(([name, value]) => [name, toJson(value)]))

/** Logs on standard error; a failure in words. */
const offline = <A, E extends { readonly message: string }>(
  effect: Effect.Effect<A, E, NodeContext.NodeContext | Scope.Scope | SupervisionTree.SupervisionTree>
): Effect.Effect<A, Cli.RoleError> =>
  effect.pipe(
    Effect.scoped,
    Effect.provide(
      Layer.mergeAll(
        NodeContext.layer,
        UserCodeHost.layerQuiet,
        SupervisionTree.layerWith({ redact: (text) => text, onEvent: () => undefined }),
        Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger)),
        Logger.minimumLogLevel(LogLevel.Warning)
      )
    ),
    Effect.mapError((error) =>
      error instanceof Cli.RoleRefused ? error : new Cli.RoleFailed({ message: error.message })
    )
  )

const modules = Effect.fnUntraced(function* ({
  reducer,
  worker,
  workers
}: Pick<Cli.PipelineOptions, "worker" | "reducer" | "workers">) {
  const settings = new WorkerSettings({ module: worker })
  return {
    // What a module writes to its console is what its author wants to see.
    runners: yield* Effect.replicateEffect(EnsembleServices.runnerOf(settings, "."), workers).pipe(
      Logger.withMinimumLogLevel(LogLevel.Info)
    ),
    reducer: yield* EnsembleServices.reducerModule(new ReducerSettings({ module: reducer }), ".")
  }
})

const Companion = Schema.Array(
  Schema.Struct({ name: Schema.String, data: Schema.Union(Schema.String, Schema.Uint8ArrayFromSelf) })
)

const unfitParameters = (file: string) =>
  new Cli.RoleRefused({
    message: `${file} has no parameters`,
    hint: 'it is the companion file of a dump: a list of {"name", "data"}, as JSON or CBOR'
  })

/** The file that a controller leaves beside its dumps: JSON, or CBOR where a value is no text. */
const parametersOf = (path: Option.Option<string>) =>
  Option.match(path, {
    onNone: () => Effect.succeed(new Map<string, Uint8Array>()),
    onSome: (file) =>
      Effect.gen(function* () {
        const bytes = yield* (yield* FileSystem.FileSystem).readFile(file)
        const decoded = yield* Effect.try({
          try: () => JSON.parse(Buffer.from(bytes).toString("utf8")) as unknown,
          catch: String
        }).pipe(
          Effect.orElse(() =>
            Effect.flatMap(
              Effect.promise(() => import("cbor-x")),
              ({ decode }) => Effect.try({ try: (): unknown => decode(bytes), catch: () => unfitParameters(file) })
            )
          )
        )
        const entries = yield* Effect.mapError(Schema.decodeUnknown(Companion)(decoded), () => unfitParameters(file))
        return new Map(
          entries.map(({ data, name }) => [name, typeof data === "string" ? Buffer.from(data, "utf8") : data] as const)
        )
      })
  })
