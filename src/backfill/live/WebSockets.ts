/**
 * Connections over WebSocket, on `ws`, which is loaded with the first of them. What is heard and not yet read is bounded: beyond
 * it the socket is paused, and TCP makes the venue wait; it may be exceeded by what one read of the socket held, at most 64 KiB.
 * Frames are not compressed, so that a message is never larger than what came. Redirects are not followed.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { isIP } from "node:net"
import type { AddressPolicy } from "../../outgoing/AddressPolicy.js"
import { guardedLookup, systemResolve } from "../../outgoing/internal/guardedLookup.js"
import { SourceError } from "../../source/SourceError.js"
import { WsConnection } from "./internal/wsConnection.js"
import { LiveSockets } from "./LiveSockets.js"

export interface WebSocketOptions {
  /** Which addresses may be connected to, unless the operator wrote them down. Default: all. */
  readonly policy?: AddressPolicy
  /** Longest message; a longer one ends the connection. Default 16 MiB: a whole book is one message. */
  readonly maxMessageBytes?: number
  /** Characters that may wait for the reader. Default 4 Mi. */
  readonly maxWaiting?: number
  /** Time to open a connection. Default 15 s. */
  readonly connectWithin?: Duration.DurationInput
  /** Time to close one; then it is cut. Default 1 s. */
  readonly closeWithin?: Duration.DurationInput
}

export const make = (options: WebSocketOptions = {}) => {
  const { closeWithin = "1 second", connectWithin = "15 seconds", maxMessageBytes = 2 ** 24, policy } = options
  const guarded = policy && guardedLookup(systemResolve, policy)

  return LiveSockets.of({
    open: Effect.fn("LiveSockets.open")(function* ({ source, trusted, url }) {
      const failed = (reason: SourceError["reason"], detail: string) => new SourceError({ source, reason, detail })
      const host = URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, "") : undefined
      if (host === undefined || !/^wss?:/i.test(url)) return yield* failed("Misconfigured", `not an address: ${url}`)
      // A host that is an address is not looked up, so it is checked here.
      const refusal = trusted || isIP(host) === 0 ? undefined : policy?.refusal(host, host)
      if (refusal !== undefined) return yield* failed("Misconfigured", refusal)

      const clock = yield* Effect.clock
      const { WebSocket } = yield* Effect.promise(() => import("ws"))
      const connection = yield* Effect.acquireRelease(
        Effect.sync(() => {
          const lookup = trusted ? undefined : guarded
          const socket = new WebSocket(url, {
            maxPayload: maxMessageBytes,
            perMessageDeflate: false,
            ...(lookup === undefined ? {} : { lookup })
          })
          return new WsConnection(source, socket, options.maxWaiting ?? 2 ** 22, () => clock.unsafeCurrentTimeMillis())
        }),
        (opened) =>
          opened.closed.pipe(
            Effect.interruptible,
            Effect.timeoutOption(closeWithin),
            Effect.zipRight(Effect.sync(() => opened.cut()))
          )
      )
      yield* connection.opened.pipe(
        Effect.timeoutFail({
          duration: connectWithin,
          onTimeout: () =>
            failed("Disconnected", `no connection within ${Duration.format(Duration.decode(connectWithin))}`)
        })
      )
      return {
        heard: Stream.repeatEffect(connection.take),
        send: connection.send,
        ping: Effect.sync(() => connection.ping()),
        lastHeard: Effect.sync(() => connection.lastHeard),
        isBehind: Effect.sync(() => connection.isBehind)
      }
    })
  })
}

export const layerWith = (options: WebSocketOptions): Layer.Layer<LiveSockets> =>
  Layer.sync(LiveSockets, () => make(options))

export const layer: Layer.Layer<LiveSockets> = layerWith({})
