/** A whole site in this process, with a config of its own, and requests to its server. */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Cause, Deferred, Effect, Layer, Logger, LogLevel, Option } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { noOverrides } from "../../src/app/ConfigEnvironment.js"
import * as Daemon from "../../src/app/Daemon.js"
import * as SiteProcess from "../../src/app/SiteProcess.js"
import { HttpAddress } from "../../src/http/HttpAddress.js"
import { call } from "./TestServer.js"

export interface EnsembleSite {
  readonly directory: string
  readonly url: string
  /** A file below the site's directory. */
  readonly write: (name: string, text: string) => void
}

export interface Options {
  /** The sections of its config besides `http`. */
  readonly config: object
  /** Files below the site's directory. */
  readonly files?: Readonly<Record<string, string>>
  readonly idle?: boolean
}

/** The config is JSON, which is YAML, too. */
export const configText = (config: object): string =>
  JSON.stringify({ http: { port: 0 }, procedures: { "system-checks": { enabled: false } }, ...config })

/** Serves until the scope closes. */
export const serve = ({ config, files = {}, idle = false }: Options) =>
  Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "outpost-ensemble-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
    )
    const write = (name: string, text: string) => writeFileSync(join(directory, name), text)
    for (const [name, text] of Object.entries(files)) write(name, text)
    write("outpost.yaml", configText(config))
    const listening = yield* Deferred.make<string>()
    yield* Daemon.run({
      idle,
      onListening: (url) => Effect.asVoid(Deferred.succeed(listening, url)),
      until: Effect.never
    }).pipe(
      Effect.provide(
        SiteProcess.layer({
          site: directory,
          config: Option.none(),
          overrides: noOverrides,
          idle,
          shutdown: Option.none()
        }).pipe(Layer.provideMerge(NodeContext.layer))
      ),
      Effect.tapErrorCause((cause) => Deferred.failCause(listening, Cause.die(Cause.squash(cause)))),
      Effect.provide(Layer.merge(Logger.remove(Logger.defaultLogger), Logger.minimumLogLevel(LogLevel.Info))),
      Effect.forkScoped
    )
    const url = yield* Deferred.await(listening)
    return { directory, url, write } satisfies EnsembleSite
  })

/** One request to a site. */
export const ask = ({ url }: EnsembleSite, path: string, init: RequestInit = {}) =>
  call(path, init).pipe(Effect.provideService(HttpAddress, { url, host: "127.0.0.1", port: Number(new URL(url).port) }))

/** A POST of JSON. */
export const post = (site: EnsembleSite, path: string, body: unknown) =>
  ask(site, path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body)
  })

/** Asks again and again, half a minute at most, until it is so. */
export const until = <A, E, R>(what: string, effect: Effect.Effect<A, E, R>, is: (value: A) => boolean) =>
  effect.pipe(
    Effect.tap((value) => (is(value) ? Effect.void : Effect.sleep("30 millis"))),
    Effect.repeat({ until: is }),
    Effect.timeoutFail({ duration: "2 minutes", onTimeout: () => new Error(`never: ${what}`) })
  )

/** Begins a scan as soon as all services are there; answers its mapping. */
export const begin = (site: EnsembleSite, map: unknown, query = "") =>
  Effect.map(
    until("the map is taken", post(site, `/api/v1/sequence${query}`, map), ({ status }) => status === 200),
    ({ json }) => json as string
  )

/** The progress of the scan once it is finished. */
export const finished = (site: EnsembleSite) =>
  Effect.map(
    until("the scan is finished", ask(site, "/api/v1/progress"), ({ json }) => json?.finished === true),
    ({ json }) => json
  )
