/** `UpdateOperations` over HTTP, by the typed client of `Api.ts`. Runs in a browser. */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { UpdateOperations } from "../operations/UpdateOperations.js"
import * as Transport from "./internal/clientTransport.js"
import { declared, typed } from "./internal/typedClient.js"

/** The operations of the server at an address. */
export const layer = (options: Transport.ClientOptions): Layer.Layer<UpdateOperations, never, HttpClient.HttpClient> =>
  Layer.effect(
    UpdateOperations,
    Effect.gen(function* () {
      const transport = yield* Transport.make(options)
      const { update } = yield* typed(transport)
      const only = declared(transport)
      return {
        check: (version) => only(update.check({ urlParams: { version } }), "UpdateFailed", "StorageFailed"),
        apply: (version) =>
          only(update.apply({ payload: { version } }), "UpdateFailed", "UpdateBusy", "NotLaunched", "StorageFailed"),
        rollback: only(
          update.rollback(),
          "NoPreviousVersion",
          "UpdateFailed",
          "UpdateBusy",
          "NotLaunched",
          "StorageFailed"
        ),
        status: only(update.status(), "StorageFailed")
      }
    })
  )
