/** The one door to the server: its operations over the typed client, and what to do when it turns us away. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Client from "../../http/Client.js"
import { NotAllowed } from "../../operations/Unreachable.js"

const runtime = ManagedRuntime.make(Layer.provide(Client.layer({ url: location.origin }), FetchHttpClient.layer))

type Operations = ManagedRuntime.ManagedRuntime.Context<typeof runtime>

/** Carries out an operation. A page whose session has ended goes to the server's login page. */
export const ask = async <A, E>(operation: Effect.Effect<A, E, Operations>): Promise<Either.Either<A, E>> => {
  const answer = await runtime.runPromise(Effect.either(operation))
  if (Either.isLeft(answer) && answer.left instanceof NotAllowed && answer.left.status === 401) {
    window.location.assign("/login")
  }
  return answer
}

/** The bytes that a route answers; else why it does not. For what the client has no operation for. */
export const bytesOf = async (path: string): Promise<Either.Either<Uint8Array, string>> => {
  try {
    const response = await fetch(path, { headers: { accept: "application/octet-stream" } })
    if (response.status === 401) window.location.assign("/login")
    return response.ok
      ? Either.right(new Uint8Array(await response.arrayBuffer()))
      : Either.left(`the site answered ${response.status}`)
  } catch {
    return Either.left("the site does not answer")
  }
}
