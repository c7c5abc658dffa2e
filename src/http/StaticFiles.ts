/**
 * The built web app: its pages all get the same document, its assets are named by their content and cached for ever.
 * Nothing outside the directory can be named. Where the app was not built, the pages say so.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import { hash } from "node:crypto"
import * as path from "node:path"
import { response } from "./Edge.js"
import * as ErrorBody from "./ErrorBody.js"
import * as LoginPage from "./LoginPage.js"

const pages = ["/", "/inventory", "/jobs", "/logs", "/config", "/storage", "/app", "/app/*"] as const
const files = [
  "/assets/*",
  "/static/*",
  "/favicon.ico",
  "/favicon.svg",
  "/logo.svg",
  "/manifest.webmanifest",
  "/robots.txt"
] as const

/** Adds the routes to the router; `directory` is where the build put the app, undefined where there is none. */
export const routes = (directory: string | undefined) =>
  Effect.gen(function* () {
    const router = yield* HttpApiBuilder.Router
    const fs = yield* FileSystem.FileSystem
    const load = (name: string) => Effect.option(fs.readFile(name))

    const page =
      directory === undefined
        ? Effect.succeed(response(notBuilt))
        : Effect.gen(function* () {
            const document = yield* load(path.join(directory, "index.html"))
            if (document._tag === "None") return response(notBuilt)
            const headers = { ...LoginPage.htmlHeaders(appPolicy), "cache-control": "no-cache" }
            return yield* withEtag(document.value, headers)
          })

    const file = Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      const name = directory === undefined ? undefined : inside(directory, request.url)
      const bytes = name === undefined ? undefined : yield* load(name)
      if (name === undefined || bytes === undefined || bytes._tag === "None") return response(ErrorBody.notFound)
      return yield* withEtag(bytes.value, {
        "content-type": mediaTypes[path.extname(name)] ?? "application/octet-stream",
        "x-content-type-options": "nosniff",
        "cache-control": request.url.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache"
      })
    })

    for (const route of pages) yield* router.get(route, page)
    for (const route of files) yield* router.get(route, file)
  })

// ------------------------------------------------------------------------------------------------------------------

/** Plots set the size of their elements by style; everything else comes from files. */
const appPolicy =
  "; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; connect-src 'self'; worker-src 'self' blob:"

const mediaTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/plain; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2"
}

/** The file a URL names below the directory; undefined where it would climb out of it. */
const inside = (directory: string, url: string): string | undefined => {
  const mark = url.indexOf("?")
  const name = decodeURIComponent(mark < 0 ? url : url.slice(0, mark))
  const segments = name.split("/").slice(1)
  const harmless = segments.every(
    (segment) => segment !== "" && !segment.startsWith(".") && !segment.includes("\\") && !segment.includes("\0")
  )
  return harmless ? path.join(directory, ...segments) : undefined
}

const withEtag = (bytes: Uint8Array, headers: Readonly<Record<string, string>>) =>
  Effect.map(HttpServerRequest.HttpServerRequest, (request) => {
    const etag = `"${hash("sha1", Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), "base64url")}"`
    const all = { ...headers, etag }
    return request.headers["if-none-match"] === etag
      ? HttpServerResponse.empty({ status: 304, headers: { etag, "cache-control": headers["cache-control"] ?? "" } })
      : HttpServerResponse.uint8Array(bytes, { headers: all, contentType: headers["content-type"] ?? "" })
  })

const notBuilt = LoginPage.pageAnswer(
  200,
  "Outpost",
  "<h1>Outpost is running</h1><p>The web app is not part of this build. Build it with <code>npm run build</code>.</p>" +
    '<p>The API is here all the same: <a href="/status">status</a>, <a href="/current">current values</a>, ' +
    '<a href="/events">events</a>, <a href="/tree">supervision tree</a>, <a href="/docs">documentation</a>.</p>'
)
