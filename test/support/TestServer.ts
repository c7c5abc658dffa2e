/** A server on a free port of this machine, on doubles of the operations, and ways to talk to it byte by byte. */
import * as Handlers from "../../src/http/Handlers.js"
import { HttpAddress } from "../../src/http/HttpAddress.js"
import * as Server from "../../src/http/Server.js"
import { HttpLimits, HttpSettings } from "../../src/http/Settings.js"
import * as RecordingBackfills from "./RecordingBackfills.js"
import * as RecordingCollector from "./RecordingCollector.js"
import * as IngestDouble from "./IngestDouble.js"
import * as ProcedureDouble from "./ProcedureDouble.js"
import * as OutboxDouble from "./OutboxDouble.js"
import * as UpdateDouble from "./UpdateDouble.js"
import * as ConfigDouble from "./ConfigDouble.js"
import * as RunDouble from "./RunDouble.js"
import * as SiteDouble from "./SiteDouble.js"
import * as TelemetryDouble from "./TelemetryDouble.js"
import { Effect, Layer, Logger, LogLevel, Option, Redacted } from "effect"
import * as net from "node:net"

export interface Options {
  readonly token?: string
  readonly ownToken?: string
  readonly host?: string
  readonly hosts?: ReadonlyArray<string>
  readonly allowOrigins?: ReadonlyArray<string>
  readonly limits?: Partial<ConstructorParameters<typeof HttpLimits>[0]>
  readonly liveClients?: number
  readonly ui?: string
  readonly port?: number
  readonly readOnly?: boolean
  readonly rate?: number
}

/** For a server of real operations otherwise. */
export const collector = Layer.mergeAll(
  RecordingBackfills.layer,
  RecordingCollector.layer,
  IngestDouble.layer,
  OutboxDouble.layer,
  UpdateDouble.layer,
  ProcedureDouble.layer
)

export const doubles = Layer.mergeAll(
  collector,
  ConfigDouble.layer,
  RunDouble.layer,
  SiteDouble.layer,
  TelemetryDouble.layer
)

/** The server and the doubles behind it. */
export const layer = (options: Options = {}) => layerOn(doubles, options)

/** The server and the operations behind it. */
export const layerOn = <A, E>(operations: Layer.Layer<A | Handlers.Operations, E>, options: Options = {}) =>
  Server.layer({
    settings: new HttpSettings({
      host: options.host ?? "127.0.0.1",
      port: options.port ?? 0,
      hosts: options.hosts ?? [],
      allow_origins: options.allowOrigins ?? [],
      readonly: options.readOnly ?? false,
      rate_limit: options.rate ?? 0,
      token: Option.map(Option.fromNullable(options.token), Redacted.make),
      limits: new HttpLimits({ ...options.limits })
    }),
    ownToken: options.ownToken === undefined ? undefined : Redacted.make(options.ownToken),
    ui: options.ui
  }).pipe(
    Layer.provide(Handlers.layer(options.liveClients === undefined ? {} : { liveClients: options.liveClients })),
    Layer.provideMerge(operations),
    Layer.provide(Logger.minimumLogLevel(LogLevel.None))
  )

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: any
}

/** One request; a redirect is an answer like any other. */
export const call = (path: string, init: RequestInit & { readonly duplex?: "half" } = {}) =>
  Effect.flatMap(HttpAddress, ({ url }) =>
    Effect.promise(async (signal): Promise<Reply> => {
      const response = await fetch(`${url}${path}`, { redirect: "manual", signal, ...init })
      const text = await response.text()
      let json: unknown
      try {
        json = JSON.parse(text)
      } catch {
        json = undefined
      }
      return { status: response.status, headers: response.headers, text, json }
    })
  )

export const postJson = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  call(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body)
  })

/** Sends bytes on a connection of its own and answers everything that comes back until it is closed or `enough`. */
export const raw = (text: string | Uint8Array, enough: (received: string) => boolean = () => false) =>
  Effect.flatMap(HttpAddress, ({ port }) =>
    Effect.async<string>((resume) => {
      let received = ""
      const socket = net.connect(port, "127.0.0.1", () => socket.write(text))
      const done = () => {
        socket.destroy()
        resume(Effect.succeed(received))
      }
      socket.on("data", (chunk) => {
        received += chunk.toString("latin1")
        if (enough(received)) done()
      })
      socket.on("close", done)
      socket.on("error", done)
      return Effect.sync(() => socket.destroy())
    })
  )
