/**
 * Requests to addresses that come from config or from the environment. Every address a name resolves to is checked and the
 * connection goes to the one that was checked; redirects are checked again. Private networks are refused unless allowed;
 * addresses that the operator of this machine wrote down (`trusted`) are exempt.
 */
import { isIP } from "node:net"
import type { Readable } from "node:stream"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as AddressPolicy from "./AddressPolicy.js"
import * as Connections from "./internal/connections.js"
import { exchange, failureOf, type Hop } from "./internal/exchange.js"
import { guardedLookup, type Resolve, systemResolve } from "./internal/guardedLookup.js"
import { redirected } from "./internal/redirect.js"
import type { OutgoingSettings } from "./Settings.js"

export interface OutgoingRequest {
  /** http or https, absolute. */
  readonly url: string
  /** Default GET. */
  readonly method?: "GET" | "POST" | "PUT" | "HEAD" | "DELETE"
  /** Secrets stay redacted up to the socket. */
  readonly headers?: Readonly<Record<string, string | Redacted.Redacted<string>>>
  /** A large one is given as a function that opens it, once for each attempt, beside its `content-length` header. */
  readonly body?: Uint8Array | (() => Readable)
  /** The operator's own address: private networks are no reason to refuse it. */
  readonly trusted?: boolean
  /** For the whole exchange. Default 30 s. */
  readonly timeout?: Duration.DurationInput
  /** Longest answer taken. Default 64 MiB. */
  readonly maxBytes?: number
  /**
   * Asked once the head of an answer is there: what takes its body piece by piece, the next one when it has taken one. The
   * answer's own `body` is then empty. Where it answers undefined the body is collected as always. A body that is taken comes
   * as it is sent, so an encoding is not asked for, and 30 seconds without a piece end the exchange.
   */
  readonly receive?: (head: OutgoingHead) => ((piece: Buffer) => Promise<void>) | undefined
}

export type OutgoingHead = Omit<OutgoingResponse, "body">

export interface OutgoingResponse {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** No answer. `url` is without query and credentials, which may be secret. */
export class OutgoingError extends Schema.TaggedError<OutgoingError>()("OutgoingError", {
  url: Schema.String,
  reason: Schema.Literal(
    "Refused",
    "Unresolved",
    "Disconnected",
    "TimedOut",
    "TooLarge",
    "TooManyRedirects",
    "Invalid"
  ),
  detail: Schema.String
}) {
  override get message() {
    return `${this.url}: ${this.detail}`
  }
}

export class Outgoing extends Context.Tag("outpost/outgoing/Outgoing")<
  Outgoing,
  {
    /**
     * Answers whatever status came, with the whole body. An interruption aborts the request. Fails where nothing came, or
     * less than was announced, or more than `maxBytes`.
     */
    readonly send: (request: OutgoingRequest) => Effect.Effect<OutgoingResponse, OutgoingError>
  }
>() {}

export type OutgoingService = Context.Tag.Service<Outgoing>

export interface OutgoingOptions {
  readonly settings: OutgoingSettings
  /** Addresses of a name; default: as this machine resolves it. */
  readonly resolve?: Resolve
}

export const make = Effect.fn("Outgoing.make")(function* ({ resolve = systemResolve, settings }: OutgoingOptions) {
  const policy = AddressPolicy.make(settings.allow_private)
  const guarded = yield* Connections.make(guardedLookup(resolve, policy))
  const operators = yield* Connections.make(guardedLookup(resolve, { refusal: () => undefined }))

  /** A host that is an address is not looked up, so it is checked here. */
  const admitted = (hop: Hop, trusted: boolean) => {
    const host = hop.url.hostname.replace(/^\[|\]$/g, "")
    const refusal = trusted || isIP(host) === 0 ? undefined : policy.refusal(host, host)
    return refusal === undefined ? Effect.void : Effect.fail(failure(hop.url, "Refused", refusal))
  }

  const once = (hop: Hop, trusted: boolean) =>
    admitted(hop, trusted).pipe(
      Effect.zipRight(
        (trusted ? operators : guarded).within(hop.url.origin, (client) =>
          Effect.tryPromise({
            try: () => exchange(client, hop),
            catch: (cause) => {
              const { detail, reason } = failureOf(cause, hop.maxBytes)
              return failure(hop.url, reason, detail)
            }
          })
        )
      )
    )

  const follow = (hop: Hop, trusted: boolean, left: number): Effect.Effect<OutgoingResponse, OutgoingError> =>
    Effect.flatMap(once(hop, trusted), (response) => {
      const next = redirected(hop, response)
      if (next === undefined) return Effect.succeed(response)
      if (typeof next === "string") return Effect.fail(failure(hop.url, "Refused", next))
      if (left === 0) return Effect.fail(failure(hop.url, "TooManyRedirects", `more than ${mostRedirects} redirects`))
      return follow(next, trusted && next.url.origin === hop.url.origin, left - 1)
    })

  const send = Effect.fn("Outgoing.send")(function* (request: OutgoingRequest) {
    const hop = yield* hopOf(request)
    const timeout = request.timeout ?? Duration.seconds(30)
    return yield* follow(hop, request.trusted === true, mostRedirects).pipe(
      Effect.timeoutFail({
        duration: timeout,
        onTimeout: () => failure(hop.url, "TimedOut", `no answer within ${Duration.format(timeout)}`)
      })
    )
  })
  return Outgoing.of({ send })
})

/** Connections are closed with the scope, whatever is under way on them. */
export const layer = (options: OutgoingOptions): Layer.Layer<Outgoing> => Layer.scoped(Outgoing, make(options))

// ------------------------------------------------------------------------------------------------------------------

const mostRedirects = 5

const hopOf = (request: OutgoingRequest): Effect.Effect<Hop, OutgoingError> => {
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return Effect.fail(new OutgoingError({ url: "", reason: "Invalid", detail: "not an address of http or https" }))
  if (url.username !== "" || url.password !== "")
    return Effect.fail(failure(url, "Invalid", "credentials in an address are not sent; use a header"))
  const headers: Record<string, string> = {}
  const secret = new Set<string>()
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    const lower = name.toLowerCase()
    headers[lower] = Redacted.isRedacted(value) ? Redacted.value(value) : value
    if (Redacted.isRedacted(value)) secret.add(lower)
  }
  const { body, maxBytes = 64 * 1024 * 1024, method = "GET", receive } = request
  return Effect.succeed({ url, method, headers, secret, body, maxBytes, receive })
}

const failure = (url: URL, reason: OutgoingError["reason"], detail: string) =>
  new OutgoingError({ url: `${url.origin}${url.pathname}`, reason, detail })
