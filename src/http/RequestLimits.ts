/** How much one request to the router's lane may bring and ask for. The server sets it from its settings. */
import * as Context from "effect/Context"

export class RequestLimits extends Context.Reference<RequestLimits>()("outpost/http/RequestLimits", {
  defaultValue: (): { readonly bodyBytes: number; readonly pageRows: number } => ({
    bodyBytes: 2 ** 20,
    pageRows: 10_000
  })
}) {}
