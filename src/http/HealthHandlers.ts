/** `/health` and `/ready`. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import { SiteOperations } from "../operations/SiteOperations.js"
import { Api } from "./Api.js"
import { jsonText } from "./Rendering.js"

export const layer = HttpApiBuilder.group(Api, "health", (handlers) =>
  Effect.gen(function* () {
    const site = yield* SiteOperations
    const alive = jsonText('{"ok":true}')
    return handlers
      .handleRaw("health", () => Effect.succeed(alive))
      .handleRaw("ready", () =>
        // Who asks whether we are ready is told so whatever happens.
        Effect.match(site.ready, {
          onFailure: (error) =>
            HttpServerResponse.unsafeJson(
              { ready: false, run_active: false, version: "unknown", reasons: [error.message] },
              { status: 503 }
            ),
          onSuccess: ({ ready, reasons, runActive, version }) =>
            ready
              ? HttpServerResponse.unsafeJson({ ready, run_active: runActive, version })
              : HttpServerResponse.unsafeJson({ ready, run_active: runActive, version, reasons }, { status: 503 })
        })
      )
  })
)
