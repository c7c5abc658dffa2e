/** `OutboxOperations` over HTTP, by the typed client of `Api.ts`. Runs in a browser. */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { StorageFailed } from "../domain/Refusal.js"
import { OutboxOperations } from "../operations/OutboxOperations.js"
import * as Transport from "./internal/clientTransport.js"
import { declared, typed } from "./internal/typedClient.js"
import * as OutboxParams from "./OutboxParams.js"

/** The operations of the server at an address. */
export const layer = (options: Transport.ClientOptions): Layer.Layer<OutboxOperations, never, HttpClient.HttpClient> =>
  Layer.effect(
    OutboxOperations,
    Effect.gen(function* () {
      const transport = yield* Transport.make(options)
      const { outbox } = yield* typed(transport)
      const only = declared(transport)
      return {
        list: (query) => only(outbox.list({ urlParams: OutboxParams.ofList(query) }), "StorageFailed"),
        receipts: (query) =>
          Effect.map(
            only(outbox.receipts({ urlParams: OutboxParams.ofReceipts(query) }), "StorageFailed"),
            ({ receipts }) => receipts
          ),
        stats: only(outbox.stats({}), "StorageFailed"),
        uplinks: Effect.map(only(outbox.uplinks({}), "StorageFailed"), ({ uplinks }) => uplinks),
        retry: (selection) =>
          Effect.map(only(outbox.retry({ payload: selection }), "StorageFailed"), ({ messages }) => messages),
        export: (format, range) =>
          transport.open(
            HttpClientRequest.setUrlParams(
              HttpClientRequest.get("/outbox/export"),
              OutboxParams.ofArchive({ format, ...range })
            ),
            StorageFailed
          ),
        stop: (limit) => only(outbox.stop({ payload: { limit: Duration.toSeconds(limit) } }), "StorageFailed"),
        start: Effect.asVoid(only(outbox.start({}), "StorageFailed"))
      }
    })
  )
