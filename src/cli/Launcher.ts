/**
 * Where commands are carried out. The command line knows the operations only as Tags; who provides them, a server or this
 * process on the site itself, is decided behind this port, which `app/` implements.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as LogLevel from "effect/LogLevel"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { BackfillOperations } from "../operations/BackfillOperations.js"
import type { CollectorOperations } from "../operations/CollectorOperations.js"
import * as Config from "../operations/ConfigOperations.js"
import type { IngestOperations } from "../operations/IngestOperations.js"
import type { OutboxOperations } from "../operations/OutboxOperations.js"
import type { ProcedureOperations } from "../operations/ProcedureOperations.js"
import type { RunOperations } from "../operations/RunOperations.js"
import type { SiteOperations } from "../operations/SiteOperations.js"
import type { TelemetryOperations } from "../operations/TelemetryOperations.js"
import type { Remote } from "../operations/Unreachable.js"
import type { UpdateOperations } from "../operations/UpdateOperations.js"
import type { SiteUnusable } from "../site/Site.js"
import type { SiteLocked } from "../site/SiteLock.js"
import type { NotFound, UsageProblem } from "./Failure.js"

/** The command needs a running server and none holds the site. */
export class NoServer extends Schema.TaggedError<NoServer>()("NoServer", { site: Schema.String }) {
  override get message() {
    return `no server runs on the site ${this.site}`
  }
  get hint() {
    return `start one with: outpost serve --site ${this.site}`
  }
}

/** The command only reads, and there is no site in the directory. */
export class NoSite extends Schema.TaggedError<NoSite>()("NoSite", { site: Schema.String }) {
  override get message() {
    return `there is no site in ${this.site}`
  }
}

/** The config can't be used; each problem names its place in the file. */
export class ConfigRejected extends Schema.TaggedError<ConfigRejected>()("ConfigRejected", {
  file: Schema.String,
  issues: Schema.Array(Config.ConfigIssue)
}) {
  override get message() {
    return [`the config ${this.file} can't be used`, ...this.issues.map(Config.describe)].join("\n  ")
  }
}

/** Something else listens there. */
export class AddressInUse extends Schema.TaggedError<AddressInUse>()("AddressInUse", {
  host: Schema.String,
  port: Schema.Int
}) {
  override get message() {
    return `another program listens on ${this.host} port ${this.port}`
  }
}

/** The site did not start, or ended by itself. */
export class LaunchFailed extends Schema.TaggedError<LaunchFailed>()("LaunchFailed", { reason: Schema.String }) {
  override get message() {
    return this.reason
  }
}

/** The site has ended so that the launcher can start another version. No failure: nobody is told of it. */
export class RestartWanted extends Schema.TaggedError<RestartWanted>()("RestartWanted", {}) {
  override get message() {
    return "another version is to be started"
  }
}

export type LaunchError =
  NoServer | NoSite | ConfigRejected | AddressInUse | LaunchFailed | RestartWanted | SiteLocked | SiteUnusable | Remote

/** The site a command is about. */
export interface Place {
  readonly site: string
  readonly config: Option.Option<string>
  readonly logLevel: Option.Option<LogLevel.LogLevel>
}

export interface ServeOptions extends Place {
  readonly host: Option.Option<string>
  /** 0 means any free one. */
  readonly port: Option.Option<number>
  /** Nothing starts by itself. */
  readonly idle: boolean
  /** Start another process that serves, and return once it listens. */
  readonly detach: boolean
  /** Write a config file first where the site has none. */
  readonly init: boolean
  /** By the launcher: it starts another version after this one, and when it is gone the site stops. */
  readonly launched: boolean
  /** Called once, when requests are answered. */
  readonly onListening: (url: string) => Effect.Effect<void>
}

export interface ServiceOptions extends Place {
  /** For the user who calls, not for the machine. */
  readonly user: boolean
  /** Its name, without `.service`. */
  readonly name: string
  /** Who the service runs as; default: who calls. */
  readonly runAs: Option.Option<string>
  /** Where the file goes; default: where systemd looks for it. */
  readonly out: Option.Option<string>
  /** Write no file. */
  readonly print: boolean
}

export interface ConnectOptions extends Place {
  readonly url: Option.Option<string>
  readonly token: Option.Option<Redacted.Redacted>
  /**
   * `server`: only a running server will do. `read`: the site itself will do, if there is one. `write`: it is made
   * where there is none.
   */
  readonly need: "server" | "read" | "write"
}

