/**
 * A worker's connections: to every ingester that lives, and to the reducer. What is connected is looked at every two seconds,
 * sooner while there is nothing.
 *
 * A connection is given up when its ingester began anew, and when nothing speaks for it any more through several looks in a
 * row, each after a ping: it brought nothing, and the ingester does not list this worker, or is not to be found itself. A
 * worker that was paused looks only once for the whole pause, and pings first, so that its connections and all that waits in
 * them stay.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { ServiceRegistry } from "../../../assignment/ServiceRegistry.js"
import type { IngesterState } from "../../../assignment/ServiceState.js"
import { FrameTransport, type IngesterLink } from "../../FrameTransport.js"
import type { Lane } from "../Pairing.js"

export interface Connected {
  /** The ingester as it was when it was connected. */
  readonly state: IngesterState
  readonly lane: Lane
  readonly link: IngesterLink
  readonly scope: Scope.CloseableScope
  /** Messages that have come; whoever takes them counts. */
  received: number
  /** How often it has broken; one that follows another one to the same ingester has, for what that one had. */
  readonly breaks: () => number
}

interface Look {
  received: number
  /** Looks in a row in which nothing spoke for the connection. */
  silent: number
}

export interface Options {
  readonly name: string
  readonly incarnation: string
  /** Reads a connection for as long as it lasts. */
  readonly read: (connected: Connected) => Effect.Effect<never>
  readonly onChange: Effect.Effect<void>
  readonly onLost: (connected: Connected) => void
}

export interface IngesterLinks {
  /** By the names of the ingesters. */
  readonly connected: () => ReadonlyArray<Connected>
  /** Brings the connections to these ingesters; `judge` once in two seconds, whether those that are there still work. */
  readonly bring: (ingesters: ReadonlyArray<IngesterState>, judge: boolean) => Effect.Effect<void>
}

/** So many looks, two seconds apart, as an ingester needs to forget a worker twice over. */
const patience = 5

export const make = (
  options: Options
): Effect.Effect<IngesterLinks, never, Scope.Scope | FrameTransport | ServiceRegistry> =>
  Effect.gen(function* () {
    const transport = yield* FrameTransport
    const outer = yield* Effect.scope
    const links = new Map<string, Connected & { readonly look: Look }>()
    /** The starts of ingesters there was a connection to. */
    const reached = new Set<string>()

    const connect = (state: IngesterState) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const scope = yield* Scope.fork(outer, ExecutionStrategy.sequential)
          const link = yield* transport
            .connect(state.url, { name: options.name, incarnation: options.incarnation })
            .pipe(
              restore,
              Scope.extend(scope),
              Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
            )
          const lane = { ingester: state.name, streams: new Set(state.streams) }
          const earlier = reached.has(state.service_uuid) ? 1 : 0
          const breaks = () => link.breaks() + earlier
          const connected = { state, lane, link, scope, received: 0, breaks, look: { received: 0, silent: 0 } }
          reached.add(state.service_uuid)
          links.set(state.name, connected)
          yield* link.ping
          const pings = Effect.forever(Effect.zipRight(link.ping, Effect.sleep("2 seconds")))
          yield* Effect.forkIn(Effect.interruptible(pings), scope)
          yield* Effect.forkIn(Effect.interruptible(options.read(connected)), scope)
        })
      ).pipe(
        Effect.zipRight(options.onChange),
        Effect.catchAll((error) => Effect.logWarning(error.message))
      )

    const leave = (connected: Connected, reason: string) =>
      Effect.gen(function* () {
        yield* Effect.logWarning(`leaves ingester ${connected.state.name}: ${reason}`)
        links.delete(connected.state.name)
        yield* Scope.close(connected.scope, Exit.void)
        options.onLost(connected)
        yield* options.onChange
      })

    return {
      connected: () => [...links.values()].sort((a, b) => (a.state.name < b.state.name ? -1 : 1)),
      bring: Effect.fnUntraced(function* (ingesters, judge) {
        const living = new Map(ingesters.map((state) => [state.name, state]))
        for (const connected of links.values()) {
          const now = living.get(connected.state.name)
          const { look } = connected
          if (now !== undefined && now.service_uuid !== connected.state.service_uuid) {
            yield* leave(connected, "it has begun anew")
            continue
          }
          if (!judge) continue
          const listed = now !== undefined && Object.hasOwn(now.connected_workers, options.incarnation)
          look.silent = listed || connected.received > look.received ? 0 : look.silent + 1
          look.received = connected.received
          if (look.silent < patience) continue
          yield* leave(connected, now === undefined ? "it is gone" : "pings do not reach it")
        }
        for (const state of ingesters) if (!links.has(state.name)) yield* connect(state)
      })
    }
  })
