/**
 * Takes requests off a server before its ordinary listeners see them. Replacing `emit` is the one way to stand in front of
 * listeners that are added later (stack.md, the hot-lane pattern); the casts say what Node's own types leave out.
 *
 * @internal
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http"

/** `take` answers true where it has dealt with the request itself. */
export const interceptRequests = (
  server: Server,
  take: (request: IncomingMessage, response: ServerResponse) => boolean
): void => {
  const emit = server.emit.bind(server)
  const replaced = (event: string, ...rest: ReadonlyArray<unknown>): boolean => {
    if (event === "request") {
      // The arguments of "request" are these two by Node's contract.
      if (take(rest[0] as IncomingMessage, rest[1] as ServerResponse)) return true
    }
    // The rest goes on unchanged, whatever the event.
    return Reflect.apply(emit, server, [event, ...rest]) as boolean
  }
  // `emit` is overloaded by event; one function serves all.
  server.emit = replaced as typeof server.emit
}
