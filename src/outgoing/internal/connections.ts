/**
 * Connections that stay open between requests, one request on each at a time. Whoever fails or is interrupted takes his
 * connection down with him, so nothing half-read is ever used again. Undici is loaded with the first of them: it is large.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { LookupFunction } from "node:net"
import type { Client } from "undici"

export interface Connections {
  /** `use` with a connection to an origin, opened by the lookup if none is idle. */
  readonly within: <A, E>(origin: string, use: (client: Client) => Effect.Effect<A, E>) => Effect.Effect<A, E>
}

/** What is open when the scope closes is closed. */
export const make = (lookup: LookupFunction): Effect.Effect<Connections, never, Scope.Scope> =>
  Effect.gen(function* () {
    const idle = new Map<string, Array<Client>>()
    const all = new Set<Client>()
    // A promise, because an interruption of the first who asks must not be remembered for all others.
    let opening: ReturnType<typeof opener> | undefined
    const open = Effect.promise(() => (opening ??= opener(lookup)))
    const discard = (client: Client) =>
      Effect.suspend(() => {
        all.delete(client)
        return Effect.promise(() => client.destroy())
      })

    yield* Effect.addFinalizer(() => Effect.forEach(all, discard, { discard: true }))

    const take = (origin: string) =>
      Effect.map(open, (opened) => {
        const client = idle.get(origin)?.pop() ?? opened(origin)
        all.add(client)
        return client
      })

    const giveBack = (origin: string, client: Client) =>
      Effect.suspend(() => {
        const waiting = idle.get(origin) ?? []
        if (waiting.length >= mostIdle || client.destroyed) return discard(client)
        waiting.push(client)
        idle.set(origin, waiting)
        return Effect.void
      })

    return {
      within: (origin, use) =>
        Effect.acquireUseRelease(take(origin), use, (client, exit) =>
          Exit.isSuccess(exit) ? giveBack(origin, client) : discard(client)
        )
    }
  })

// ------------------------------------------------------------------------------------------------------------------

/** Of one origin. */
const mostIdle = 16

const opener = async (lookup: LookupFunction) => {
  const { buildConnector, Client } = await import("undici")
  const connect = buildConnector({ lookup, timeout: 15_000 })
  // The time limit of a request is the caller's, over the whole exchange; only connecting has one of its own.
  const options = { connect, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 10_000 }
  return (origin: string) => new Client(origin, options)
}
