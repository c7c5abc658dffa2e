/**
 * One request and its answer on undici, without redirects.
 *
 * @internal
 */
import type { Readable } from "node:stream"
import type { Client, Dispatcher } from "undici"
import type { OutgoingError, OutgoingRequest, OutgoingResponse } from "../Outgoing.js"
import { decoded, TooLong } from "./contentCoding.js"
import { RefusedAddress } from "./guardedLookup.js"

export interface Hop {
  readonly url: URL
  readonly method: Dispatcher.HttpMethod
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Names of headers that go to no other origin. */
  readonly secret: ReadonlySet<string>
  readonly body: Uint8Array | (() => Readable) | undefined
  readonly maxBytes: number
  readonly receive?: OutgoingRequest["receive"] | undefined
}

/** The longest silence within a body that is taken piece by piece, in milliseconds. */
const silence = 30_000

export const exchange = async (client: Client, hop: Hop): Promise<OutgoingResponse> => {
  const { body, headers, statusCode } = await client.request({
    path: `${hop.url.pathname}${hop.url.search}`,
    method: hop.method,
    headers: {
      "accept-encoding": hop.receive === undefined ? "gzip, deflate, br" : "identity",
      ...hop.headers
    },
    body: typeof hop.body === "function" ? hop.body() : (hop.body ?? null),
    bodyTimeout: hop.receive === undefined ? 0 : silence
  })
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(", ") : value
  const take = hop.receive?.({ status: statusCode, headers: plain })
  const chunks: Array<Buffer> = []
  let length = 0
  for await (const chunk of body) {
    const piece: Buffer = chunk
    length += piece.byteLength
    if (length > hop.maxBytes) throw new TooLong()
    if (take === undefined) chunks.push(piece)
    else await take(piece)
  }
  if (take !== undefined) return { status: statusCode, headers: plain, body: Buffer.alloc(0) }
  const [first] = chunks
  const whole = first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, length)
  const coding = hop.method === "HEAD" || length === 0 ? undefined : plain["content-encoding"]
  return { status: statusCode, headers: plain, body: await decoded(whole, coding, hop.maxBytes) }
}

/** What a failed exchange means. Bears neither the query nor a header's value, whatever the library put in its message. */
export const failureOf = (
  cause: unknown,
  maxBytes: number
): { readonly reason: OutgoingError["reason"]; readonly detail: string } => {
  if (cause instanceof RefusedAddress) return { reason: "Refused", detail: cause.message }
  if (cause instanceof TooLong) return { reason: "TooLarge", detail: `the answer is longer than ${maxBytes} bytes` }
  const code = codeOf(cause)
  const known = told[code]
  return known === undefined
    ? { reason: "Disconnected", detail: `the exchange broke off${code === "" ? "" : ` (${code})`}` }
    : { reason: known[0], detail: known[1] }
}

// ------------------------------------------------------------------------------------------------------------------

const codeOf = (cause: unknown): string => {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined
  return typeof code === "string" ? code : ""
}

const told: Readonly<Record<string, readonly [OutgoingError["reason"], string]>> = {
  ENOTFOUND: ["Unresolved", "no such host"],
  ENODATA: ["Unresolved", "no such host"],
  EAI_AGAIN: ["Unresolved", "the name can't be resolved now"],
  EAI_FAIL: ["Unresolved", "the name can't be resolved"],
  ECONNREFUSED: ["Disconnected", "connection refused"],
  ECONNRESET: ["Disconnected", "connection reset"],
  EHOSTUNREACH: ["Disconnected", "no route to the host"],
  ENETUNREACH: ["Disconnected", "no network"],
  ETIMEDOUT: ["TimedOut", "no connection in time"],
  UND_ERR_CONNECT_TIMEOUT: ["TimedOut", "no connection in time"],
  UND_ERR_BODY_TIMEOUT: ["TimedOut", "the answer stopped coming"],
  UND_ERR_SOCKET: ["Disconnected", "the connection ended before the answer did"],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ["Disconnected", "less than was announced"],
  UND_ERR_HEADERS_OVERFLOW: ["TooLarge", "the headers of the answer are too long"],
  UND_ERR_INVALID_ARG: ["Invalid", "the request can't be written: a header or the method is not valid"],
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: ["Invalid", "content-length is not the length of the body"],
  OUTPOST_UNKNOWN_CODING: ["Invalid", "the answer is in an encoding that was not asked for"],
  OUTPOST_BROKEN_CODING: ["Disconnected", "the compressed answer is broken or cut off"]
}
