/** `CollectorOperations` over HTTP, by the typed client of `Api.ts`. Runs in a browser. */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { NoSuchColumn, NoSuchSeries } from "../dataset/Dataset.js"
import { Overloaded, StorageFailed } from "../domain/Refusal.js"
import { CollectorOperations } from "../operations/CollectorOperations.js"
import { SyncEnd } from "./ApiCollector.js"
import * as CollectorParams from "./CollectorParams.js"
import { parse } from "./internal/clientTail.js"
import * as Transport from "./internal/clientTransport.js"
import { declared, typed } from "./internal/typedClient.js"

/** The operations of the server at an address. */
export const layer = (
  options: Transport.ClientOptions
): Layer.Layer<CollectorOperations, never, HttpClient.HttpClient> =>
  Layer.effect(
    CollectorOperations,
    Effect.gen(function* () {
      const transport = yield* Transport.make(options)
      const { collector } = yield* typed(transport)
      const only = declared(transport)
      return {
        scheduler: only(collector.schedules({})),
        setScheduler: (running) =>
          Effect.asVoid(only(running ? collector.startScheduler({}) : collector.stopScheduler({}), "StorageFailed")),
        setSchedulePaused: (id, paused) => {
          const order = paused ? collector.pauseSchedule : collector.resumeSchedule
          return Effect.asVoid(only(order({ payload: { id } }), "ScheduleNotFound", "StorageFailed"))
        },
        streams: only(collector.streams({})),
        startStream: (stream) =>
          Effect.map(
            only(collector.startStream({ payload: stream }), "NoMatchingStream", "UnsupportedStream"),
            ({ key }) => key
          ),
        stopStream: (stream) =>
          Effect.map(only(collector.stopStream({ payload: stream })), ({ key, status }) => ({
            key,
            wasRunning: status === "stopping"
          })),
        inventory: (options) =>
          only(
            collector.inventory({ urlParams: { holes: options?.holes === true ? "true" : undefined } }),
            "StorageFailed"
          ),
        data: (request) =>
          transport.open(
            HttpClientRequest.setUrlParams(HttpClientRequest.get("/api/data"), CollectorParams.ofData(request)),
            DataErrors
          ),
        metrics: only(collector.metrics({})),
        storage: only(collector.storage({})),
        sync: transport.bytes(HttpClientRequest.post("/api/storage/sync/results"), Overloaded).pipe(
          Stream.catchTag("Overloaded", (error) => Stream.fail(transport.unexpected(error))),
          parse,
          Stream.filterMap(({ data }) => Option.fromNullable(data)),
          Stream.runHead,
          Effect.flatMap(
            Option.match({
              onNone: () => Effect.fail(transport.unexpected("an end without results")),
              onSome: (text) => Effect.mapError(decodeEnd(text), transport.unexpected)
            })
          ),
          Effect.flatMap((end) => ("error" in end ? Effect.fail(end.error) : Effect.succeed(end.results)))
        )
      }
    })
  )

// ------------------------------------------------------------------------------------------------------------------

const DataErrors = Schema.Union(NoSuchSeries, NoSuchColumn, StorageFailed)

const decodeEnd = Schema.decode(Schema.parseJson(SyncEnd))
