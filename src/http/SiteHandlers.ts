/** The routes of the site: status, supervision tree, logs, metrics, shutdown. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { NodeStatus } from "../actor/NodeStatus.js"
import { SiteOperations } from "../operations/SiteOperations.js"
import { Api } from "./Api.js"
import { response } from "./Edge.js"
import { forwardedLoopback, isLoopback } from "./EdgeRules.js"
import * as ErrorBody from "./ErrorBody.js"
import * as EventParams from "./EventParams.js"
import { LiveViews } from "./LiveViews.js"
import { linesText, jsonText, local } from "./Rendering.js"
import * as RequestJson from "./RequestJson.js"
import { eventStream } from "./SimpleTail.js"

const encodeTree = Schema.encodeSync(Schema.parseJson(Schema.Array(NodeStatus)))
const decodeOrder = RequestJson.decode(Schema.Struct({ path: Schema.String }))

export const layer = HttpApiBuilder.group(Api, "site", (handlers) =>
  Effect.gen(function* () {
    const site = yield* SiteOperations
    const live = yield* LiveViews
    const orders = { stop: site.stopActor, start: site.startActor, restart: site.restartActor }
    return handlers
      .handle("status", () => local(site.status))
      .handle("tree", () => Effect.map(local(site.tree), (nodes) => ({ nodes })))
      .handleRaw("treeTail", () => eventStream(live, Stream.map(site.treeChanges, encodeTree)))
      .handleRaw("actor", ({ path: { action }, request }) =>
        Effect.gen(function* () {
          const { path } = yield* decodeOrder(request)
          yield* local(orders[action](path))
          return jsonText(JSON.stringify({ path, action }))
        })
      )
      .handleRaw("logs", ({ urlParams }) =>
        EventParams.logs(urlParams).pipe(
          Effect.flatMap((filter) => local(site.logs(filter))),
          Effect.map((lines) => linesText(lines))
        )
      )
      .handleRaw("logsTail", ({ urlParams }) =>
        Effect.flatMap(EventParams.logs(urlParams), (filter) => eventStream(live, site.followLogs(filter)))
      )
      .handleRaw("metrics", () =>
        Effect.map(local(site.metrics), (text) =>
          HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" })
        )
      )
      .handleRaw("shutdown", ({ request }) =>
        // What a header says can be written by anyone: it only ever makes it stricter.
        isLoopback(NodeHttpServerRequest.toIncomingMessage(request).socket.remoteAddress) &&
        forwardedLoopback(request.headers["x-forwarded-for"])
          ? Effect.as(local(site.shutdown), jsonText('{"shutting_down":true}'))
          : Effect.succeed(response(ErrorBody.plain(403, "Server shutdown is restricted to loopback clients")))
      )
  })
)
