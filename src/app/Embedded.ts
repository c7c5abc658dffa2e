/**
 * A site inside another program: the same stores, operations and server as `outpost serve`, on a directory and a port that
 * the program gives, as one layer. Nothing else runs by itself: no procedure, no watch of the config file (it is read once,
 * if there is one). What the program wants supervised it adds to the station's tree.
 *
 * Closing the scope stops what the program added, then the server, then commits and closes the stores and gives the lock back.
 * The program's log lines go where the site's go: stderr (`logs.console`) and the daily files.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { Supervisor } from "../actor/Supervisor.js"
import { noOverrides } from "./ConfigEnvironment.js"
import * as Daemon from "./Daemon.js"
import * as SiteProcess from "./SiteProcess.js"

export interface Options {
  /** The site's directory; made where there is none. Its `outpost.yaml` counts, if there is one. */
  readonly directory: string
  /** Over `http.port` of the config; 0 takes a free one. */
  readonly port?: number | undefined
  /** Over `http.host` of the config. One that others can reach needs a token. */
  readonly host?: string | undefined
  /** Over `http.token` of the config. */
  readonly token?: Redacted.Redacted | undefined
}

export class Station extends Context.Tag("outpost/app/Station")<
  Station,
  {
    /** The root of the supervision tree. Children added here start now and stop before the server does, last added first. */
    readonly supervisor: Supervisor
    /** Where the server answers. */
    readonly url: string
  }
>() {}

/** Why the site did not come up. */
export type EmbedError = SiteProcess.OpenError | Daemon.DaemonError

/** The site, listening. No setting is taken from the command line or the environment. */
export const layer = (
  options: Options
): Layer.Layer<Station | SiteProcess.Operations | SiteProcess.Parts, EmbedError, FileSystem.FileSystem | Path.Path> =>
  Layer.scoped(Station, station).pipe(
    Layer.provideMerge(
      SiteProcess.layer({
        site: options.directory,
        config: Option.none(),
        overrides: {
          ...noOverrides,
          host: Option.fromNullable(options.host),
          port: Option.fromNullable(options.port),
          token: Option.fromNullable(options.token)
        },
        idle: true,
        shutdown: Option.none()
      })
    )
  )

// -----------------------------------------------------------------------------

const station = Effect.gen(function* () {
  const supervisor = yield* Daemon.base({ embedded: true })
  return Station.of({ supervisor, url: yield* Daemon.listen })
})
