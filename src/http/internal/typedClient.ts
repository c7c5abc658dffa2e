/**
 * The typed client of `Api.ts` as the layers of `Client.ts` use it. Runs in a browser.
 *
 * @internal
 */
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as Effect from "effect/Effect"
import { NotAllowed, ServerUnreachable, type Remote } from "../../operations/Unreachable.js"
import { Api } from "../Api.js"
import type { Transport } from "./clientTransport.js"

/** Every endpoint of `Api.ts` as a function. Fails with what the endpoint declares, or with `Remote`. */
export const typed = (transport: Transport) => HttpApiClient.makeWith(Api, { httpClient: transport.http })

/** Keeps the failures with these tags and `Remote`; an endpoint's others mean that the two sides are not of one version. */
export const declared =
  (transport: Transport) =>
  <A, E extends { readonly _tag: string }, R, Tag extends E["_tag"] = never>(
    effect: Effect.Effect<A, E, R>,
    ...tags: ReadonlyArray<Tag>
  ): Effect.Effect<A, Extract<E, { readonly _tag: Tag }> | Remote, R> => {
    const isDeclared = (error: E): error is Extract<E, { readonly _tag: Tag }> => tags.some((tag) => tag === error._tag)
    return Effect.mapError(effect, (error) =>
      isDeclared(error) ? error : isRemote(error) ? error : transport.unexpected(error)
    )
  }

/** A text as a segment of a path; undefined for what can't be one, neither encoded nor as it is. */
export const segment = (text: string): string | undefined =>
  /\/|^\.{0,2}$/.test(text) ? undefined : encodeURIComponent(text)

// ------------------------------------------------------------------------------------------------------------------

const isRemote = (error: { readonly _tag: string }): error is Remote =>
  error instanceof ServerUnreachable || error instanceof NotAllowed
