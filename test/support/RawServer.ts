/** A server on this machine that answers as a test says, down to the byte, and counts who is connected to it. */
import { Deferred, Effect } from "effect"
import * as http from "node:http"
import type { AddressInfo, Socket } from "node:net"

export interface RawServer {
  readonly port: number
  readonly url: string
  /** What was asked, in order. */
  readonly requests: ReadonlyArray<{
    readonly method: string
    readonly url: string
    readonly headers: http.IncomingHttpHeaders
    readonly body: string
  }>
  readonly connections: () => { readonly open: number; readonly ever: number }
  /** Completes when no connection is open. */
  readonly idle: Effect.Effect<void>
}

export type Answer = (request: http.IncomingMessage & { readonly body: string }, response: http.ServerResponse) => void

/** Listens until the scope closes. */
export const make = (answer: Answer, host = "127.0.0.1", port = 0) =>
  Effect.acquireRelease(
    Effect.async<RawServer & { readonly close: () => Promise<void> }>((resume) => {
      const requests: Array<RawServer["requests"][number]> = []
      const sockets = new Set<Socket>()
      let ever = 0
      const waiting = new Set<() => void>()
      const server = http.createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("data", (chunk) => chunks.push(chunk))
        request.on("end", () => {
          const body = Buffer.concat(chunks).toString()
          const { headers, method = "", url = "" } = request
          requests.push({ method, url, headers, body })
          answer(Object.assign(request, { body }), response)
        })
        request.on("error", () => undefined)
        response.on("error", () => undefined)
      })
      server.on("connection", (socket) => {
        ever++
        sockets.add(socket)
        socket.on("error", () => undefined)
        socket.on("close", () => {
          sockets.delete(socket)
          if (sockets.size === 0) for (const wake of waiting) wake()
        })
      })
      server.listen(port, host, () => {
        const { port } = server.address() as AddressInfo
        resume(
          Effect.succeed({
            port,
            url: `http://${host}:${port}`,
            requests,
            connections: () => ({ open: sockets.size, ever }),
            idle: Effect.flatMap(Deferred.make<void>(), (done) => {
              const wake = () => Deferred.unsafeDone(done, Effect.void)
              waiting.add(wake)
              if (sockets.size === 0) wake()
              return Deferred.await(done)
            }),
            close: () =>
              new Promise<void>((resolve) => {
                server.close(() => resolve())
                for (const socket of sockets) socket.destroy()
              })
          })
        )
      })
    }),
    (server) => Effect.promise(() => server.close())
  )