export type Operations =
  | TelemetryOperations
  | RunOperations
  | SiteOperations
  | Config.ConfigOperations
  | BackfillOperations
  | CollectorOperations
  | IngestOperations
  | OutboxOperations
  | ProcedureOperations
  | UpdateOperations

/** Who carries the command out. */
export type Where =
  { readonly _tag: "Server"; readonly url: string } | { readonly _tag: "InProcess"; readonly site: string }

export interface Connection {
  readonly where: Where
  readonly operations: Context.Context<Operations>
  /** Suspends until the server is gone: it does not answer, and its lock on the site (if that is known) is free. */
  readonly gone: Effect.Effect<void>
}

/** One thing `doctor` looked at. */
export interface Check {
  readonly name: string
  readonly state: "ok" | "warning" | "failed"
  /** What was found. */
  readonly detail: string
  /** What to do about it. */
  readonly advice?: string | undefined
}

export class Launcher extends Context.Tag("outpost/cli/Launcher")<
  Launcher,
  {
    /**
     * Runs the whole site until it is interrupted or shut down through its API; then everything is stopped in order
     * before it returns. With `detach` it returns once the other process listens.
     */
    readonly serve: (options: ServeOptions) => Effect.Effect<void, LaunchError>
    /**
     * Finds who carries a command out: with a `url` that server; else, if the site's lock is held, the server that
     * holds it; else this process, under the lock, until the scope closes.
     */
    readonly connect: (options: ConnectOptions) => Effect.Effect<Connection, LaunchError, Scope.Scope>
    /** Looks at the installation (natives, disk, ports, clock, config) without changing anything. */
    readonly doctor: (place: Place) => Effect.Effect<ReadonlyArray<Check>>
    /** The JSON Schema of the config file. Needs no site. */
    readonly configSchema: Effect.Effect<Config.ConfigJson>
    /** Everything that is wrong with the config file. Needs no site and takes no lock; `NotFound` where there is no file. */
    readonly configValidate: (place: Place) => Effect.Effect<Config.ConfigVerdict, NotFound | LaunchError>
    /** The config file as `ConfigOperations.show` would answer it. Needs no site and takes no lock. */
    readonly configShow: (place: Place) => Effect.Effect<Config.ConfigJson, NotFound | LaunchError>
    /** Writes a commented config file where there is none; answers its path, and whether it was written now. */
    readonly configInit: (
      place: Place
    ) => Effect.Effect<{ readonly path: string; readonly written: boolean }, LaunchError>
    /**
     * Writes a config file made of the text of another system's, where there is none, and its secrets beside it; answers its
     * path, whether it was written now, and what a person should know.
     */
    readonly configImport: (
      place: Place,
      text: string
    ) => Effect.Effect<
      { readonly path: string; readonly written: boolean; readonly notes: ReadonlyArray<string> },
      UsageProblem | LaunchError
    >
    /** Writes a systemd unit that serves the site. One that is there is replaced. Answers its text, and where it was written. */
    readonly installService: (
      options: ServiceOptions
    ) => Effect.Effect<{ readonly path: string | undefined; readonly text: string }, LaunchError>
  }
>() {}

/** A launcher that is loaded when the first command needs it: help and completions never pay for the server. */
export const layerLazy = <R>(load: Effect.Effect<Layer.Layer<Launcher, never, R>>): Layer.Layer<Launcher, never, R> =>
  Layer.scoped(
    Launcher,
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const context = yield* Effect.context<R>()
      const loaded = yield* load.pipe(
        Effect.flatMap((layer) => Layer.buildWithScope(layer, scope)),
        Effect.map(Context.get(Launcher)),
        Effect.provide(context),
        Effect.cached
      )
      return Launcher.of({
        serve: (options) => Effect.flatMap(loaded, (launcher) => launcher.serve(options)),
        connect: (options) => Effect.flatMap(loaded, (launcher) => launcher.connect(options)),
        doctor: (place) => Effect.flatMap(loaded, (launcher) => launcher.doctor(place)),
        configSchema: Effect.flatMap(loaded, (launcher) => launcher.configSchema),
        configValidate: (place) => Effect.flatMap(loaded, (launcher) => launcher.configValidate(place)),
        configShow: (place) => Effect.flatMap(loaded, (launcher) => launcher.configShow(place)),
        configInit: (place) => Effect.flatMap(loaded, (launcher) => launcher.configInit(place)),
        configImport: (place, text) => Effect.flatMap(loaded, (launcher) => launcher.configImport(place, text)),
        installService: (options) => Effect.flatMap(loaded, (launcher) => launcher.installService(options))
      })
    })
  )
