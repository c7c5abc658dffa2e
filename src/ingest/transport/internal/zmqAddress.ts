/**
 * What a listener gives to others, and what it binds to.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Socket } from "zeromq"
import { TransportFailed } from "../../FrameTransport.js"

interface Bindable extends Socket {
  readonly bind: (address: string) => Promise<void>
}

const shape = /^tcp:\/\/(\[[0-9a-f:.]+\]|[^:/\s]+):(\d{1,5}|\*)$/i
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i

/** A closed socket gives its port free a little later: who listens again at once would find it taken. */
const leaving = Schedule.spaced("20 millis").pipe(Schedule.intersect(Schedule.recurs(25)))

/** Whether the address needs IPv6. */
export const isIpv6 = (url: string): boolean => url.includes("[")

/** `tcp://localhost:10000` -> `tcp://127.0.0.1:10000`, `tcp://detector:10000` -> `tcp://*:10000`. */
export const bindingOf = (url: string): string | undefined => {
  const [, host = "", port = ""] = shape.exec(url) ?? []
  if (host === "") return undefined
  const interfaces = loopback.test(host) ? (host.toLowerCase() === "localhost" ? "127.0.0.1" : host) : "*"
  return `tcp://${interfaces}:${port === "0" ? "*" : port}`
}

/**
 * Binds, for as long as the socket is open: `unbind` works in another thread, on a socket that may be receiving in this one, and
 * that aborts the process. Gives the address for others, its port a real one.
 */
export const bind = (socket: Bindable, url: string): Effect.Effect<string, TransportFailed> => {
  const failed = (reason: string) => new TransportFailed({ operation: "listen at", address: url, reason })
  const binding = bindingOf(url)
  if (binding === undefined) return failed("an address is written tcp://<host>:<port>")
  return Effect.tryPromise({
    try: () => socket.bind(binding),
    catch: (cause) => failed(cause instanceof Error ? cause.message : String(cause))
  }).pipe(
    Effect.retry(leaving),
    Effect.map(() => url.replace(/[^:]+$/, socket.lastEndpoint?.split(":").at(-1) ?? ""))
  )
}

/** Connects, which ZeroMQ makes again by itself whenever it is lost. */
export const connect = (
  socket: Socket & { readonly connect: (address: string) => void },
  url: string
): Effect.Effect<void, TransportFailed> =>
  Effect.try({
    try: () => socket.connect(url),
    catch: (cause) =>
      new TransportFailed({
        operation: "connect to",
        address: url,
        reason: cause instanceof Error ? cause.message : String(cause)
      })
  })

/** A socket until the scope closes; what it had not sent is dropped then. */
export const open = <S extends Socket>(make: () => S): Effect.Effect<S, never, Scope.Scope> =>
  Effect.acquireRelease(Effect.sync(make), (socket) => Effect.sync(() => socket.close()))
