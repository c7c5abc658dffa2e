/**
 * What the command line calls for services of an ensemble that run by themselves: each is the one child of a supervisor, meets
 * the others at Redis, and tells the log what happens. No site is made and no lock is taken.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import { resolve } from "node:path"
import * as ChildSpec from "../actor/ChildSpec.js"
import * as Self from "../actor/Self.js"
import * as SupervisionTree from "../actor/SupervisionTree.js"
import * as Supervisor from "../actor/Supervisor.js"
import type { EnsembleUnreachable } from "../assignment/EnsembleError.js"
import * as Cli from "../cli/EnsembleRoles.js"
import * as LocalServices from "../ingest/LocalServices.js"
import { sources } from "../plugins/source/Sources.js"
import * as Redaction from "../site/Redaction.js"
import * as Secrets from "../site/Secrets.js"
import * as Site from "../site/Site.js"
import * as SourceRegistry from "../source/SourceRegistry.js"
import * as Environment from "./EnsembleEnvironment.js"
import * as EnsembleFabric from "./EnsembleFabric.js"
import * as EnsembleOffline from "./EnsembleOffline.js"
import { ingesterOf, reducerOf, workerOf } from "./EnsembleRoleSettings.js"
import * as EnsembleServer from "./EnsembleServer.js"
import * as EnsembleServices from "./EnsembleServices.js"
import * as UserCodeHost from "./UserCodeHost.js"

export const layer: Layer.Layer<Cli.EnsembleRoles> = Layer.succeed(Cli.EnsembleRoles, {
  controller: (options) =>
    serving(options, "controller", {
      what: "controller",
      life: (onJoined) =>
        EnsembleServices.controller({
          dumpRoots: options.dumpRoots.map((path) => resolve(path)),
          onWorkerLoss: "reassign",
          beside: () => Effect.void,
          onSummary: (summary) => Effect.logInfo(`scan ${summary.mapping} ${summary.ending}`, summary),
          onReady,
          onJoined
        }).pipe(reached)
    }),
  ingester: (options) =>
    Effect.flatMap(ingesterOf(options), ({ name, settings }) =>
      alone(options, {
        what: `ingester ${name}`,
        life: (onJoined) =>
          EnsembleServices.ingester({
            name,
            settings,
            directory: ".",
            dumpRoots: options.dumpRoots.map((path) => resolve(path)),
            onReady,
            onJoined
          })
      })
    ),
  worker: (options) =>
    Effect.flatMap(workerOf(options), ({ name, settings }) =>
      alone(options, {
        what: `worker ${name}`,
        life: (onJoined) => EnsembleServices.worker({ name, settings, directory: ".", onReady, onJoined })
      })
    ),
  reducer: (options) =>
    Effect.flatMap(reducerOf(options), (settings) =>
      serving(options, "reducer", {
        what: "reducer",
        life: (onJoined) => EnsembleServices.reducer({ settings, directory: ".", onReady, onJoined })
      })
    ),
  pipeline: EnsembleOffline.pipeline,
  replay: EnsembleOffline.replay
})

// -----------------------------------------------------------------------------

/** A process of its own is ready when it takes part, and not before. */
const onReady = () => Effect.void

/** An ensemble that can't be reached when a controller begins is waited for, as other services do, and told of. */
const reached = <A, E, R>(life: Effect.Effect<A, E | EnsembleUnreachable, R>) =>
  Effect.retry(life, { schedule: again, while: Predicate.isTagged("EnsembleUnreachable") })

const again = Schedule.exponential("1 second").pipe(Schedule.union(Schedule.spaced("10 seconds")))

interface Service {
  /** For people: what runs. */
  readonly what: string
  readonly life: (
    onJoined: (address: string) => Effect.Effect<void>
  ) => Effect.Effect<unknown, EnsembleServices.ServiceError, Given>
}

type Given = EnsembleServices.Needs | SourceRegistry.SourceRegistry | SupervisionTree.SupervisionTree

/** A service without requests: it is ready when it takes part. */
const alone = (role: Cli.Role, { life, what }: Service): Effect.Effect<void, Cli.RoleError> =>
  supervised(role, what, (onReady) => life((address) => onReady(address === "" ? "the ensemble" : address)))

