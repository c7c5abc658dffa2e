/**
 * The server: one `node:http` listener with two lanes behind one door. The hot lane takes events; everything else goes
 * through the router of `Api.ts`. Requests are not traced and not logged.
 *
 * Stopping: live views end at once, no new request is begun, those under way get a second, then connections are cut.
 */
import type * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { createServer, type Server } from "node:http"
import * as os from "node:os"
import type { TelemetryOperations } from "../operations/TelemetryOperations.js"
import * as Credentials from "./Credentials.js"
import * as Docs from "./Docs.js"
import * as Edge from "./Edge.js"
import * as EdgeRules from "./EdgeRules.js"
import * as ErrorBody from "./ErrorBody.js"
import * as Gate from "./Gate.js"
import * as HotLane from "./HotLane.js"
import { HttpAddress, ListenFailed, PortTaken, TokenRequired, urlOf } from "./HttpAddress.js"
import { answerBrokenRequests } from "./internal/brokenRequests.js"
import { interceptRequests } from "./internal/interceptRequests.js"
import { write } from "./internal/nodeAnswer.js"
import { declaredLength, discard } from "./internal/requestBody.js"
import { LiveViews } from "./LiveViews.js"
import { isNdjson } from "./MediaType.js"
import * as Login from "./Login.js"
import { RequestLimits } from "./RequestLimits.js"
import * as RouteTable from "./RouteTable.js"
import type { HttpSettings } from "./Settings.js"
import * as StaticFiles from "./StaticFiles.js"

export interface ServerOptions {
  /** The config section; flags and variables are already in it. */
  readonly settings: HttpSettings
  /** Opens the server to who may read this process's server.json. */
  readonly ownToken?: Redacted.Redacted | undefined
  /** Where the built web app lies. */
  readonly ui?: string | undefined
  /** Whoever reaches the address may ask: no token is needed, and pages of any origin are answered. Default false. */
  readonly open?: boolean | undefined
}

export type ServerError = PortTaken | ListenFailed | TokenRequired

/** Adds routes to those of a server's `Api`. */
export type Routes<R> = Effect.Effect<void, never, R | HttpApiBuilder.Router>

/** Listens once it is built. What stands behind the handlers is whatever layers of the operations they were given. */
export const layer = <R = never>(
  options: ServerOptions,
  more: Routes<R> = Effect.void
): Layer.Layer<
  HttpAddress,
  ServerError,
  HttpApi.Api | LiveViews | TelemetryOperations | Exclude<R, HttpApiBuilder.Router>
> => {
  const { limits } = options.settings
  const hotLane = HotLane.make({
    eventBytes: limits.event_bytes,
    batchBytes: limits.batch_bytes,
    heldBytes: Math.max(heldBytes, limits.batch_bytes)
  })
  return layerWith(options, Effect.zipRight(Effect.zipRight(StaticFiles.routes(options.ui), more), hotLane))
}

/** The same for a server that takes no events and has no web app. */
export const layerWithoutEvents = <R>(
  options: ServerOptions,
  more: Routes<R>
): Layer.Layer<HttpAddress, ServerError, HttpApi.Api | LiveViews | Exclude<R, HttpApiBuilder.Router>> =>
  layerWith(options, Effect.as(more, HotLane.none))

// ------------------------------------------------------------------------------------------------------------------

const layerWith = <R>(options: ServerOptions, hotLane: Effect.Effect<HotLane.HotLane, never, R>) =>
  Layer.scoped(HttpAddress, make(options, hotLane)).pipe(
    Layer.provide(HttpApiBuilder.Router.Live),
    Layer.provide(NodeHttpServer.layerContext)
  )

