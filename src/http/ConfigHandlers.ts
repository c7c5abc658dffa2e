/**
 * The routes of the config document. Whoever read it can see to it that nobody else's change is overwritten: `GET` answers an
 * `ETag`, and a `PUT` with `If-Match` is refused where the document is another one by now.
 */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import { hash } from "node:crypto"
import { ConfigOperations, type ConfigJson, type ConfigVerdict } from "../operations/ConfigOperations.js"
import { Api } from "./Api.js"
import { ConfigChanged } from "./ApiErrors.js"
import { jsonText, local } from "./Rendering.js"
import * as RequestJson from "./RequestJson.js"

export const layer = HttpApiBuilder.group(Api, "config", (handlers) =>
  Effect.gen(function* () {
    const config = yield* ConfigOperations
    const oneAtATime = yield* Effect.makeSemaphore(1)
    return handlers
      .handleRaw("show", () => Effect.map(local(config.show), document))
      .handleRaw("put", ({ request }) =>
        Effect.gen(function* () {
          const body = yield* RequestJson.object(request)
          const seen = request.headers["if-match"]
          if (seen !== undefined && seen !== "*" && seen !== tagOf(yield* local(config.show))) {
            return yield* new ConfigChanged()
          }
          return document(yield* local(config.put(body)))
        }).pipe(oneAtATime.withPermits(1))
      )
      .handleRaw("validate", ({ request }) =>
        RequestJson.object(request).pipe(
          Effect.flatMap((body) => local(config.validate(body))),
          Effect.map((verdict) => jsonText(verdictText(verdict)))
        )
      )
      .handle("schema", () => local(config.schema))
  })
)

// ------------------------------------------------------------------------------------------------------------------

const tagOf = (shown: ConfigJson): string => `"${hash("sha1", JSON.stringify(shown), "base64url")}"`

const document = (shown: ConfigJson): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setHeader(jsonText(JSON.stringify(shown)), "etag", tagOf(shown))

/** Where all is well there is nothing to say beside it. */
const verdictText = ({ error, issues, valid }: ConfigVerdict): string =>
  JSON.stringify(issues.length === 0 ? { valid, error } : { valid, error, issues })
