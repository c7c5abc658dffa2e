/**
 * The one door of both lanes: host, origin and credentials are judged here from the request's head, before anything of its
 * body is read. What is refused here reaches no handler.
 */
import type * as Clock from "effect/Clock"
import type { IncomingMessage } from "node:http"
import type { Credentials } from "./Credentials.js"
import { hostAllowed, provenance, type EdgeRules } from "./EdgeRules.js"
import * as ErrorBody from "./ErrorBody.js"
import * as LoginPage from "./LoginPage.js"
import { errorHeader, nextCursorHeader } from "./WireHeaders.js"

/** Where a request goes: `headers` are to be added to its answer. */
export type Verdict =
  | { readonly _tag: "Admit"; readonly headers: Readonly<Record<string, string>> | undefined }
  | { readonly _tag: "Refuse"; readonly answer: ErrorBody.Answer }

export interface Gate {
  readonly judge: (request: IncomingMessage) => Verdict
}

/** Documentation of the API: open without a token, absent with one. */
export const documentation: ReadonlySet<string> = new Set(["/openapi.json", "/docs", "/api/docs", "/redoc"])

/** The pages of the app: `/`, the collector's five, and everything below `/app`. */
export const isPage = (path: string): boolean => pages.has(path) || path === "/app" || path.startsWith("/app/")

/** Files of the app that are no pages. */
export const isStatic = (path: string): boolean =>
  path.startsWith("/assets/") || path.startsWith("/static/") || staticFiles.has(path)

export const make = (rules: EdgeRules, credentials: Credentials, clock: Clock.Clock): Gate => ({
  judge: (request) => {
    const { headers, method } = request
    const url = request.url ?? "/"
    const mark = url.indexOf("?")
    const path = mark < 0 ? url : url.slice(0, mark)
    const { host, origin } = headers
    const fetchSite = headers["sec-fetch-site"]
    const post = method === "POST" && (path === "/event" || path === "/events")
    if (!(post && origin === undefined) && !hostAllowed(rules, host)) return foreignHost
    let allowed: string | undefined
    if (origin !== undefined || fetchSite !== undefined) {
      const from = provenance(rules, { host, origin, fetchSite: typeof fetchSite === "string" ? fetchSite : undefined })
      if (from === "foreign") return foreignOrigin
      if (from === "allowed") allowed = origin
    }
    if (allowed !== undefined && method === "OPTIONS" && headers["access-control-request-method"] !== undefined) {
      return preflight(allowed)
    }
    if (!credentials.guarded) return allowed === undefined ? admit : admitWith(shared(allowed))
    if (documentation.has(path)) return absent
    if (isOpen(path)) return allowed === undefined ? admit : admitWith(shared(allowed))
    const query = mark < 0 ? "" : url.slice(mark + 1)
    const grant = credentials.check(
      { authorization: headers.authorization, cookie: headers.cookie, query },
      clock.unsafeCurrentTimeMillis()
    )
    if (grant === "denied") return isPage(path) && acceptsHtml(headers.accept) ? loginFirst : noCredentials
    const remember = grant === "query" && isPage(path) ? { "set-cookie": credentials.remember() } : undefined
    if (allowed === undefined && remember === undefined) return admit
    return admitWith({ ...(allowed === undefined ? {} : shared(allowed)), ...remember })
  }
})

// ------------------------------------------------------------------------------------------------------------------

const pages = new Set(["/", "/inventory", "/jobs", "/logs", "/config", "/storage"])
const staticFiles = new Set(["/favicon.ico", "/favicon.svg", "/logo.svg", "/manifest.webmanifest", "/robots.txt"])

const isOpen = (path: string): boolean => path === "/health" || path === "/ready" || path === "/login" || isStatic(path)

const acceptsHtml = (accept: string | undefined): boolean => accept !== undefined && /text\/html/i.test(accept)

const admit: Verdict = { _tag: "Admit", headers: undefined }
const admitWith = (headers: Readonly<Record<string, string>>): Verdict => ({ _tag: "Admit", headers })
const refuse = (answer: ErrorBody.Answer): Verdict => ({ _tag: "Refuse", answer })

const foreignHost = refuse(ErrorBody.plain(403, "Host not allowed: add it to http.hosts"))
const foreignOrigin = refuse(ErrorBody.plain(403, "Origin not allowed: add it to http.allow_origins"))
const absent = refuse(ErrorBody.notFound)
const noCredentials = refuse(
  ErrorBody.plain(401, "Invalid or missing token", { "www-authenticate": 'Bearer realm="outpost"' })
)
const loginFirst = refuse(LoginPage.answer(401, undefined))

const shared = (origin: string): Readonly<Record<string, string>> => ({
  "access-control-allow-origin": origin,
  "access-control-allow-credentials": "true",
  "access-control-expose-headers": `${errorHeader}, ${nextCursorHeader}, retry-after`,
  vary: "origin"
})

const preflight = (origin: string): Verdict =>
  refuse({
    status: 204,
    headers: {
      ...shared(origin),
      "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
      "access-control-allow-headers": "authorization, content-type, last-event-id, accept",
      "access-control-max-age": "600"
    },
    body: ""
  })
