/**
 * A small HTTP server that takes posts and nothing else, for as long as a scope lasts. It serves its own machine unless it has a
 * token or is told that anyone may post; it takes no request that a web page of another origin made.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { createHash, timingSafeEqual } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { SecretReference } from "../../../site/Secrets.js"
import { ByteCount, optionalSetting, Port, setting } from "../../../site/Setting.js"
import { SourceError } from "../../../source/SourceError.js"

const fields = Schema.Struct({
  host: setting(Schema.NonEmptyString, "127.0.0.1", "Where to listen"),
  port: Port.annotations({ description: "TCP port" }),
  token: optionalSetting(SecretReference, "What senders give as `Authorization: Bearer`"),
  anyone: setting(Schema.Boolean, false, "Whoever reaches the port may post; else other machines need the token"),
  buffer: setting(ByteCount, 64 * 1024 * 1024, "What may wait here; beyond it posts are answered 503"),
  max_body: setting(ByteCount, 16 * 1024 * 1024, "A longer post is answered 413")
})

/** With fields of one's own. */
export const postSettings = <F extends Schema.Struct.Fields>(own: F) => Schema.Struct({ ...fields.fields, ...own })

export type PostSettings = typeof fields.Type

export interface Reply {
  readonly status: number
  /** JSON. */
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Posts {
  readonly source: string
  /** Whether a post is taken there. */
  readonly has: (path: string) => boolean
  readonly isFull: () => boolean
  readonly post: (path: string, body: Buffer) => Reply
}

/** Listens; done when senders can post. */
export const serve = (settings: PostSettings, posts: Posts): Effect.Effect<void, SourceError, Scope.Scope> => {
  const failed = (reason: SourceError["reason"], detail: string) =>
    new SourceError({ source: posts.source, reason, detail })
  if (!isOwnMachine(settings.host) && Option.isNone(settings.token) && !settings.anyone) {
    const detail = `settings.token is needed to listen at ${settings.host}, or settings.anyone: true`
    return Effect.fail(failed("Misconfigured", detail))
  }
  const server = Effect.async<() => void, SourceError>((resume) => {
    const http = createServer({ requestTimeout: 30_000 }, (request, response) =>
      answer(settings, posts, request, response)
    )
    http.maxConnections = 64
    http.once("error", (error) =>
      resume(failed("Disconnected", `can't listen at ${settings.host}:${settings.port}: ${error.message}`))
    )
    http.listen(settings.port, settings.host, () =>
      resume(
        Effect.succeed(() => {
          http.close()
          http.closeAllConnections()
        })
      )
    )
  })
  return Effect.asVoid(Effect.acquireRelease(server, (close) => Effect.sync(close)))
}

// ---------------------------------------------------------------------------------------------------------------------

const isOwnMachine = (host: string): boolean => /^(localhost|127(\.\d+){3}|::1)$/.test(host)

const answer = (settings: PostSettings, posts: Posts, request: IncomingMessage, response: ServerResponse): void => {
  const path = (request.url ?? "/").split("?")[0] ?? "/"
  const refusal = refusalOf(settings, posts, request, path)
  if (refusal !== undefined) return send(response, refusal, true)
  const chunks: Array<Buffer> = []
  let length = 0
  request.on("data", (chunk: Buffer) => {
    length += chunk.byteLength
    if (length <= settings.max_body) chunks.push(chunk)
    else if (!response.headersSent) send(response, tooLong, true)
  })
  request.on("end", () => {
    if (length <= settings.max_body) send(response, posts.isFull() ? busy : posts.post(path, Buffer.concat(chunks)))
  })
  // A sender that goes away within its post has posted nothing.
  request.on("error", () => {})
}

const refusalOf = (
  { max_body, token }: PostSettings,
  { has, isFull }: Posts,
  { headers, method }: IncomingMessage,
  path: string
): Reply | undefined => {
  if (headers.origin !== undefined || headers["sec-fetch-site"] === "cross-site") {
    return { status: 403, body: { detail: "Not for web pages" } }
  }
  if (!has(path)) return { status: 404, body: { detail: "Not Found" } }
  if (method !== "POST") return { status: 405, body: { detail: "Method Not Allowed" }, headers: { allow: "POST" } }
  if (Option.isSome(token) && !isSame(headers.authorization, `Bearer ${Redacted.value(token.value)}`)) {
    return { status: 401, body: { detail: "Not authenticated" }, headers: { "www-authenticate": "Bearer" } }
  }
  if (Number(headers["content-length"] ?? 0) > max_body) return tooLong
  return isFull() ? busy : undefined
}

/** Takes as long for a near miss as for any other. */
const isSame = (given: string | undefined, wanted: string): boolean =>
  given !== undefined && timingSafeEqual(digest(given), digest(wanted))

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

const tooLong: Reply = { status: 413, body: { detail: "Content Too Large" } }
const busy: Reply = {
  status: 503,
  body: { detail: "Too much is waiting to be taken" },
  headers: { "retry-after": "1" }
}

/** With `close` the rest of the request is not read. */
const send = (response: ServerResponse, { body, headers = {}, status }: Reply, close = false): void => {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...(close ? { connection: "close" } : {}),
    ...headers
  })
  response.end(text)
}
