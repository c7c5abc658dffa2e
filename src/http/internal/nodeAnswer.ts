/**
 * Writes a complete answer to a Node response.
 *
 * @internal
 */
import type { ServerResponse } from "node:http"
import type { Answer } from "../ErrorBody.js"

/** Does nothing where the client has gone or has been answered. Headers set before stay. */
export const write = (response: ServerResponse, answer: Answer): void => {
  if (response.destroyed || response.writableEnded || response.headersSent) return
  response.writeHead(answer.status, { ...answer.headers, "content-length": Buffer.byteLength(answer.body) })
  response.end(answer.body)
}

/** The same for an accepted event: no copies, no objects but the header list. */
export const writeJson = (response: ServerResponse, body: string): void => {
  if (response.destroyed || response.writableEnded) return
  const length = Buffer.byteLength(body)
  response.writeHead(200, ["content-type", "application/json", "content-length", String(length)])
  // Text that is ASCII, as most is, need not be encoded.
  response.end(body, length === body.length ? "latin1" : "utf8")
}