const make = Effect.fnUntraced(function* <R>(
  options: ServerOptions,
  openHotLane: Effect.Effect<HotLane.HotLane, never, R>
) {
  const { limits, ...settings } = options.settings
  const { port } = settings
  const host = settings.host === "localhost" ? "127.0.0.1" : settings.host
  const credentials = Credentials.make({
    token: settings.token,
    ownToken: Option.fromNullable(options.ownToken),
    sessionMillis: Duration.toMillis(settings.session_time)
  })
  if (!EdgeRules.isLoopback(host) && !credentials.guarded && options.open !== true) {
    return yield* new TokenRequired({ host })
  }
  const rules = EdgeRules.make({
    hosts: settings.hosts,
    allowOrigins: settings.allow_origins,
    machine: os.hostname(),
    anyone: options.open
  })
  const gate = Gate.make(rules, credentials, yield* Effect.clock, {
    readOnly: settings.readonly,
    rate: settings.rate_limit
  })
  const live = yield* LiveViews
  // Before the listener: its fibers must outlive it, so that posts under way are answered.
  const hotLane = yield* openHotLane
  yield* Login.routes(credentials)
  if (!credentials.guarded) yield* Docs.routes

  const server = createServer({
    requestTimeout: Duration.toMillis(limits.request_time),
    headersTimeout: Math.min(Duration.toMillis(limits.request_time), 20_000),
    keepAliveTimeout: 30_000
  })
  server.maxConnections = limits.connections
  const state = { stopping: false }
  receive(server, gate, hotLane, state, limits)
  const http = yield* listen(server, host, port)

  const router = yield* HttpApiBuilder.Router.router
  const app = yield* HttpRouter.withRouterConfig(HttpRouter.toHttpApp(router), {
    caseSensitive: true,
    ignoreTrailingSlash: false,
    maxParamLength: 16_384
  })
  yield* HttpServer.serveEffect(Edge.make(app, RouteTable.make(router.routes))).pipe(
    Effect.provideService(HttpServer.HttpServer, http),
    Effect.provideService(RequestLimits, { bodyBytes: limits.body_bytes, pageRows: limits.page_rows }),
    Effect.locally(HttpMiddleware.currentTracerDisabledWhen, constTrue)
  )
  // No route changes the protocol. With nobody listening for it Node passes over an offer to (Java's client makes one with
  // each first request, `curl --http2` with every one) and takes the request as it is.
  server.removeAllListeners("upgrade")
  // Last acquired, first released: the platform then finds a listener that is closed already.
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => (state.stopping = true)).pipe(Effect.zipRight(live.end), Effect.zipRight(close(server)))
  )
  const bound = http.address._tag === "TcpAddress" ? http.address.port : port
  return { url: urlOf(host, bound), host, port: bound }
})

/** The bodies of hot requests held at the same time: beyond a few megabytes the rate falls. */
const heldBytes = 8 * 2 ** 20

/** Time for requests under way once the server stops. */
const grace = Duration.seconds(1)

/**
 * `server.close` waits for every open answer, and for clients that keep a connection whose last answer ended after the call.
 * Those are closed as they fall idle; what is left after the grace is cut.
 */
const close = (server: Server): Effect.Effect<void> => {
  const closed = Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
  const sweep = Effect.zipRight(
    Effect.sleep(Duration.millis(20)),
    Effect.sync(() => server.closeIdleConnections())
  )
  return Effect.raceFirst(closed, Effect.forever(sweep)).pipe(
    Effect.interruptible,
    Effect.timeoutOption(grace),
    Effect.zipRight(Effect.sync(() => server.closeAllConnections()))
  )
}

const listen = (
  server: Server,
  host: string,
  port: number
): Effect.Effect<HttpServer.HttpServer, PortTaken | ListenFailed, Scope.Scope> =>
  NodeHttpServer.make(() => server, { host, port }).pipe(
    Effect.mapError(({ cause }) => {
      const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : String(cause)
      return code === "EADDRINUSE" ? new PortTaken({ host, port }) : new ListenFailed({ host, port, reason: code })
    })
  )

/** Puts the door and the hot lane in front of the router. */
const receive = (
  server: Server,
  gate: Gate.Gate,
  hotLane: HotLane.HotLane,
  state: { readonly stopping: boolean },
  limits: { readonly event_bytes: number; readonly batch_bytes: number }
): void => {
  const begun = answerBrokenRequests(server)
  interceptRequests(server, (request, response) => {
    begun(request, response)
    if (state.stopping) {
      response.setHeader("connection", "close")
      discard(request)
      write(response, ErrorBody.stopping)
      return true
    }
    const verdict = gate.judge(request)
    if (verdict._tag === "Refuse") {
      discard(request)
      write(response, verdict.answer)
      return true
    }
    if (verdict.headers !== undefined) {
      for (const [name, value] of Object.entries(verdict.headers)) response.setHeader(name, value)
    }
    return hotLane.take(request, response)
  })
  // A client that asks before it sends a body beyond every limit never sends it.
  server.on("checkContinue", (request, response) => {
    const largest = Math.max(limits.event_bytes, limits.batch_bytes)
    if (declaredLength(request) <= largest || isNdjson(request.headers["content-type"])) response.writeContinue()
    else response.setHeader("connection", "close")
    server.emit("request", request, response)
  })
}
