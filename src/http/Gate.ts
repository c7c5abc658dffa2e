/**
 * The one door of both lanes: host, origin, rate, credentials and whether anything may be changed at all are judged here from
 * the request's head, before anything of its body is read. What is refused here reaches no handler.
 */
import type * as Clock from "effect/Clock"
import type { IncomingMessage } from "node:http"
import type { Credentials } from "./Credentials.js"
import { hostAllowed, provenance, type EdgeRules } from "./EdgeRules.js"
import * as ErrorBody from "./ErrorBody.js"
import * as LoginPage from "./LoginPage.js"
import * as PeerBudget from "./PeerBudget.js"
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

export interface GateOptions {
  /** Nothing may be changed but by this machine's own commands. */
  readonly readOnly: boolean
  /** Requests a second from one address; 0 for any number. */
  readonly rate: number
}

export const make = (rules: EdgeRules, credentials: Credentials, clock: Clock.Clock, options: GateOptions): Gate => {
  const budget = PeerBudget.make({
    burst: Math.max(leastBurst, Math.ceil(options.rate * burstSeconds)),
    forgive: 1000 / Math.max(options.rate, Number.MIN_VALUE),
    peers: 10_000
  })

  const restricts = options.readOnly || options.rate > 0

  /** What this machine's own commands may do and others may not; events have bounds of their own. */
  const restricted = (request: IncomingMessage, path: string, isEvent: boolean): Verdict | undefined => {
    if (credentials.isOwn(request.headers.authorization)) return undefined
    if (options.readOnly && changes(request.method, path)) return onlyReading
    if (options.rate === 0 || isEvent) return undefined
    const peer = request.socket.remoteAddress ?? ""
    const now = clock.unsafeCurrentTimeMillis()
    const wait = budget.wait(peer, now)
    if (wait > 0) return tooMany(wait)
    budget.count(peer, now)
    return undefined
  }

  const judge = (request: IncomingMessage): Verdict => {
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
      if (from === "allowed") allowed = rules.anyone ? "*" : origin
    }
    if (allowed !== undefined && method === "OPTIONS" && headers["access-control-request-method"] !== undefined) {
      return preflight(allowed)
    }
    const open = isOpen(path)
    const restriction = open || !restricts ? undefined : restricted(request, path, post)
    if (restriction !== undefined) return restriction
    if (!credentials.guarded) return allowed === undefined ? admit : admitWith(shared(allowed))
    if (documentation.has(path)) return absent
    if (open) return allowed === undefined ? admit : admitWith(shared(allowed))
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
  return { judge }
}

// ------------------------------------------------------------------------------------------------------------------

const pages = new Set(["/", "/inventory", "/jobs", "/logs", "/config", "/storage"])
const staticFiles = new Set(["/favicon.ico", "/favicon.svg", "/logo.svg", "/manifest.webmanifest", "/robots.txt"])

const isOpen = (path: string): boolean => path === "/health" || path === "/ready" || path === "/login" || isStatic(path)

/** A page with its files and questions arrives at once. */
const leastBurst = 20
const burstSeconds = 5

/** Whether a request may leave the site other than it was. Some questions have a body. */
const changes = (method: string | undefined, path: string): boolean =>
  method !== "GET" && method !== "HEAD" && method !== "OPTIONS" && !questions.has(path)

const questions = new Set(["/api/config/validate", "/api/backfill/plan", "/api/jobs/plan", "/logout"])

const acceptsHtml = (accept: string | undefined): boolean => accept !== undefined && /text\/html/i.test(accept)

const admit: Verdict = { _tag: "Admit", headers: undefined }
const admitWith = (headers: Readonly<Record<string, string>>): Verdict => ({ _tag: "Admit", headers })
const refuse = (answer: ErrorBody.Answer): Verdict => ({ _tag: "Refuse", answer })

const foreignHost = refuse(ErrorBody.plain(403, "Host not allowed: add it to http.hosts"))
const foreignOrigin = refuse(ErrorBody.plain(403, "Origin not allowed: add it to http.allow_origins"))
const onlyReading = refuse(ErrorBody.plain(403, "This server is read-only (http.readonly)"))
const tooMany = (wait: number): Verdict => {
  const seconds = Math.max(1, Math.ceil(wait / 1000))
  return refuse(
    ErrorBody.plain(429, `Too many requests, try again in ${seconds} s`, { "retry-after": String(seconds) })
  )
}
const absent = refuse(ErrorBody.notFound)
const noCredentials = refuse(
  ErrorBody.plain(401, "Invalid or missing token", { "www-authenticate": 'Bearer realm="outpost"' })
)
const loginFirst = refuse(LoginPage.answer(401, undefined))

/** What is shared with every page is shared without the credentials that a browser holds. */
const shared = (origin: string): Readonly<Record<string, string>> => ({
  "access-control-allow-origin": origin,
  ...(origin === "*" ? {} : { "access-control-allow-credentials": "true" }),
  "access-control-expose-headers": `${errorHeader}, ${nextCursorHeader}, etag, retry-after`,
  vary: "origin"
})

const preflight = (origin: string): Verdict =>
  refuse({
    status: 204,
    headers: {
      ...shared(origin),
      "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
      "access-control-allow-headers": "authorization, content-type, if-match, last-event-id, accept",
      "access-control-max-age": "600"
    },
    body: ""
  })
