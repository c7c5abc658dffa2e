/**
 * Answers made of text that must reach the client as it is: JSON kept verbatim, lines, and streams whose failure must not look
 * like their end.
 */
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { NotAllowed, type Remote, ServerUnreachable } from "../operations/Unreachable.js"

/** JSON text as the answer's body. */
export const jsonText = (text: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(text, { contentType: "application/json" })

/** A value that is plain JSON already. */
export const jsonValue = (value: unknown, status = 200): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(JSON.stringify(value), { status, contentType: "application/json" })

/** One JSON text per line. */
export const linesText = (
  lines: ReadonlyArray<string>,
  headers: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(lines.length === 0 ? "" : `${lines.join("\n")}\n`, {
    contentType: "application/x-ndjson",
    headers
  })

/** An operation that is itself carried out by another server: what it fails with then is no answer of ours (502). */
export const local = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, Exclude<E, Remote>, R> =>
  Effect.catchAll(effect, (error) => (isHere(error) ? Effect.fail(error) : Effect.die(error)))

const isHere = <E>(error: E): error is Exclude<E, Remote> =>
  !(error instanceof ServerUnreachable || error instanceof NotAllowed)

/**
 * Streams bytes. A failure before the first of them is the handler's; a later one cuts the connection, so that nobody takes a
 * part for the whole.
 */
export const bytes = <E>(
  request: HttpServerRequest.HttpServerRequest,
  stream: Stream.Stream<Uint8Array, E>,
  options: HttpServerResponse.Options.WithContentType
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, Scope.Scope> =>
  Effect.gen(function* () {
    const pull = yield* Stream.toPull(stream)
    const first = yield* Effect.catchAll(
      // A chunk may be empty before the end is there.
      Effect.repeat(pull, { until: Chunk.isNonEmpty }),
      Option.match({ onNone: () => Effect.succeed(Chunk.empty()), onSome: Effect.fail })
    )
    const cut = Effect.sync(() => void NodeHttpServerRequest.toServerResponse(request).destroy())
    const rest = Chunk.isEmpty(first) ? Stream.empty : Stream.repeatEffectChunkOption(pull)
    const body = Stream.concat(Stream.fromChunk(first), rest).pipe(Stream.tapErrorCause(() => cut))
    return HttpServerResponse.stream(body, options)
  })
