/**
 * What the command line calls for services of an ensemble that run by themselves: each is the one child of a supervisor, meets
 * the others at Redis, and tells the log what happens. No site is made and no lock is taken.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { randomInt } from "node:crypto"
import { resolve } from "node:path"
import * as os from "node:os"
import * as ChildSpec from "../actor/ChildSpec.js"
import * as Self from "../actor/Self.js"
import * as SupervisionTree from "../actor/SupervisionTree.js"
import * as Supervisor from "../actor/Supervisor.js"
import * as Cli from "../cli/EnsembleRoles.js"
import * as LocalServices from "../ingest/LocalServices.js"
import { IngesterSettings, ReducerSettings, ServiceName, StreamSettings, WorkerSettings } from "../ingest/Settings.js"
import { sources } from "../plugins/source/Sources.js"
import * as Redaction from "../site/Redaction.js"
import * as Secrets from "../site/Secrets.js"
import * as Site from "../site/Site.js"
import * as SourceRegistry from "../source/SourceRegistry.js"
import * as Environment from "./EnsembleEnvironment.js"
import * as EnsembleFabric from "./EnsembleFabric.js"
import * as EnsembleOffline from "./EnsembleOffline.js"
import * as EnsembleServer from "./EnsembleServer.js"
import * as EnsembleServices from "./EnsembleServices.js"

export const layer: Layer.Layer<Cli.EnsembleRoles> = Layer.succeed(Cli.EnsembleRoles, {
  controller: (options) =>
    serving(options, "controller", {
      what: "controller",
      life: (onReady) =>
        EnsembleServices.controller({
          dumpRoots: options.dumpRoots.map((path) => resolve(path)),
          onWorkerLoss: "reassign",
          beside: () => Effect.void,
          onSummary: (summary) => Effect.logInfo(`scan ${summary.mapping} ${summary.ending}`, summary),
          onReady
        })
    }),
  ingester: (options) =>
    Effect.flatMap(ingesterOf(options), ({ name, settings }) =>
      alone(options, {
        what: `ingester ${name}`,
        life: (onReady) =>
          EnsembleServices.ingester({
            name,
            settings,
            directory: ".",
            dumpRoots: options.dumpRoots.map((path) => resolve(path)),
            onReady
          })
      })
    ),
  worker: (options) =>
    Effect.flatMap(workerOf(options), ({ name, settings }) =>
      alone(options, {
        what: `worker ${name}`,
        life: (onReady) => EnsembleServices.worker({ name, settings, directory: ".", onReady })
      })
    ),
  reducer: (options) =>
    Effect.flatMap(reducerOf(options), (settings) =>
      serving(options, "reducer", {
        what: "reducer",
        life: (onReady) => EnsembleServices.reducer({ settings, directory: ".", onReady })
      })
    ),
  pipeline: EnsembleOffline.pipeline,
  replay: EnsembleOffline.replay
})

// -----------------------------------------------------------------------------

interface Service {
  /** For people: what runs. */
  readonly what: string
  readonly life: (
    onReady: (address: string) => Effect.Effect<void>
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
    const redis = yield* Option.match(role.redis, { onNone: () => Environment.redis, onSome: Effect.succeed })
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
          readyWithin: "2 minutes",
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

/** What services need of the process. Secrets are references of a config, which there is none of: they are looked up nowhere. */
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
  Layer.provideMerge(NodeContext.layer)
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

const ingesterOf = Effect.fnUntraced(function* (options: Cli.IngesterRole) {
  const streams =
    options.streams.length > 0
      ? options.streams
      : yield* Effect.flatMap(
          Environment.list("INGESTER_STREAMS"),
          Option.match({
            onNone: () =>
              new Cli.RoleRefused({ message: "which stream does it own?", hint: "name it: --stream eiger" }),
            onSome: Effect.succeed
          })
        )
  const upstream = yield* given(options.upstream, "UPSTREAM_URL")
  const settingsOf = (stream: string) => ({
    ...Option.match(upstream, { onNone: () => ({}), onSome: (url) => addressOf(options.source, url) }),
    ...settingsFor(stream, streams, options.settings)
  })
  const url = yield* given(options.url, "INGESTER_URL")
  yield* Effect.forEach(streams, named("stream"))
  const name = Option.getOrElse(yield* given(options.name, "INGESTER_NAME"), () => `${streams.join("_")}-ingester`)
  return {
    name: yield* named("name")(name),
    settings: new IngesterSettings({
      ...Option.match(url, { onNone: () => ({}), onSome: (one) => ({ url: one }) }),
      streams: Object.fromEntries(
        streams.map((stream) => [stream, new StreamSettings({ source: options.source, settings: settingsOf(stream) })])
      ),
      dump_path: yield* given(options.dump, "DUMP_PATH")
    })
  }
})

const workerOf = Effect.fnUntraced(function* (options: Cli.WorkerRole) {
  const letters = Array.from({ length: 10 }, () => String.fromCharCode(97 + randomInt(26))).join("")
  const tags = options.tags.length > 0 ? Option.some(options.tags) : yield* Environment.list("WORKER_TAGS")
  const name = Option.getOrElse(yield* given(options.name, "WORKER_NAME"), () => `Worker-${os.hostname()}-${letters}`)
  return {
    name: yield* named("name")(name),
    settings: new WorkerSettings({
      tags: Option.getOrElse(tags, () => ["generic"]),
      module: options.module,
      use: options.use,
      threads: Option.getOrElse(options.threads, () => 0)
    })
  }
})

const reducerOf = Effect.fnUntraced(function* (options: Cli.ReducerRole) {
  const url = yield* given(options.url, "REDUCER_URL")
  return new ReducerSettings({
    ...Option.match(url, { onNone: () => ({}), onSome: (one) => ({ url: one }) }),
    module: options.module,
    use: options.use
  })
})

/** The settings of all streams, and behind them those of this one alone, which its name and a dot stand before. */
const settingsFor = (stream: string, streams: ReadonlyArray<string>, settings: Cli.IngesterRole["settings"]) => {
  const isOwn = (key: string, owner: string) => key.startsWith(`${owner}.`)
  const common = settings.filter(([key]) => !streams.some((owner) => isOwn(key, owner)))
  const own = settings.filter(([key]) => isOwn(key, stream))
  return Object.fromEntries([
    ...common.map(([key, value]) => [key, plain(value)] as const),
    ...own.map(([key, value]) => [key.slice(stream.length + 1), plain(value)] as const)
  ])
}

/** Sources of lines are told a host and a port, the others an address. */
const addressOf = (source: string, url: string) => {
  const [, host, port] = /^tcp:\/\/(.+):(\d+)$/.exec(url) ?? []
  return ["positioncap", "tcp-lines"].includes(source) && host !== undefined ? { host, port: Number(port) } : { url }
}

/** A name that the whole ensemble can say: it stands in keys of Redis and in identities of connections. */
const named = (option: string) => (name: string) =>
  Schema.is(ServiceName)(name)
    ? Effect.succeed(name)
    : new Cli.RoleRefused({
        message: `--${option}: '${name}' can't be a name`,
        hint: "names are of printable ASCII characters, without ':' and blanks"
      })

/** An option of the command line, else the variable that stands in for it. */
const given = (option: Option.Option<string>, variable: string) =>
  Option.isSome(option) ? Effect.succeed(option) : Environment.text(variable)

/** Numbers and switches of a source's settings are written as such. */
const plain = (text: string): unknown =>
  text === "true" ? true : text === "false" ? false : /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
