/**
 * What stands around the router: 404, 405 with `Allow`, 307 for a trailing slash, the limit of a declared body, parameters
 * nobody knows, and the answer for every way a handler can end. Handlers fail with typed errors and never think of statuses.
 */
import { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { InvalidInput, TooLarge } from "../domain/Refusal.js"
import { isContract } from "./ContractRoutes.js"
import * as ErrorBody from "./ErrorBody.js"
import { declaredLength, discard } from "./internal/requestBody.js"
import * as KnownParams from "./KnownParams.js"
import { RequestLimits } from "./RequestLimits.js"
import type { RouteTable } from "./RouteTable.js"

export const make = <R>(app: HttpApp.Default<unknown, R>, table: RouteTable): HttpApp.Default<never, R> =>
  Effect.flatMap(Effect.all([HttpServerRequest.HttpServerRequest, RequestLimits]), ([request, { bodyBytes }]) => {
    const mark = request.url.indexOf("?")
    const path = mark < 0 ? request.url : request.url.slice(0, mark)
    const query = mark < 0 ? "" : request.url.slice(mark)
    const found = table.find(path)
    if (found._tag === "Unknown") return respond(ErrorBody.notFound)
    if (found._tag === "Redirect") {
      return Effect.succeed(HttpServerResponse.empty({ status: 307, headers: { location: `${found.path}${query}` } }))
    }
    if (!found.methods.includes(request.method) && !found.methods.includes("*")) {
      return respond(ErrorBody.methodNotAllowed(found.methods))
    }
    const message = NodeHttpServerRequest.toIncomingMessage(request)
    if (declaredLength(message) > bodyBytes) {
      discard(message)
      const error = new TooLarge({ what: "body", limit: bodyBytes })
      return respond(ErrorBody.ofError(error, isContract(found.pattern)) ?? ErrorBody.internal)
    }
    const strange = KnownParams.refusal(request.method, found.pattern, query)
    if (strange !== undefined) {
      discard(message)
      return respond(ErrorBody.ofError(strange, false) ?? ErrorBody.internal)
    }
    return Effect.provideService(
      app,
      HttpServerRequest.HttpServerRequest,
      request.modify({ url: found.path + query })
    ).pipe(
      Effect.catchAllCause((cause) => ending(cause, isContract(found.pattern), `${request.method} ${found.pattern}`))
    )
  })

/** An answer as the router's lane sends it. */
export const response = (answer: ErrorBody.Answer): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(answer.body, {
    status: answer.status,
    headers: answer.headers,
    contentType: answer.headers["content-type"] ?? "text/plain"
  })

// ------------------------------------------------------------------------------------------------------------------

const respond = (answer: ErrorBody.Answer) => Effect.succeed(response(answer))

const ending = (cause: Cause.Cause<unknown>, contract: boolean, route: string) => {
  const error = Cause.squash(cause)
  if (error instanceof HttpServerError.RouteNotFound) return respond(ErrorBody.notFound)
  const known =
    error instanceof HttpApiDecodeError
      ? undecodable(error)
      : error instanceof HttpServerError.RequestError
        ? unreadable(error)
        : error
  const answer = ErrorBody.ofFailure(known, contract)
  if (answer !== undefined) return respond(answer)
  if (Cause.isInterruptedOnly(cause)) return respond(ErrorBody.stopping)
  return Effect.as(Effect.logError(`${route} ended in a defect`, cause), response(ErrorBody.internal))
}

const undecodable = (error: HttpApiDecodeError): InvalidInput =>
  new InvalidInput({
    problems: error.issues.map(({ _tag, message, path }) => ({
      type: _tag === "Missing" ? "missing" : "value_error",
      loc: path.map((step) => (typeof step === "number" ? step : String(step))),
      msg: message,
      input: null
    }))
  })

const unreadable = (error: HttpServerError.RequestError): InvalidInput =>
  new InvalidInput({
    problems: [
      {
        type: "json_invalid",
        loc: ["body"],
        msg: "JSON decode error",
        input: {},
        ctx: { error: error.cause instanceof Error ? error.cause.message : error.message }
      }
    ]
  })
