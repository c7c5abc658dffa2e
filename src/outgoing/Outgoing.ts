/**
 * Requests to addresses that come from config or from the environment. Every address a name resolves to is checked and the
 * connection goes to the one that was checked; redirects are checked again. Private networks are refused unless allowed;
 * addresses that the operator of this machine wrote down (`trusted`) are exempt.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

export interface OutgoingRequest {
  /** http or https, absolute. */
  readonly url: string
  /** Default GET. */
  readonly method?: "GET" | "POST" | "PUT" | "HEAD" | "DELETE"
  /** Secrets stay redacted up to the socket. */
  readonly headers?: Readonly<Record<string, string | Redacted.Redacted<string>>>
  readonly body?: Uint8Array
  /** The operator's own address: private networks are no reason to refuse it. */
  readonly trusted?: boolean
  /** For the whole exchange. Default 30 s. */
  readonly timeout?: Duration.DurationInput
  /** Longest answer taken. Default 64 MiB. */
  readonly maxBytes?: number
}

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
