/**
 * TCP connections that belong to a scope.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { createServer, createConnection, type Socket } from "node:net"
import { ByteCount, DurationText, Port, setting } from "../../../site/Setting.js"
import { SourceError } from "../../../source/SourceError.js"

export const addressFields = {
  host: Schema.NonEmptyString.annotations({ description: "Name or address" }),
  port: Port.annotations({ description: "TCP port" })
}

/** What every source of lines over TCP can be told. */
export const lineFields = {
  buffer: setting(ByteCount, 16 * 1024 * 1024, "What may wait here; beyond it the sender waits"),
  max_line: setting(ByteCount, 1024 * 1024, "A longer line is dropped and told"),
  connect_within: setting(DurationText, Duration.seconds(10), "How long a connection may take to stand")
}

export interface Address {
  readonly source: string
  readonly host: string
  readonly port: number
}

/** A connection that stands. It does not flow until someone reads it. */
export const connect = (
  { host, port, source }: Address,
  within: Duration.Duration
): Effect.Effect<Socket, SourceError, Scope.Scope> => {
  const failed = (detail: string) =>
    new SourceError({ source, reason: "Disconnected", detail: `${host}:${port}: ${detail}` })
  return Effect.acquireRelease(
    Effect.sync(() => createConnection({ host, port, keepAlive: true, keepAliveInitialDelay: 30_000 })),
    (socket) => Effect.sync(() => socket.destroy())
  ).pipe(
    Effect.tap((socket) =>
      Effect.async<void, SourceError>((resume) => {
        socket.once("connect", () => resume(Effect.void))
        // It stays, for an error that comes when nobody reads: a connection that is gone shows in `destroyed`.
        socket.on("error", (error) => resume(Effect.fail(failed(error.message))))
      }).pipe(Effect.timeoutFail({ duration: within, onTimeout: () => failed("no connection in time") }))
    )
  )
}

/** Listens; what connects is given to `accept`, and is closed with the scope. More connections than `most` are refused. */
export const listen = (
  { host, port, source }: Address,
  most: number,
  accept: (socket: Socket) => void
): Effect.Effect<void, SourceError, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.async<() => void, SourceError>((resume) => {
        const open = new Set<Socket>()
        const server = createServer({ keepAlive: true, keepAliveInitialDelay: 30_000 }, (socket) => {
          open.add(socket)
          socket.once("close", () => open.delete(socket))
          accept(socket)
        })
        server.maxConnections = most
        server.once("error", (error) =>
          resume(
            new SourceError({
              source,
              reason: "Disconnected",
              detail: `can't listen at ${host}:${port}: ${error.message}`
            })
          )
        )
        server.listen(port, host, () =>
          resume(
            Effect.succeed(() => {
              server.close()
              for (const socket of open) socket.destroy()
            })
          )
        )
      }),
      (close) => Effect.sync(close)
    )
  )
