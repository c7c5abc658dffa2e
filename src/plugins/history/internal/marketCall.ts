/**
 * One question to an exchange, and its answer as JSON. What the exchange says in a body counts before what it says in a status.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type { Outgoing } from "../../../outgoing/Outgoing.js"
import { SourceError } from "../../../source/SourceError.js"
import { isSuccess, jsonOf, refused, send } from "./answer.js"
import type { MarketSettings } from "./marketSettings.js"
import type { Market, Query } from "./marketShape.js"

export interface Answer {
  readonly json: unknown
  readonly bytes: number
}

export type Call = (query: Query) => Effect.Effect<Answer, SourceError, Outgoing>

export const callOf = (market: Market, settings: MarketSettings): Call => {
  const base = settings.base_url ?? market.baseUrl
  return Effect.fnUntraced(function* ({ path, query }) {
    const response = yield* send(market.name, {
      url: `${base}${path}?${queryText(query)}`,
      headers: { accept: "application/json" },
      timeout: settings.timeout,
      // Written by the operator of this machine, who may well mean a machine next to it.
      trusted: settings.base_url !== undefined
    })
    const json = jsonOf(response.body)
    const told = json === undefined ? undefined : market.refusal(json)
    if (told !== undefined || !isSuccess(response)) return yield* refused(market.name, response, told)
    if (json === undefined) return yield* malformed(market, "answered what is no JSON")
    return { json, bytes: response.body.byteLength }
  })
}

/** An answer that is not what was asked for. */
export const malformed = ({ name }: Market, detail: string) =>
  new SourceError({ source: name, reason: "Malformed", detail })

// ------------------------------------------------------------------------------------------------------------------

/** Colons and commas stay as they are: the exchanges write them so. */
const queryText = (query: Query["query"]): string =>
  Object.entries(query)
    .flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${encodeURIComponent(value).replaceAll("%3A", ":").replaceAll("%2C", ",")}`]
    )
    .join("&")
