/** The one page of a controller that runs by itself: what it answers, for who opens its address in a browser. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import { response } from "./Edge.js"
import * as LoginPage from "./LoginPage.js"

/** Adds the page to the router. */
export const routes = Effect.gen(function* () {
  const router = yield* HttpApiBuilder.Router
  yield* router.get("/", Effect.succeed(response(page)))
})

// ------------------------------------------------------------------------------------------------------------------

const page = LoginPage.pageAnswer(
  200,
  "Outpost: controller",
  "<h1>The controller of an ensemble</h1><p>" +
    '<a href="/api/v1/progress">How far the scan is</a>, <a href="/api/v1/config">the services that live</a>, ' +
    '<a href="/api/v1/sequence">the trigger map</a>, <a href="/api/v1/load">how busy the workers are</a>, ' +
    '<a href="/api/v1/parameters">parameters</a>, <a href="/api/v1/logs">what the services log</a>, ' +
    '<a href="/docs">every route</a>.</p>'
)
