/** The operations of a server as its client has them: what a layer does in process, done over HTTP. */
import * as Client from "../../src/http/Client.js"
import { HttpAddress } from "../../src/http/HttpAddress.js"
import { FetchHttpClient } from "@effect/platform"
import { Effect, Layer, Redacted } from "effect"

/** Needs the server's address. */
export const layer = (token?: string) =>
  Layer.unwrapEffect(
    Effect.map(HttpAddress, ({ url }) =>
      Client.layer({ url, token: token === undefined ? undefined : Redacted.make(token) })
    )
  ).pipe(Layer.provide(FetchHttpClient.layer))
