/**
 * `/login` and `/logout`: a token is exchanged for a session cookie. Wrong tokens are counted per address: after a burst
 * each further attempt has to wait. A browser's form is answered with pages, everything else with JSON.
 */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { TooLarge, UnreadableBody } from "../domain/Refusal.js"
import { forget, type Credentials } from "./Credentials.js"
import { response } from "./Edge.js"
import * as ErrorBody from "./ErrorBody.js"
import { read } from "./internal/requestBody.js"
import * as LoginPage from "./LoginPage.js"
import * as MediaType from "./MediaType.js"
import * as PeerBudget from "./PeerBudget.js"

/** Wrong tokens one address may show at once, and how long each then takes to be forgotten. */
const patience = { burst: 10, forgive: 6_000 }

/** Adds the routes to the router. */
export const routes = (credentials: Credentials) =>
  Effect.gen(function* () {
    const router = yield* HttpApiBuilder.Router
    const attempts = PeerBudget.make(patience)

    const login = Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      const message = NodeHttpServerRequest.toIncomingMessage(request)
      const peer = message.socket.remoteAddress ?? ""
      const now = yield* Clock.currentTimeMillis
      const wait = attempts.wait(peer, now)
      const pages = /text\/html/i.test(request.headers["accept"] ?? "")
      if (wait > 0) return tooMany(wait, pages)
      // Before the body is read: attempts that arrive together count as many.
      attempts.count(peer, now)
      const token = yield* Effect.map(read(message, largestForm), (body) =>
        tokenIn(body.toString("utf8"), request.headers["content-type"])
      )
      if (!credentials.guarded || credentials.matches(token)) {
        attempts.clear(peer)
        const headers = credentials.guarded ? { "set-cookie": credentials.session(now) } : {}
        return pages ? seeOther("/", headers) : okay(headers)
      }
      return pages
        ? response(LoginPage.answer(401, "This is not the site's token."))
        : response(ErrorBody.plain(401, "Invalid or missing token"))
    }).pipe(
      Effect.catchAll((error: TooLarge | UnreadableBody) =>
        Effect.succeed(response(ErrorBody.plain(error._tag === "TooLarge" ? 413 : 400, error.message)))
      )
    )

    yield* router.get("/login", Effect.succeed(response(LoginPage.answer(200, undefined))))
    yield* router.post("/login", login)
    yield* router.post(
      "/logout",
      Effect.map(HttpServerRequest.HttpServerRequest, (request) => {
        // The platform's response holds one value per header: a second cookie goes to Node's own response.
        NodeHttpServerRequest.toServerResponse(request).setHeader("set-cookie", forget)
        return /text\/html/i.test(request.headers["accept"] ?? "") ? seeOther("/login", {}) : okay({})
      })
    )
  })

// ------------------------------------------------------------------------------------------------------------------

const largestForm = 16 * 1024

const okay = (headers: Readonly<Record<string, string>>): HttpServerResponse.HttpServerResponse =>
  response({ status: 200, headers: { "content-type": "application/json", ...headers }, body: '{"ok":true}' })

const seeOther = (location: string, headers: Readonly<Record<string, string>>): HttpServerResponse.HttpServerResponse =>
  response({ status: 303, headers: { location, ...headers }, body: "" })

const tooMany = (waitMillis: number, pages: boolean): HttpServerResponse.HttpServerResponse => {
  const seconds = Math.max(1, Math.ceil(waitMillis / 1000))
  const text = `Too many attempts, try again in ${seconds} s`
  const answer = pages ? LoginPage.answer(429, text) : ErrorBody.plain(429, text)
  return response({ ...answer, headers: { ...answer.headers, "retry-after": String(seconds) } })
}

const tokenIn = (body: string, contentType: string | undefined): string => {
  if (MediaType.essence(contentType) === "application/x-www-form-urlencoded") {
    return new URLSearchParams(body).get("token") ?? ""
  }
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === "object" && value !== null && "token" in value && typeof value.token === "string"
      ? value.token
      : ""
  } catch {
    return ""
  }
}
