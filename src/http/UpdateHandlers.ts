/** The routes of updates. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import { UpdateOperations } from "../operations/UpdateOperations.js"
import { Api } from "./Api.js"
import { ApplyBody } from "./ApiUpdate.js"
import { jsonValue, local } from "./Rendering.js"
import * as RequestJson from "./RequestJson.js"

const readApply = RequestJson.decodeOptional(ApplyBody)

export const layer = HttpApiBuilder.group(Api, "update", (handlers) =>
  Effect.map(UpdateOperations, (updates) =>
    handlers
      .handle("status", () => local(updates.status))
      .handle("check", ({ urlParams }) => local(updates.check(urlParams.version)))
      .handleRaw("apply", ({ request }) =>
        readApply(request).pipe(
          Effect.flatMap(({ version }) => local(updates.apply(version ?? undefined))),
          Effect.map((attempt) => jsonValue(attempt, 202))
        )
      )
      .handle("rollback", () => local(updates.rollback))
  )
)
