/** The port by which what an uplink receives reaches whoever acts on it. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Incoming } from "./Uplink.js"

/** What came, and over which uplink. */
export interface RemoteRequest {
  readonly uplink: string
  readonly what: Incoming
}

export class RemoteRequests extends Context.Tag("outpost/uplink/RemoteRequests")<
  RemoteRequests,
  {
    /** Takes a request over. Returns at once: it is acted on elsewhere, in the order of arrival. */
    readonly handle: (request: RemoteRequest) => Effect.Effect<void>
  }
>() {}

/** For a station that takes no requests: each is told in the log. */
export const layerRefusing: Layer.Layer<RemoteRequests> = Layer.succeed(RemoteRequests, {
  handle: ({ uplink }) => Effect.logWarning(`a request came over ${uplink}; this station takes none`)
})
