/** What a reducer publishes as an HDF5 file: the routes of the HDF REST interface, below a place of the caller's choice. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import { LocalServices } from "../ingest/LocalServices.js"
import * as HdfRest from "../ingest/reducer/HdfRest.js"
import { IngestOff } from "../operations/IngestOperations.js"
import { response } from "./Edge.js"
import * as ErrorBody from "./ErrorBody.js"
import { jsonValue } from "./Rendering.js"

/** Adds the routes to the router; `place` is empty where they stand at the root. */
export const routes = (place: "" | "/reducer") =>
  Effect.gen(function* () {
    const router = yield* HttpApiBuilder.Router
    const services = yield* LocalServices
    const answer = Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      const reducer = yield* services.reducer
      if (Option.isNone(reducer)) {
        return response(ErrorBody.ofFailure(new IngestOff({ part: "reducer" }), true) ?? ErrorBody.notFound)
      }
      const url = new URL(request.url, "http://localhost")
      const found = HdfRest.answer(yield* reducer.value.publication.values, {
        path: url.pathname.slice(place.length) || "/",
        select: url.searchParams.get("select") ?? undefined,
        now: (yield* Clock.currentTimeMillis) / 1_000
      })
      if (!("bytes" in found)) return jsonValue(found.json, found.status)
      return yield* bytes(found.bytes, request.headers["accept-encoding"])
    })
    yield* router.get(`${place}/api/v1/status`, Effect.succeed(jsonValue(true)))
    for (const path of paths) yield* router.get(`${place}${path}`, answer)
  })

// ------------------------------------------------------------------------------------------------------------------

const paths = ["/", "/groups/*", "/datasets/*"] as const

const zipped = promisify(gzip)

/** Arrays are packed for those who take it, where that is worth the work. */
const bytes = (content: Uint8Array, accepted: string | undefined) =>
  content.length > 1_000 && /\bgzip\b/.test(accepted ?? "")
    ? Effect.map(
        Effect.promise(() => zipped(content, { level: 7 })),
        (packed) =>
          HttpServerResponse.uint8Array(packed, { contentType: binary, headers: { "content-encoding": "gzip" } })
      )
    : Effect.succeed(HttpServerResponse.uint8Array(content, { contentType: binary }))

const binary = "application/octet-stream"
