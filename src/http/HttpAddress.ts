/** Where the server listens, and why it could not. */
import * as Context from "effect/Context"
import * as Schema from "effect/Schema"

/** Another process has the port. */
export class PortTaken extends Schema.TaggedError<PortTaken>()("PortTaken", {
  host: Schema.String,
  port: Schema.Int
}) {
  override get message() {
    return `${this.host}:${this.port} is taken by another process`
  }
}

/** The system does not let us listen there. */
export class ListenFailed extends Schema.TaggedError<ListenFailed>()("ListenFailed", {
  host: Schema.String,
  port: Schema.Int,
  reason: Schema.String
}) {
  override get message() {
    return `cannot listen on ${this.host}:${this.port}: ${this.reason}`
  }
}

/** An address that others can reach needs a token. */
export class TokenRequired extends Schema.TaggedError<TokenRequired>()("TokenRequired", { host: Schema.String }) {
  override get message() {
    return `${this.host} can be reached from other machines: set http.token first, or listen on 127.0.0.1`
  }
}

export class HttpAddress extends Context.Tag("outpost/http/HttpAddress")<
  HttpAddress,
  {
    /** Under which this machine reaches it, without a slash at the end. */
    readonly url: string
    readonly host: string
    readonly port: number
  }
>() {}

/** The URL for an address; one that stands for all interfaces is reached by loopback. */
export const urlOf = (host: string, port: number): string => {
  const name = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`
}
