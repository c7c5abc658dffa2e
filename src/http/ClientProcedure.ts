/** `ProcedureOperations` over HTTP, by the typed client of `Api.ts`. Runs in a browser. */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ProcedureNotFound, ProcedureOperations } from "../operations/ProcedureOperations.js"
import * as Transport from "./internal/clientTransport.js"
import { declared, segment, typed } from "./internal/typedClient.js"

/** The operations of the server at an address. */
export const layer = (
  options: Transport.ClientOptions
): Layer.Layer<ProcedureOperations, never, HttpClient.HttpClient> =>
  Layer.effect(
    ProcedureOperations,
    Effect.gen(function* () {
      const transport = yield* Transport.make(options)
      const { procedure } = yield* typed(transport)
      const only = declared(transport)
      /** A name that can't stand in an address is no procedure's. */
      const named = <A, E>(name: string, ask: (name: string) => Effect.Effect<A, E>) => {
        const encoded = segment(name)
        return encoded === undefined ? Effect.fail(new ProcedureNotFound({ name })) : ask(encoded)
      }
      const order = (action: "stop" | "start" | "restart") => (name: string) =>
        named(name, (encoded) =>
          Effect.asVoid(
            only(procedure.order({ path: { name: encoded, action } }), "ProcedureNotFound", "ProcedureFailed")
          )
        )
      return {
        list: Effect.map(only(procedure.procedures({})), ({ procedures }) => procedures),
        get: (name) =>
          named(name, (encoded) => only(procedure.procedure({ path: { name: encoded } }), "ProcedureNotFound")),
        stop: order("stop"),
        start: order("start"),
        restart: order("restart"),
        state: only(procedure.state({})),
        stateHistory: ({ before, limit, part }) =>
          Effect.map(
            only(
              procedure.stateHistory({
                urlParams: { part, before: before?.toString(), limit: limit?.toString() }
              }),
              "StorageFailed"
            ),
            ({ changes }) => changes
          )
      }
    })
  )
