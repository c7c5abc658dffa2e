/**
 * What the command line calls: serve a site, or find who carries a command out. The half that opens a site is loaded only when
 * a site is opened, so that a command that asks a running server comes at once.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Cli from "../cli/Launcher.js"
import * as Client from "../http/Client.js"
import * as Site from "../site/Site.js"
import * as SiteLock from "../site/SiteLock.js"
import * as ConfigAtRest from "./ConfigAtRest.js"
import { jsonSchema } from "./ConfigDocument.js"
import * as ConfigEnvironment from "./ConfigEnvironment.js"
import type * as Daemon from "./Daemon.js"
import * as Detached from "./Detached.js"
import * as Doctor from "./Doctor.js"
import * as Launched from "./Launched.js"
import * as ServiceInstall from "./ServiceInstall.js"
import type * as SiteProcess from "./SiteProcess.js"

export const layer: Layer.Layer<Cli.Launcher, never, FileSystem.FileSystem | Path.Path> = Layer.effect(
  Cli.Launcher,
  Effect.gen(function* () {
    const files = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
    const provided = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, files)
    return Cli.Launcher.of({
      serve: (options) => provided(options.detach ? Detached.serve(options) : serve(options)),
      connect: (options) => provided(connect(options)),
      doctor: (place) => provided(Doctor.run(place)),
      configSchema: Effect.sync(jsonSchema),
      configValidate: (place) => provided(ConfigAtRest.validate(place)),
      configShow: (place) => provided(ConfigAtRest.show(place)),
      configInit: (place) => provided(ConfigAtRest.init(place)),
      configImport: (place, text) => provided(ConfigAtRest.importIvy(place, text)),
      installService: (options) => provided(ServiceInstall.install(options))
    })
  })
)

// -----------------------------------------------------------------------------

const siteHalf = Effect.promise(() => import("./SiteProcess.js"))
const serverHalf = Effect.promise(() => import("./Daemon.js"))

type Files = FileSystem.FileSystem | Path.Path

const flagsOf = (place: Cli.Place, more: ConfigEnvironment.ConfigFlags = {}): ConfigEnvironment.ConfigFlags => ({
  ...more,
  ...Option.match(place.logLevel, { onNone: () => ({}), onSome: (level) => ({ logLevel: level._tag.toLowerCase() }) })
})

/** What opening a site may fail with, for the command line. */
const launchError =
  (place: Cli.Place) =>
  (error: SiteProcess.OpenError): Cli.LaunchError => {
    switch (error._tag) {
      case "ConfigInvalid":
        return ConfigAtRest.rejected(ConfigAtRest.pathOf(place))(error)
      case "DatabaseUnusable":
      case "StorageFailed":
        return new Cli.LaunchFailed({ reason: error.message })
      default:
        return error
    }
  }

const daemonError =
  (place: Cli.Place) =>
  (error: Daemon.DaemonError): Cli.LaunchError => {
    switch (error._tag) {
      case "PortTaken":
        return new Cli.AddressInUse({ host: error.host, port: error.port })
      case "TokenRequired": {
        const remedy = `write one into ${place.site}/secrets/token and set http.token: \${file:token}`
        const message = `needed to listen on ${error.host}, which other machines can reach`
        return new Cli.ConfigRejected({
          file: ConfigAtRest.pathOf(place),
          issues: [{ path: "http.token", message, remedy }]
        })
      }
      default:
        return new Cli.LaunchFailed({ reason: error.message })
    }
  }

const serve = (options: Cli.ServeOptions): Effect.Effect<void, Cli.LaunchError, Files> =>
  Effect.gen(function* () {
    const again = yield* Ref.make(false)
    yield* served(options, again)
    // Only now, when everything is torn down and the lock is free.
    if (yield* Ref.get(again)) return yield* new Cli.RestartWanted()
  })

