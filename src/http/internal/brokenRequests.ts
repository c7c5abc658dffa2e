/**
 * Answers what is no HTTP request. It comes in its turn: requests that were pipelined before it are answered first, or their
 * sender could not know that they were carried out.
 *
 * @internal
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"

/** The last two requests of a connection; of the last one the body may still be coming. */
interface Turn {
  request: IncomingMessage
  response: ServerResponse
  before: ServerResponse | undefined
  broken: boolean
}

/** To be told of every request as it begins. */
export const answerBrokenRequests = (
  server: Server
): ((request: IncomingMessage, response: ServerResponse) => void) => {
  const turns = new WeakMap<object, Turn>()
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) return socket.destroy()
    const turn = turns.get(socket)
    if (turn?.broken === true) return
    if (turn !== undefined) turn.broken = true
    // Answers go out in the order of their requests: behind the last one that is owed there is none.
    const owed = turn?.request.complete === false ? turn.before : turn?.response
    const answer = () => socket.end(textOf(error))
    if (owed === undefined || owed.closed || owed.writableFinished) answer()
    else owed.once("close", () => (socket.writable ? answer() : socket.destroy()))
  })
  return (request, response) => {
    const turn = turns.get(request.socket)
    if (turn === undefined) turns.set(request.socket, { request, response, before: undefined, broken: false })
    else {
      turn.before = turn.response
      turn.request = request
      turn.response = response
    }
  }
}

// ------------------------------------------------------------------------------------------------------------------

const textOf = ({ code }: NodeJS.ErrnoException): string => {
  const [status, text] =
    code === "HPE_HEADER_OVERFLOW"
      ? ["431 Request Header Fields Too Large", "Request headers are too large."]
      : code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? ["408 Request Timeout", "The request took too long."]
        : ["400 Bad Request", "Invalid HTTP request received."]
  return `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`
}
