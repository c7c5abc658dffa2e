/** The routes of events. The text of an event is passed on as it is and never parsed here. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import * as Cursor from "../domain/Cursor.js"
import { EventQuery } from "../domain/EventQuery.js"
import { TelemetryOperations, type ExportFormat } from "../operations/TelemetryOperations.js"
import { Api } from "./Api.js"
import * as EventParams from "./EventParams.js"
import * as MediaType from "./MediaType.js"
import { bytes, jsonText, linesText, local } from "./Rendering.js"
import * as RequestJson from "./RequestJson.js"
import { RequestLimits } from "./RequestLimits.js"
import { SseHub } from "./SseHub.js"
import { nextCursorHeader } from "./WireHeaders.js"

export const layer = HttpApiBuilder.group(Api, "event", (handlers) =>
  Effect.gen(function* () {
    const telemetry = yield* TelemetryOperations
    const hub = yield* SseHub
    /** Fails where the filter names a run that is not, before an answer has begun. */
    const probe = (filter: EventQuery["filter"]) =>
      filter.run === undefined ? Effect.void : local(telemetry.query(new EventQuery({ filter, limit: 1 })))

    /** A cursor of another log would find nothing for ever. */
    const reached = (cursor: Cursor.Cursor | undefined) =>
      cursor === undefined
        ? Effect.void
        : Effect.flatMap(local(telemetry.stats), ({ seq }) =>
            Cursor.isAhead(cursor, seq) ? EventParams.aheadOfLog(cursor, seq) : Effect.void
          )

    return handlers
      .handleRaw("post", ({ request }) =>
        RequestJson.bytes(request).pipe(
          Effect.flatMap((body) => local(telemetry.post(body))),
          Effect.map(jsonText)
        )
      )
      .handle("postBatch", () => Effect.dieMessage("POST /events is answered by the hot lane"))
      .handleRaw("current", () => Effect.map(local(telemetry.current), jsonText))
      .handleRaw("currentOf", ({ path }) => Effect.map(local(telemetry.currentOf(path.event_type)), jsonText))
      .handleRaw("query", ({ request, urlParams }) =>
        Effect.gen(function* () {
          const { pageRows } = yield* RequestLimits
          const query = yield* EventParams.query(urlParams, pageRows)
          yield* reached(query.cursor)
          const { lines, next } = yield* local(telemetry.query(query))
          const cursor = next === undefined ? undefined : Cursor.format(next)
          return MediaType.wantsNdjson(request.headers["accept"])
            ? linesText(lines, cursor === undefined ? {} : { [nextCursorHeader]: cursor })
            : jsonText(
                `{"events":[${lines.join(",")}],"next":${cursor === undefined ? "null" : JSON.stringify(cursor)}}`
              )
        })
      )
      .handleRaw("tail", ({ request, urlParams }) =>
        Effect.gen(function* () {
          const { filter, from } = yield* EventParams.tail(urlParams, request.headers["last-event-id"])
          yield* probe(filter)
          yield* hub.follow(NodeHttpServerRequest.toServerResponse(request), filter, from)
          return HttpServerResponse.empty()
        })
      )
      .handleRaw("export", ({ request, urlParams }) =>
        Effect.gen(function* () {
          const format = yield* EventParams.format(urlParams)
          const filter = yield* EventParams.filter(urlParams)
          yield* probe(filter)
          return yield* local(
            bytes(request, telemetry.export(format, filter), {
              contentType: mediaTypes[format],
              headers: { "content-disposition": `attachment; filename="events.${format}"` }
            })
          )
        })
      )
      .handle("verify", ({ urlParams }) => local(telemetry.verify({ repair: urlParams.repair === "true" })))
  })
)

// ------------------------------------------------------------------------------------------------------------------

const mediaTypes: Readonly<Record<ExportFormat, string>> = {
  ndjson: "application/x-ndjson",
  csv: "text/csv; charset=utf-8",
  parquet: "application/vnd.apache.parquet"
}