/** `again` is set when the site ends for another version. */
const served = (options: Cli.ServeOptions, again: Ref.Ref<boolean>) =>
  Effect.scoped(
    Effect.gen(function* () {
      if (options.init) yield* ConfigAtRest.init(options)
      yield* ConfigAtRest.warnOfAnother(options)
      const flags = flagsOf(options, {
        ...Option.match(options.host, { onNone: () => ({}), onSome: (host) => ({ host }) }),
        ...Option.match(options.port, { onNone: () => ({}), onSome: (port) => ({ port }) })
      })
      const overrides = yield* ConfigEnvironment.overrides(flags).pipe(
        Effect.mapError(ConfigAtRest.rejected("the command line and the environment"))
      )
      const stop = yield* Deferred.make<void>()
      const end = Effect.asVoid(Deferred.succeed(stop, undefined))
      if (options.launched) yield* Effect.forkScoped(Effect.zipRight(Launched.launcherGone, end))
      const site = (yield* siteHalf).layer({
        site: options.site,
        config: options.config,
        overrides,
        idle: options.idle,
        shutdown: Option.some(end),
        succession: options.launched
          ? { _tag: "Launcher", restart: Effect.zipRight(Ref.set(again, true), end) }
          : { _tag: "Nobody" }
      })
      const context = yield* Layer.build(site).pipe(Effect.mapError(launchError(options)))
      yield* (yield* serverHalf)
        .run({ ...options, until: Deferred.await(stop) })
        .pipe(Effect.mapError(daemonError(options)), Effect.provide(context))
    })
  )

const connect = (options: Cli.ConnectOptions) =>
  Effect.gen(function* () {
    if (Option.isSome(options.url)) {
      return yield* remote(options.url.value, Option.getOrUndefined(options.token), unreachable(options.url.value))
    }
    const fs = yield* FileSystem.FileSystem
    const exists = yield* Effect.orElseSucceed(fs.exists(`${options.site}/.outpost`), () => false)
    if (!exists && options.need === "read") return yield* new Cli.NoSite({ site: options.site })
    if (!exists && options.need === "server") return yield* new Cli.NoServer({ site: options.site })
    const site = yield* Site.make(options.site)
    const probe = Effect.provideService(SiteLock.probe, Site.Site, site)
    const occupation = yield* probe
    const url = Option.flatMap(occupation.server, (server) => Option.fromNullable(server.url))
    if (occupation.locked && Option.isSome(url)) {
      const token = Option.orElse(options.token, () =>
        Option.flatMap(occupation.server, (server) => Option.fromNullable(server.token))
      )
      const files = yield* Effect.context<Files>()
      const free = Effect.repeat(Effect.provide(probe, files), {
        until: (now) => !now.locked,
        schedule: Schedule.spaced(Duration.millis(100))
      })
      return yield* remote(url.value, Option.getOrUndefined(token), Effect.orDie(Effect.asVoid(free)))
    }
    if (options.need === "server") return yield* new Cli.NoServer({ site: options.site })
    return yield* inProcess(options)
  })

const remote = (url: string, token: Redacted.Redacted | undefined, gone: Effect.Effect<void>) =>
  Effect.map(
    Layer.build(Client.layer({ url, token }).pipe(Layer.provide(FetchHttpClient.layer))),
    (operations): Cli.Connection => ({
      where: { _tag: "Server", url },
      operations,
      gone
    })
  )

/** Suspends until nothing answers there. */
const unreachable = (url: string): Effect.Effect<void> =>
  Effect.tryPromise(() => fetch(`${url}/health`)).pipe(
    Effect.repeat(Schedule.spaced(Duration.millis(100))),
    Effect.catchAll(() => Effect.void)
  )

const inProcess = (options: Cli.ConnectOptions) =>
  Effect.gen(function* () {
    const overrides = yield* ConfigEnvironment.overrides(flagsOf(options, { logLevel: quietLevel(options) })).pipe(
      Effect.mapError(ConfigAtRest.rejected("the command line and the environment"))
    )
    const { atRest, layer } = yield* siteHalf
    const context = yield* Layer.build(
      layer({
        site: options.site,
        config: options.config,
        overrides,
        idle: true,
        shutdown: Option.none(),
        succession: { _tag: "Later" }
      })
    ).pipe(Effect.mapError(launchError(options)))
    yield* Effect.provide(atRest, context)
    const connection: Cli.Connection = {
      where: { _tag: "InProcess", site: Context.get(context, Site.Site).directory },
      operations: context,
      gone: Effect.void
    }
    return connection
  })

/** A command says what it does itself; of the site it opens only warnings matter. */
const quietLevel = (options: Cli.Place): string =>
  Option.match(options.logLevel, { onNone: () => "warning", onSome: (level) => level._tag.toLowerCase() })
