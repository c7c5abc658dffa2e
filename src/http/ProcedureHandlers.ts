/** The routes of procedures and of the state they share. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ProcedureOperations } from "../operations/ProcedureOperations.js"
import { Api } from "./Api.js"
import { reading, whole } from "./QueryParams.js"
import { local } from "./Rendering.js"

export const layer = HttpApiBuilder.group(Api, "procedure", (handlers) =>
  Effect.gen(function* () {
    const procedures = yield* ProcedureOperations
    return handlers
      .handle("procedures", () => Effect.map(local(procedures.list), (all) => ({ procedures: all })))
      .handle("procedure", ({ path: { name } }) => local(procedures.get(name)))
      .handle("order", ({ path: { action, name } }) =>
        Effect.zipRight(local(procedures[action](name)), local(procedures.get(name)))
      )
      .handle("state", () => local(procedures.state))
      .handle("stateHistory", ({ urlParams }) =>
        reading(urlParams, messages, (read) => ({
          part: read("part", Option.some),
          before: read("before", whole(1, Number.MAX_SAFE_INTEGER)),
          limit: read("limit", whole(1, mostChanges))
        })).pipe(
          Effect.flatMap((query) => local(procedures.stateHistory(query))),
          Effect.map((changes) => ({ changes }))
        )
      )
  })
)

// ------------------------------------------------------------------------------------------------------------------

const mostChanges = 10_000

const messages = {
  before: "Input should be a whole number from 1",
  limit: `Input should be a whole number from 1 to ${mostChanges}`
}
