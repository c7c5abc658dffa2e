/**
 * The description of the API, as a document and as pages. Made when first asked for: the page brings its own 2 MB of script.
 * The door (Gate) keeps all of it away once a token is set.
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as OpenApi from "@effect/platform/OpenApi"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { version } from "../domain/Version.js"
import * as LoginPage from "./LoginPage.js"

const pages = ["/docs", "/api/docs", "/redoc"] as const

/** Adds the routes to the router. */
export const routes = Effect.gen(function* () {
  const router = yield* HttpApiBuilder.Router
  const service = yield* HttpApi.Api
  const document = yield* Effect.cached(Effect.sync(() => JSON.stringify(described(service))))
  const page = yield* Effect.cached(swagger(service))
  yield* router.get(
    "/openapi.json",
    Effect.map(document, (text) => HttpServerResponse.text(text, { contentType: "application/json" }))
  )
  for (const path of pages) yield* router.get(path, page)
})

// ------------------------------------------------------------------------------------------------------------------

/** The platform's page, asked of a router of its own; its inline texts are allowed by their hashes. */
const swagger = Effect.fnUntraced(function* (service: Context.Tag.Service<typeof HttpApi.Api>) {
  const { layer } = yield* Effect.promise(() => import("@effect/platform/HttpApiSwagger"))
  const request = yield* HttpServerRequest.HttpServerRequest
  const api = Layer.succeed(HttpApi.Api, service)
  const router = yield* Effect.flatMap(HttpApiBuilder.Router.router, HttpRouter.toHttpApp).pipe(
    Effect.provide(
      Layer.provideMerge(layer({ path: "/docs" }), HttpApiBuilder.Router.Live).pipe(Layer.provide(api), Layer.fresh)
    )
  )
  const answer = yield* Effect.provideService(
    router,
    HttpServerRequest.HttpServerRequest,
    request.modify({ url: "/docs" })
  )
  const html = answer.body._tag === "Uint8Array" ? Buffer.from(answer.body.body).toString("utf8") : ""
  const scripts = Array.from(html.matchAll(/<script>([\s\S]*?)<\/script>/g), (found) => found[1] ?? "")
  const policy = `${LoginPage.allowInline("script-src", scripts)}; style-src 'self' 'unsafe-inline'; img-src 'self' data:`
  return HttpServerResponse.uint8Array(Buffer.from(html), {
    contentType: "text/html; charset=utf-8",
    headers: LoginPage.htmlHeaders(policy)
  })
}, Effect.orDie)

/** The document of the API as it is served, under this program's version. */
const described = ({ api }: Context.Tag.Service<typeof HttpApi.Api>) => {
  const document = OpenApi.fromApi(api)
  return { ...document, info: { ...document.info, version } }
}
