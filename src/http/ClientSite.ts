/** `SiteOperations` and `ConfigOperations` over HTTP, by the typed client of `Api.ts`. Runs in a browser. */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { NodeStatus } from "../actor/NodeStatus.js"
import { Overloaded } from "../domain/Refusal.js"
import { ConfigOperations } from "../operations/ConfigOperations.js"
import { SiteOperations, type LogFilter } from "../operations/SiteOperations.js"
import { NotAllowed, type Remote } from "../operations/Unreachable.js"
import * as EventParams from "./EventParams.js"
import { follow } from "./internal/clientTail.js"
import * as Transport from "./internal/clientTransport.js"
import { declared, typed } from "./internal/typedClient.js"

/** The site operations of the server at an address. */
export const layerSite = (
  options: Transport.ClientOptions
): Layer.Layer<SiteOperations, never, HttpClient.HttpClient> =>
  Layer.effect(
    SiteOperations,
    Effect.gen(function* () {
      const transport = yield* Transport.make(options)
      const { site } = yield* typed(transport)
      const only = declared(transport)
      const order = (action: "stop" | "start" | "restart") => (path: string) =>
        Effect.asVoid(only(site.actor({ path: { action }, payload: { path } }), "NoSuchActor", "ActorFailed"))
      const tail = (path: string, filter: LogFilter = {}) =>
        follow(
          transport.url,
          () =>
            transport
              .bytes(
                HttpClientRequest.setUrlParams(HttpClientRequest.get(path), EventParams.ofLogs(filter)),
                Overloaded
              )
              .pipe(Stream.catchTag("Overloaded", (error) => Stream.fail(transport.unexpected(error)))),
          undefined
        ).pipe(Stream.filterMap(({ data }) => (data === undefined ? Option.none() : Option.some(data))))
      return {
        status: only(site.status({})),
        // 503 is an answer here, not a failure.
        ready: Effect.flatMap(transport.ask.execute(HttpClientRequest.get("/ready")), (response) => {
          const told = Effect.flatMap(response.json, Schema.decodeUnknown(Readiness))
          return response.status === 403
            ? Effect.fail<Remote>(new NotAllowed({ status: 403, reason: "the server does not answer to this name" }))
            : Effect.mapBoth(told, {
                onFailure: (error): Remote => transport.unexpected(error),
                onSuccess: ({ run_active, ...rest }) => ({ ...rest, runActive: run_active })
              })
        }),
        tree: Effect.map(only(site.tree({})), ({ nodes }) => nodes),
        treeChanges: Stream.mapEffect(tail("/tree/tail"), (text) =>
          Effect.mapError(decodeTree(text), transport.unexpected)
        ),
        stopActor: order("stop"),
        startActor: order("start"),
        restartActor: order("restart"),
        logs: (filter) =>
          Effect.map(
            transport.text(
              HttpClientRequest.setUrlParams(HttpClientRequest.get("/logs/lines"), EventParams.ofLogs(filter)),
              Schema.Never
            ),
            (body) => body.split("\n").filter((line) => line !== "")
          ),
        followLogs: (filter) => tail("/logs/tail", filter),
        metrics: transport.text(HttpClientRequest.get("/metrics"), Schema.Never),
        shutdown: Effect.asVoid(only(site.shutdown({}), "ShutdownUnavailable"))
      }
    })
  )

/** The config operations of the server at an address. */
export const layerConfig = (
  options: Transport.ClientOptions
): Layer.Layer<ConfigOperations, never, HttpClient.HttpClient> =>
  Layer.effect(
    ConfigOperations,
    Effect.gen(function* () {
      const transport = yield* Transport.make(options)
      const { config } = yield* typed(transport)
      const only = declared(transport)
      return {
        show: only(config.show({})),
        put: (document) =>
          only(config.put({ payload: document }), "ConfigInvalid", "ConfigNotAllowed", "StorageFailed"),
        validate: (document) => only(config.validate({ payload: document })),
        schema: only(config.schema({}))
      }
    })
  )

// ------------------------------------------------------------------------------------------------------------------

const decodeTree = Schema.decode(Schema.parseJson(Schema.Array(NodeStatus)))

const Readiness = Schema.Struct({
  ready: Schema.Boolean,
  run_active: Schema.Boolean,
  version: Schema.String,
  reasons: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] })
})
