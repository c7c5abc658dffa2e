/** Workers whose pings arrive, as an ingester tells the ensemble: each start of a worker by itself, for 4 s after its last ping. */
import type { IngesterState } from "../assignment/ServiceState.js"
import type { Ping } from "./FrameTransport.js"

export interface ConnectedWorkers {
  /** Says whether this start of the worker was not known. `now` in milliseconds since 1970. */
  readonly hear: (ping: Ping, now: number) => boolean
  /** Forgets who was silent for too long; says whether there was any. */
  readonly expire: (now: number) => boolean
  readonly has: (worker: string) => boolean
  /** By the identity of their start. */
  readonly state: () => IngesterState["connected_workers"]
}

const expiry = 4_000

export const make = (): ConnectedWorkers => {
  const seen = new Map<string, { readonly name: string; readonly at: number }>()
  return {
    hear: ({ incarnation, worker }, now) => {
      const fresh = !seen.has(incarnation)
      seen.set(incarnation, { name: worker, at: now })
      return fresh
    },
    expire: (now) => {
      const before = seen.size
      for (const [incarnation, { at }] of seen) if (now - at > expiry) seen.delete(incarnation)
      return seen.size < before
    },
    has: (worker) => Array.from(seen.values()).some(({ name }) => name === worker),
    state: () =>
      Object.fromEntries(
        Array.from(seen, ([incarnation, { at, name }]) => [
          incarnation,
          { name, service_uuid: incarnation, last_seen: at / 1000 }
        ])
      )
  }
}
