/**
 * Where an answer sends the asker next. Secrets stay with the origin they were meant for, and a secure exchange stays one.
 *
 * @internal
 */
import type { OutgoingResponse } from "../Outgoing.js"
import type { Hop } from "./exchange.js"

/** The next request; undefined where the answer is no redirect; a text for one that is not followed. */
export const redirected = (hop: Hop, { headers, status }: OutgoingResponse): Hop | string | undefined => {
  const { location } = headers
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined
  if (!URL.canParse(location, hop.url.href)) return "redirected to what is no address"
  const url = new URL(location, hop.url)
  if (!/^https?:$/.test(url.protocol)) return "redirected to what is not http or https"
  if (url.username !== "" || url.password !== "") return "redirected to an address with credentials"
  if (hop.url.protocol === "https:" && url.protocol === "http:") return "redirected from https to http"
  const asGet =
    (status === 303 && hop.method !== "HEAD") || ((status === 301 || status === 302) && hop.method === "POST")
  const kept = Object.entries(hop.headers)
    .filter(([name]) => !asGet || !name.startsWith("content-"))
    .filter(([name]) => url.origin === hop.url.origin || !(hop.secret.has(name) || credentials.has(name)))
  return {
    ...hop,
    url,
    method: asGet ? "GET" : hop.method,
    headers: Object.fromEntries(kept),
    body: asGet ? undefined : hop.body
  }
}

// ------------------------------------------------------------------------------------------------------------------

const credentials = new Set(["authorization", "cookie", "proxy-authorization", "host"])
