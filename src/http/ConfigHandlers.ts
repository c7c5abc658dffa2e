/** The routes of the config document. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import { ConfigJson, ConfigOperations } from "../operations/ConfigOperations.js"
import { missingBody, notADictionary } from "../telemetry/EventScanner.js"
import { Api } from "./Api.js"
import { jsonText, local } from "./Rendering.js"
import * as RequestJson from "./RequestJson.js"

export const layer = HttpApiBuilder.group(Api, "config", (handlers) =>
  Effect.gen(function* () {
    const config = yield* ConfigOperations
    return handlers
      .handle("show", () => local(config.show))
      .handleRaw("put", ({ request }) =>
        Effect.flatMap(document(request), (body) => local(config.put(body))).pipe(
          Effect.map((shown) => jsonText(JSON.stringify(shown)))
        )
      )
      .handleRaw("validate", ({ request }) =>
        Effect.flatMap(document(request), (body) => local(config.validate(body))).pipe(
          Effect.map((verdict) => jsonText(JSON.stringify(verdict)))
        )
      )
      .handle("schema", () => local(config.schema))
  })
)

// ------------------------------------------------------------------------------------------------------------------

const document = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<ConfigJson, RequestJson.BodyError> =>
  Effect.flatMap(RequestJson.json(request), ({ value }) =>
    value === undefined
      ? Effect.fail(missingBody())
      : isObject(value)
        ? Effect.succeed(value)
        : Effect.fail(notADictionary(RequestJson.echo(value)))
  )

const isObject = (value: unknown): value is ConfigJson =>
  typeof value === "object" && value !== null && !Array.isArray(value)
