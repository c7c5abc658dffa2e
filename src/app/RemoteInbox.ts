/** Requests from afar on their way from the uplinks to whoever acts on them: handed over without waiting, the newest kept. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { type RemoteRequest, RemoteRequests } from "../uplink/RemoteRequests.js"

export class RemoteInbox extends Context.Tag("outpost/app/RemoteInbox")<RemoteInbox, Queue.Queue<RemoteRequest>>() {}

/** More than this many at once are no wish of anyone: the newest count. */
const capacity = 32

export const layer: Layer.Layer<RemoteInbox | RemoteRequests> = Layer.effect(
  RemoteRequests,
  Effect.map(RemoteInbox, (inbox) => ({ handle: (request) => Effect.asVoid(Queue.offer(inbox, request)) }))
).pipe(
  Layer.provideMerge(
    Layer.scoped(RemoteInbox, Effect.acquireRelease(Queue.sliding<RemoteRequest>(capacity), Queue.shutdown))
  )
)
