/**
 * How the layers of `Client.ts` reach a server. An answer that bears a typed error is turned into one whose body is that error
 * alone, so that the typed client of `Api.ts` and the hand-written calls decode it alike; anything else that is no answer of
 * an Outpost becomes `ServerUnreachable` or `NotAllowed`. Runs in a browser.
 *
 * @internal
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { NotAllowed, ServerUnreachable, type Remote } from "../../operations/Unreachable.js"
import { errorHeader } from "../WireHeaders.js"

export interface ClientOptions {
  /** Where the server is, such as `http://127.0.0.1:6562`; empty in a page the server itself has sent. */
  readonly url: string
  readonly token?: Redacted.Redacted | undefined
}

type Response = HttpClientResponse.HttpClientResponse

export interface Transport {
  readonly url: string
  /** Answers with a status from 400 bear a typed error as their body; there are no others of that kind. */
  readonly http: HttpClient.HttpClient.With<Remote>
  /** Any answer, whatever its status. */
  readonly ask: HttpClient.HttpClient.With<ServerUnreachable>
  /** Sends a request; an answer that bears one of these errors fails with it. */
  readonly send: <E, I>(
    request: HttpClientRequest.HttpClientRequest,
    errors: Schema.Schema<E, I>
  ) => Effect.Effect<Response, E | Remote>
  /** The same, for the answer's text. */
  readonly text: <E, I>(
    request: HttpClientRequest.HttpClientRequest,
    errors: Schema.Schema<E, I>
  ) => Effect.Effect<string, E | Remote>
  /** The same, for the answer's bytes: fails before the first of them is asked for. */
  readonly open: <E, I>(
    request: HttpClientRequest.HttpClientRequest,
    errors: Schema.Schema<E, I>
  ) => Effect.Effect<Stream.Stream<Uint8Array, ServerUnreachable>, E | Remote>
  /** The same, as one stream. */
  readonly bytes: <E, I>(
    request: HttpClientRequest.HttpClientRequest,
    errors: Schema.Schema<E, I>
  ) => Stream.Stream<Uint8Array, E | Remote>
  /** For what only a server that is not ours, or not of our version, would do. */
  readonly unexpected: (what: unknown) => ServerUnreachable
}

export const make = (options: ClientOptions): Effect.Effect<Transport, never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (client) => {
    const url = options.url.replace(/\/+$/, "")
    const unreachable = (reason: string) => new ServerUnreachable({ url, reason })
    const unexpected = (what: unknown) => unreachable(`it answered something else than expected: ${reasonOf(what)}`)

    /** Some answers take long. A server that says nothing about its health meanwhile either is stopped or hangs. */
    const silence = client.get(`${url}/health`).pipe(
      Effect.timeout(patience),
      Effect.delay(patience),
      Effect.forever,
      Effect.mapError(() => unreachable(`no answer for ${Duration.format(Duration.times(patience, 2))}`))
    )

    const ask = client.pipe(
      HttpClient.mapRequest(HttpClientRequest.prependUrl(url)),
      options.token === undefined
        ? (same) => same
        : HttpClient.mapRequest(HttpClientRequest.bearerToken(Redacted.value(options.token))),
      HttpClient.transformResponse((response) =>
        response.pipe(
          Effect.mapError((error: HttpClientError.HttpClientError) => unreachable(reasonOf(error))),
          Effect.raceFirst(silence)
        )
      )
    )
    const readText = (response: Response) => Effect.mapError(response.text, (error) => unreachable(reasonOf(error)))

    const checked = (response: Response): Effect.Effect<Response, Remote> =>
      response.status < 400
        ? Effect.succeed(response)
        : Effect.flatMap(readText(response), (body): Effect.Effect<Response, Remote> => {
            const value = Option.getOrUndefined(decodeJson(body))
            const error = typedErrorOf(response, value)
            if (error !== undefined) {
              const bare = new globalThis.Response(JSON.stringify(error), {
                status: response.status,
                headers: { "content-type": "application/json" }
              })
              return Effect.succeed(HttpClientResponse.fromWeb(response.request, bare))
            }
            const detail = detailOf(value) ?? body.slice(0, 200)
            return response.status === 401 || response.status === 403
              ? Effect.fail(new NotAllowed({ status: response.status, reason: detail }))
              : Effect.fail(unreachable(`it answered ${response.status} ${detail}`))
          })

    const http = HttpClient.transformResponse(ask, Effect.flatMap(checked))

    const send: Transport["send"] = <E, I>(
      request: HttpClientRequest.HttpClientRequest,
      errors: Schema.Schema<E, I>
    ): Effect.Effect<Response, E | Remote> =>
      Effect.flatMap(http.execute(request), (response): Effect.Effect<Response, E | Remote> => {
        if (response.status < 400) return Effect.succeed(response)
        const decode = Schema.decodeUnknownOption(Schema.parseJson(errors))
        return Effect.flatMap(readText(response), (body) => {
          const error = decode(body)
          return Effect.fail(
            Option.isSome(error) ? error.value : unreachable(`it answered ${response.status} ${body.slice(0, 200)}`)
          )
        })
      })

    const open: Transport["open"] = (request, errors) =>
      Effect.map(send(request, errors), (response) =>
        Stream.mapError(response.stream, (error) => unreachable(`the connection was lost: ${reasonOf(error)}`))
      )

    return {
      url,
      http,
      ask,
      send,
      text: (request, errors) => Effect.flatMap(send(request, errors), readText),
      open,
      bytes: (request, errors) => Stream.unwrap(open(request, errors)),
      unexpected
    }
  })

// ------------------------------------------------------------------------------------------------------------------

const patience = Duration.seconds(8)

const decodeJson = Schema.decodeUnknownOption(Schema.parseJson())

const typedErrorOf = (response: Response, body: unknown): unknown => {
  const header = response.headers[errorHeader]
  const fromHeader = header === undefined ? undefined : Option.getOrUndefined(decodeJson(header))
  if (fromHeader !== undefined) return fromHeader
  if (!Predicate.isRecord(body)) return undefined
  if (Predicate.isRecord(body["error"])) return body["error"]
  return Array.isArray(body["detail"]) ? { _tag: "InvalidInput", problems: body["detail"] } : undefined
}

const detailOf = (body: unknown): string | undefined =>
  Predicate.isRecord(body) && typeof body["detail"] === "string" ? body["detail"] : undefined

/** The innermost reason: "fetch failed" says nothing, the error below it does. */
const reasonOf = (error: unknown): string => {
  let inner = error
  while (inner instanceof Error && inner.cause !== undefined && inner.cause !== null) inner = inner.cause
  if (Predicate.hasProperty(inner, "code") && typeof inner.code === "string") return inner.code
  return inner instanceof Error ? inner.message || inner.name : String(inner)
}
