/** The routes of an ensemble's controller. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { TriggerMap, unusableName } from "../ingest/controller/TriggerMap.js"
import { IngestOperations } from "../operations/IngestOperations.js"
import { Api } from "./Api.js"
import { HookBody, MappingBody } from "./ApiIngest.js"
import * as IngestParams from "./IngestParams.js"
import { LiveViews } from "./LiveViews.js"
import { jsonValue, local } from "./Rendering.js"
import * as RequestJson from "./RequestJson.js"
import { eventStream, newest } from "./SimpleTail.js"

/** A body with names of streams in it. */
const named = <A, I>(schema: Schema.Schema<A, I>) => {
  const decoded = Schema.decodeUnknown(schema)
  return (request: HttpServerRequest.HttpServerRequest) =>
    Effect.gen(function* () {
      const body = yield* RequestJson.object(request)
      const refusal = unusableName(body)
      if (refusal !== undefined) return yield* refusal
      return yield* Effect.mapError(decoded(body), (error) => RequestJson.invalid(error, body))
    })
}
const readMap = named(TriggerMap)
const readMapping = named(MappingBody)
const readHook = RequestJson.decode(HookBody)

export const layer = HttpApiBuilder.group(Api, "controller", (handlers) =>
  Effect.gen(function* () {
    const ingest = yield* IngestOperations
    const live = yield* LiveViews

    const begin = (map: TriggerMap, params: IngestParams.Wrap) =>
      Effect.map(local(ingest.begin({ map, ...params })), (mapping) => jsonValue(mapping))
    const told = Effect.map(local(ingest.map), IngestParams.toldMap)

    return handlers
      .handle("ensemble", () => local(ingest.ensemble))
      .handle("status", () => local(ingest.status))
      .handle("services", () => local(ingest.services))
      .handle("progress", () => local(ingest.progress))
      .handleRaw("progressTail", () =>
        // Whether there is one at all is an answer of its own, not the end of a stream.
        Effect.zipRight(
          local(ingest.progress),
          eventStream(
            live,
            Stream.map(newest(ingest.follow), (progress) => JSON.stringify(progress))
          )
        )
      )
      .handle("load", ({ urlParams }) =>
        Effect.flatMap(IngestParams.load(urlParams), (query) => local(ingest.load(query)))
      )
      .handle("sequence", () => told)
      .handle("mapping", () => told)
      .handleRaw("begin", ({ request, urlParams }) =>
        Effect.gen(function* () {
          const params = yield* IngestParams.wrap(urlParams)
          return yield* begin(yield* readMap(request), params)
        })
      )
      .handleRaw("beginMapping", ({ request, urlParams }) =>
        Effect.gen(function* () {
          const params = yield* IngestParams.wrap(urlParams)
          return yield* begin({ parts: { main: yield* readMapping(request) }, sequence: ["main"] }, params)
        })
      )
      .handleRaw("hook", ({ request }) =>
        Effect.gen(function* () {
          const { scan, streams } = yield* readHook(request)
          const points = scan?.nb_points
          if (points === undefined) return jsonValue("no scan info")
          const { ingesters } = yield* local(ingest.ensemble)
          const there = new Set(ingesters.flatMap((ingester) => ingester.streams))
          const taken = streams.filter((stream) => there.has(stream))
          return yield* begin(IngestParams.uniform(taken, points), {})
        })
      )
      .handleRaw("stop", () => Effect.as(local(ingest.stop), jsonValue(null)))
      .handleRaw("setParameter", ({ path, request }) =>
        Effect.gen(function* () {
          const value = yield* RequestJson.bytes(request)
          return jsonValue(yield* local(ingest.setParameter(path.name, value)))
        })
      )
      .handleRaw("parameter", ({ path }) =>
        Effect.map(local(ingest.parameter(path.name)), (value) =>
          HttpServerResponse.uint8Array(value, { contentType: "application/x.bytes" })
        )
      )
      .handle("parameters", () => local(ingest.parameters))
      .handle("logs", ({ urlParams }) =>
        Effect.flatMap(IngestParams.logLevel(urlParams), (level) => local(ingest.logs(level)))
      )
      .handleRaw("logStream", () =>
        Effect.gen(function* () {
          // Whether there is one at all is an answer of its own, not the end of a stream.
          yield* local(ingest.progress)
          yield* live.place
          const lines = Stream.map(newest(ingest.followLogs), (line) => `${JSON.stringify(line)}\n`)
          return HttpServerResponse.stream(Stream.encodeText(Stream.interruptWhen(lines, live.ended)), {
            contentType: "application/x-ndjson",
            headers: { "cache-control": "no-store", "x-accel-buffering": "no" }
          })
        })
      )
  })
)
