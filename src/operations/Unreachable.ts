/** The server that should carry out an operation does not answer. Only the layers over HTTP fail with it. */
import * as Schema from "effect/Schema"

export class ServerUnreachable extends Schema.TaggedError<ServerUnreachable>()("ServerUnreachable", {
  url: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `no answer from ${this.url}: ${this.reason}`
  }
}

/** The server refuses the caller: no credentials, or wrong ones. */
export class NotAllowed extends Schema.TaggedError<NotAllowed>()("NotAllowed", {
  status: Schema.Int,
  reason: Schema.String
}) {
  override get message() {
    return this.reason
  }
}

/** What every operation may fail with when it is carried out by a server elsewhere. */
export type Remote = ServerUnreachable | NotAllowed
