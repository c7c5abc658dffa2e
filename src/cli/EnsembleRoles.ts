/**
 * The services of a streaming ensemble as processes of their own, and whole ensembles within one. `app/` implements this port;
 * it makes no site and takes no lock. What an option leaves open is read from the environment variables of dranspose.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as LogLevel from "effect/LogLevel"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/** The service can't be started as it was asked for; nothing was begun. */
export class RoleRefused extends Schema.TaggedError<RoleRefused>()("RoleRefused", {
  message: Schema.String,
  hint: Schema.optional(Schema.String)
}) {}

/** The service began and did not come to a good end. */
export class RoleFailed extends Schema.TaggedError<RoleFailed>()("RoleFailed", { message: Schema.String }) {}

export type RoleError = RoleRefused | RoleFailed

/** What all services have. */
export interface Role {
  /** Where they meet; default `REDIS_URL`, `SERVICE_REDIS_DSN`, then redis://localhost:6379/0. */
  readonly redis: Option.Option<Redacted.Redacted>
  readonly logLevel: Option.Option<LogLevel.LogLevel>
  /** Called once, when it takes part: what it is, and where it listens. */
  readonly onReady: (what: string, address: string) => Effect.Effect<void>
}

/** A service that answers requests. */
export interface Listening {
  readonly host: Option.Option<string>
  readonly port: Option.Option<number>
  /** Lets anyone who reaches the address ask, where it is not loopback. */
  readonly open: boolean
  readonly token: Option.Option<Redacted.Redacted>
}

export interface ControllerRole extends Role, Listening {
  readonly dumpRoots: ReadonlyArray<string>
}

export interface IngesterRole extends Role {
  /** Names of the streams it owns; default `INGESTER_STREAMS`. */
  readonly streams: ReadonlyArray<string>
  /** Name of the source all of them have. */
  readonly source: string
  /** `key=value` of the source's settings; `stream.key=value` for one stream alone. */
  readonly settings: ReadonlyArray<readonly [key: string, value: string]>
  readonly name: Option.Option<string>
  readonly url: Option.Option<string>
  readonly upstream: Option.Option<string>
  readonly dump: Option.Option<string>
  readonly dumpRoots: ReadonlyArray<string>
}

export interface WorkerRole extends Role {
  readonly name: Option.Option<string>
  readonly tags: ReadonlyArray<string>
  readonly module: Option.Option<string>
  readonly use: Option.Option<string>
  readonly threads: Option.Option<number>
}

export interface ReducerRole extends Role, Listening {
  readonly url: Option.Option<string>
  readonly module: Option.Option<string>
  readonly use: Option.Option<string>
}

/** An ensemble in this process: a synthetic detector, workers, a reducer. */
export interface PipelineOptions {
  readonly events: number
  readonly workers: number
  /** Bytes of a frame. */
  readonly bytes: number
  readonly worker: Option.Option<string>
  readonly reducer: Option.Option<string>
  readonly onProgress: (done: number) => Effect.Effect<void>
}

/** `processed`, `reassigned` and `lost` are disjoint and add up to `events`. */
export const PipelineResult = Schema.Struct({
  events: Schema.Int,
  processed: Schema.Int,
  reassigned: Schema.Int,
  lost: Schema.Int,
  seconds: Schema.Number
})

/** The result, and what is told beside it. */
export interface PipelineOutcome extends Schema.Schema.Type<typeof PipelineResult> {
  /** What the modules have failed at; their events count as processed. */
  readonly failures: number
  /** What the reducer has published, where that is JSON. */
  readonly published: Readonly<Record<string, unknown>>
}

/** Dumps again through a worker and a reducer. */
export interface ReplayOptions {
  readonly files: ReadonlyArray<string>
  readonly worker: Option.Option<string>
  readonly reducer: Option.Option<string>
  readonly workers: number
  readonly parameters: Option.Option<string>
  /** How many times as fast as it was recorded; none: as fast as it goes. */
  readonly speed: Option.Option<number>
  readonly onProgress: (events: number) => Effect.Effect<void>
}

export const ReplayResult = Schema.Struct({
  events: Schema.Int,
  frames: Schema.Int,
  bytes: Schema.Number,
  results: Schema.Int,
  /** Events whose code has failed, on some worker or in the reducer. */
  failed: Schema.Int,
  /** Places in the files that are damaged, or are no records at all. */
  damages: Schema.Int,
  seconds: Schema.Number,
  /** What the reducer has published, where that is JSON. */
  published: Schema.Record({ key: Schema.String, value: Schema.Unknown })
})
export type ReplayResult = typeof ReplayResult.Type

export class EnsembleRoles extends Context.Tag("outpost/cli/EnsembleRoles")<
  EnsembleRoles,
  {
    /** Runs until it is interrupted; then leaves the ensemble in order. */
    readonly controller: (options: ControllerRole) => Effect.Effect<void, RoleError>
    readonly ingester: (options: IngesterRole) => Effect.Effect<void, RoleError>
    readonly worker: (options: WorkerRole) => Effect.Effect<void, RoleError>
    readonly reducer: (options: ReducerRole) => Effect.Effect<void, RoleError>
    /** One scan of so many events. */
    readonly pipeline: (options: PipelineOptions) => Effect.Effect<PipelineOutcome, RoleError>
    readonly replay: (options: ReplayOptions) => Effect.Effect<ReplayResult, RoleError>
  }
>() {}

/** Loaded when the first command needs it. */
export const layerLazy = (load: Effect.Effect<Layer.Layer<EnsembleRoles>>): Layer.Layer<EnsembleRoles> =>
  Layer.scoped(
    EnsembleRoles,
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const loaded = yield* load.pipe(
        Effect.flatMap((layer) => Layer.buildWithScope(layer, scope)),
        Effect.map(Context.get(EnsembleRoles)),
        Effect.cached
      )
      return EnsembleRoles.of({
        controller: (options) => Effect.flatMap(loaded, (roles) => roles.controller(options)),
        ingester: (options) => Effect.flatMap(loaded, (roles) => roles.ingester(options)),
        worker: (options) => Effect.flatMap(loaded, (roles) => roles.worker(options)),
        reducer: (options) => Effect.flatMap(loaded, (roles) => roles.reducer(options)),
        pipeline: (options) => Effect.flatMap(loaded, (roles) => roles.pipeline(options)),
        replay: (options) => Effect.flatMap(loaded, (roles) => roles.replay(options))
      })
    })
  )