/** A service that answers requests beside its work: ready when it does both, at its end when it can't do one of them. */
const serving = (
  role: Cli.Role & Cli.Listening,
  kind: "controller" | "reducer",
  { life, what }: Service
): Effect.Effect<void, Cli.RoleError> =>
  supervised(role, what, (onReady) =>
    Effect.gen(function* () {
      const joined = yield* Deferred.make<void>()
      const answering = Effect.gen(function* () {
        yield* Deferred.await(joined)
        yield* onReady(yield* EnsembleServer.listen(role, kind))
        return yield* Effect.never
      })
      const working = life(() => Effect.asVoid(Deferred.succeed(joined, undefined)))
      return yield* Effect.raceFirst(working, answering)
    })
  )

/** The error it ends with is that of its last life, in words, where there is one: supervision adds nothing for people. */
const supervised = <E extends { readonly message: string }>(
  role: Cli.Role,
  what: string,
  life: (onReady: (address: string) => Effect.Effect<void>) => Effect.Effect<unknown, E, Given>
): Effect.Effect<void, Cli.RoleError> =>
  Effect.gen(function* () {
    const failure = yield* Ref.make(Option.none<E>())
    const redis = yield* Environment.redis(role.redis)
    const fabric = yield* Layer.build(Layer.merge(EnsembleFabric.layer(Option.some(redis)), LocalServices.layer))
    const supervisor = yield* Supervisor.make({
      children: [
        ChildSpec.make({
          id: what.replaceAll(/[^A-Za-z0-9]+/g, "-"),
          run: Effect.gen(function* () {
            const self = yield* Effect.context<Self.Self>()
            return yield* life((address) =>
              Effect.zipRight(Effect.provide(Self.ready, self), role.onReady(what, address))
            ).pipe(Effect.tapError((error) => Ref.set(failure, Option.some(error))))
          }),
          ready: "signalled",
          // An ensemble that is not there yet is waited for.
          readyWithin: Duration.infinity,
          shutdown: "15 seconds"
        })
      ]
    }).pipe(Effect.provide(fabric), Effect.catchAll(endedBy(failure)))
    return yield* Effect.catchAll(supervisor.join, endedBy(failure))
  }).pipe(Effect.scoped, Effect.provide(ground), Effect.provide(logging(role)))

const endedBy =
  <E extends { readonly message: string }>(failure: Ref.Ref<Option.Option<E>>) =>
  (ending: { readonly message: string }): Effect.Effect<never, Cli.RoleError> =>
    Effect.flatMap(Ref.get(failure), (own) => {
      const { message } = Option.getOrElse(own, () => ending)
      return Effect.fail<Cli.RoleError>(
        Option.exists(own, isMisconfigured) ? new Cli.RoleRefused({ message }) : new Cli.RoleFailed({ message })
      )
    })

const isMisconfigured = (error: unknown): boolean =>
  Predicate.hasProperty(error, "reason") && error.reason === "Misconfigured"

/** What services need of the process, which users' code must not end. Secrets are references of a config, which there is none of: they are looked up nowhere. */
const ground = SourceRegistry.layer(sources).pipe(
  Layer.orDie,
  Layer.provideMerge(
    Layer.mergeAll(
      SupervisionTree.layerWith({ redact: (text) => text, onEvent: () => undefined }),
      Secrets.layer.pipe(
        Layer.provideMerge(Redaction.layer),
        Layer.provide(Layer.effect(Site.Site, Effect.orDie(Site.locate("."))))
      )
    )
  ),
  Layer.provideMerge(Layer.merge(NodeContext.layer, UserCodeHost.layerQuiet))
)

/** Standard error, at the level that was asked for; `LOG_LEVEL` of dranspose stands in for it. */
const logging = ({ logLevel }: Cli.Role) =>
  Layer.unwrapEffect(
    Effect.map(Environment.text("LOG_LEVEL"), (text) => {
      const named = Option.map(text, (name) =>
        /^warn/i.test(name) ? LogLevel.Warning : LogLevel.fromLiteral(levelOf(name))
      )
      const level = Option.getOrElse(
        Option.orElse(logLevel, () => named),
        () => LogLevel.Info
      )
      return Layer.merge(
        Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger)),
        Logger.minimumLogLevel(level)
      )
    })
  )

const levelOf = (name: string): LogLevel.Literal => {
  const found = LogLevel.allLevels.find(({ _tag }) => _tag.toLowerCase() === name.toLowerCase())
  return found?._tag ?? "Info"
}
