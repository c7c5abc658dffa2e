/** Host, origin, credentials, login, pages and documents, over the wire. */
import { HttpAddress, TokenRequired } from "../../src/http/HttpAddress.js"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer } from "effect"
import * as http from "node:http"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { call, layer as server, postJson } from "../support/TestServer.js"
import { layer } from "../support/SharedLayer.js"

const live = { excludeTestServices: true } as const
const bearer = { authorization: "Bearer s3cret" }
const html = { accept: "text/html,application/xhtml+xml" }

/** fetch writes its own Host and Sec-Fetch headers; this does not. */
const bare = (method: string, path: string, headers: Record<string, string>, body = "") =>
  Effect.flatMap(HttpAddress, ({ port }) =>
    Effect.async<{ readonly status: number; readonly text: string; readonly headers: http.IncomingHttpHeaders }>(
      (resume) => {
        const request = http.request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
          let text = ""
          response.on("data", (chunk) => (text += String(chunk)))
          response.on("end", () =>
            resume(Effect.succeed({ status: response.statusCode ?? 0, text, headers: response.headers }))
          )
        })
        request.end(body)
      }
    )
  )

layer(server({ hosts: ["known.example"], allowOrigins: ["https://lab.example"] }), live)("without a token", (it) => {
  it.effect("answers to names of ours only, but takes events under any", () =>
    Effect.gen(function* () {
      const event = '{"type":"t","data":1}'
      assert.strictEqual((yield* bare("GET", "/health", { host: "known.example:1" })).status, 200)
      const foreign = yield* bare("GET", "/current", { host: "rebound.example" })
      assert.strictEqual(foreign.status, 403)
      assert.match(foreign.text, /^\{"detail":"Host not allowed/)
      const json = { "content-type": "application/json" }
      assert.strictEqual((yield* bare("POST", "/event", { host: "rebound.example", ...json }, event)).status, 200)
      assert.strictEqual(
        (yield* bare("POST", "/events", { host: "rebound.example", ...json }, `[${event}]`)).status,
        200
      )
      assert.strictEqual((yield* bare("GET", "/events", { host: "rebound.example" })).status, 403)
      const named = { host: "rebound.example", origin: "http://rebound.example", ...json }
      assert.strictEqual((yield* bare("POST", "/event", named, event)).status, 403)
    })
  )

  it.effect("passes over the offer to change the protocol, on both lanes", () =>
    Effect.gen(function* () {
      const offer = {
        host: "localhost",
        connection: "Upgrade, HTTP2-Settings",
        upgrade: "h2c",
        "http2-settings": "AAMA"
      }
      assert.strictEqual((yield* bare("GET", "/health", offer)).status, 200)
      const json = { ...offer, "content-type": "application/json" }
      assert.strictEqual((yield* bare("POST", "/event", json, '{"type":"t","data":1}')).status, 200)
    })
  )

  it.effect("refuses what other sites send, on both lanes", () =>
    Effect.gen(function* () {
      const host = { host: "localhost" }
      for (const route of ["/shutdown", "/run/stop", "/event"]) {
        const answer = yield* bare("POST", route, { ...host, origin: "http://evil.example" })
        assert.strictEqual(answer.status, 403, route)
        const crossed = yield* bare("POST", route, { ...host, "sec-fetch-site": "cross-site" })
        assert.strictEqual(crossed.status, 403, route)
      }
      assert.strictEqual((yield* bare("GET", "/health", { ...host, origin: "http://localhost" })).status, 200)
    })
  )

  it.effect("lets a page in that is allowed by name, with what a browser needs", () =>
    Effect.gen(function* () {
      const origin = { host: "localhost", origin: "https://lab.example", "sec-fetch-site": "cross-site" }
      const answer = yield* bare("GET", "/health", origin)
      assert.deepStrictEqual(
        [answer.status, answer.headers["access-control-allow-origin"], answer.headers["vary"]],
        [200, "https://lab.example", "origin"]
      )
      const asked = yield* bare("OPTIONS", "/event", { ...origin, "access-control-request-method": "POST" })
      assert.strictEqual(asked.status, 204)
      const event = yield* bare(
        "POST",
        "/event",
        { ...origin, "content-type": "application/json" },
        '{"type":"t","data":1}'
      )
      assert.deepStrictEqual([event.status, event.headers["access-control-allow-origin"]], [200, "https://lab.example"])
      assert.strictEqual((yield* bare("OPTIONS", "/event", { host: "localhost" })).status, 405)
    })
  )

  it.effect("describes itself", () =>
    Effect.gen(function* () {
      const document = yield* call("/openapi.json")
      assert.match(document.json.openapi, /^3\./)
      assert.containsAllKeys(document.json.paths, ["/event", "/current/{event_type}", "/run/start"])
      for (const page of ["/docs", "/api/docs", "/redoc"]) {
        const answer = yield* call(page)
        assert.strictEqual(answer.status, 200)
        assert.include(answer.text, "swagger-ui")
        assert.match(answer.headers.get("content-security-policy") ?? "", /script-src 'self' 'sha256-/)
      }
    })
  )

  it.effect("says on its pages that the app was not built", () =>
    Effect.gen(function* () {
      const page = yield* call("/app/telemetry")
      assert.strictEqual(page.status, 200)
      assert.include(page.text, "npm run build")
      assert.strictEqual((yield* call("/assets/app.js")).status, 404)
    })
  )

  it.effect("serves metrics, logs and the tree", () =>
    Effect.gen(function* () {
      const metrics = yield* call("/metrics")
      assert.deepStrictEqual(
        [metrics.text, metrics.headers.get("content-type")],
        ["outpost_up 1\n", "text/plain; version=0.0.4; charset=utf-8"]
      )
      assert.match((yield* call("/logs/lines?tail=5")).text, /"message":"hello"\}\n$/)
      assert.strictEqual((yield* call("/logs/lines?level=Warning")).status, 200)
      const noLevel = yield* call("/logs/lines?level=x")
      assert.deepStrictEqual([noLevel.status, noLevel.json.error.problems[0].loc], [422, ["query", "level"]])
      assert.strictEqual((yield* call("/tree")).json.nodes[0].path, "procedures/clock")
      const none = yield* postJson("/actors/stop", { path: "nobody" })
      assert.deepStrictEqual(none.json, {
        detail: "no actor at 'nobody'",
        error: { _tag: "NoSuchActor", path: "nobody" }
      })
      assert.strictEqual(none.status, 404)
      const done = yield* postJson("/actors/restart", { path: "procedures/clock" })
      assert.deepStrictEqual(done.json, { path: "procedures/clock", action: "restart" })
      const wrong = yield* postJson("/actors/stop", { path: 7 })
      assert.strictEqual(wrong.status, 422)
      assert.deepStrictEqual(wrong.json.error.problems[0].loc, ["body", "path"])
      assert.strictEqual((yield* postJson("/actors/kill", { path: "x" })).status, 422)
    })
  )
})

layer(server({ token: "s3cret", ownToken: "own" }), live)("with a token", (it) => {
  it.effect("everything but health, readiness, login and files is closed", () =>
    Effect.gen(function* () {
      for (const open of ["/health", "/ready", "/login"]) assert.strictEqual((yield* call(open)).status, 200, open)
      assert.strictEqual((yield* call("/assets/x.js")).status, 404)
      for (const [method, closed] of [
        ["GET", "/current"],
        ["POST", "/event"],
        ["POST", "/events"],
        ["GET", "/events/tail"],
        ["GET", "/"],
        ["GET", "/jobs"],
        ["GET", "/nope"],
        ["POST", "/shutdown"],
        ["GET", "/api/config"]
      ] as const) {
        const answer = yield* call(closed, { method })
        assert.deepStrictEqual([answer.status, answer.text], [401, '{"detail":"Invalid or missing token"}'], closed)
      }
    })
  )

  it.effect("a page asks a browser to log in, an API route never does", () =>
    Effect.gen(function* () {
      const page = yield* call("/jobs", { headers: html })
      assert.strictEqual(page.status, 401)
      assert.include(page.text, '<form method="post" action="/login">')
      const policy = page.headers.get("content-security-policy") ?? ""
      assert.include(policy, "frame-ancestors 'none'")
      assert.notInclude(policy, "unsafe-inline")
      assert.strictEqual(page.headers.get("x-content-type-options"), "nosniff")
      assert.strictEqual((yield* call("/current", { headers: html })).text, '{"detail":"Invalid or missing token"}')
    })
  )

  it.effect("the API's description is gone, with and without credentials", () =>
    Effect.gen(function* () {
      for (const path of ["/openapi.json", "/docs", "/api/docs", "/redoc"]) {
        assert.strictEqual((yield* call(path)).status, 404)
        assert.strictEqual((yield* call(path, { headers: bearer })).status, 404)
      }
      assert.strictEqual((yield* call("/%64ocs", { headers: bearer })).status, 404)
    })
  )

  it.effect("bearer, cookie and query open it, the process's own token too", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* call("/current", { headers: bearer })).status, 200)
      assert.strictEqual((yield* call("/current", { headers: { authorization: "Bearer own" } })).status, 200)
      assert.strictEqual((yield* call("/current", { headers: { cookie: "dccd_token=s3cret" } })).status, 200)
      const asked = yield* call("/current?token=s3cret")
      assert.deepStrictEqual([asked.status, asked.headers.get("set-cookie")], [200, null])
      const posted = yield* call("/event?token=s3cret", { method: "POST", body: '{"type":"q","data":1}' })
      assert.strictEqual(posted.status, 422)
      const page = yield* call("/jobs?token=s3cret")
      assert.strictEqual(page.headers.get("set-cookie"), "dccd_token=s3cret; Path=/; HttpOnly; SameSite=Strict")
    })
  )

  it.effect("a login gives a session, a wrong token does not", () =>
    Effect.gen(function* () {
      const wrong = yield* postJson("/login", { token: "no" })
      assert.strictEqual(wrong.status, 401)
      const right = yield* postJson("/login", { token: "s3cret" })
      assert.strictEqual(right.text, '{"ok":true}')
      const cookie = right.headers.get("set-cookie") ?? ""
      assert.match(cookie, /^outpost_session=\S+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/)
      const session = { cookie: cookie.split(";")[0] ?? "" }
      assert.strictEqual((yield* call("/current", { headers: session })).status, 200)
      const form = yield* call("/login", {
        method: "POST",
        headers: { ...html, "content-type": "application/x-www-form-urlencoded" },
        body: "token=s3cret"
      })
      assert.deepStrictEqual([form.status, form.headers.get("location")], [303, "/"])
      const out = yield* call("/logout", { method: "POST", headers: session })
      assert.deepStrictEqual(
        out.headers.getSetCookie().map((line) => line.split("=")[0]),
        ["outpost_session", "dccd_token"]
      )
    })
  )

  it.effect("guessing is slowed down", () =>
    Effect.gen(function* () {
      let last = 0
      for (let i = 0; i < 12; i++) last = (yield* postJson("/login", { token: `no${i}` })).status
      assert.strictEqual(last, 429)
      const barred = yield* postJson("/login", { token: "s3cret" })
      assert.strictEqual(barred.status, 429)
      assert.isAtLeast(Number(barred.headers.get("retry-after")), 1)
    })
  )
})

const app = Layer.unwrapScoped(
  Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "outpost-ui-"))),
      (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true }))
    )
    const ui = path.join(directory, "ui")
    fs.mkdirSync(path.join(ui, "assets"), { recursive: true })
    fs.writeFileSync(path.join(directory, "secret.txt"), "secret")
    fs.writeFileSync(path.join(ui, "index.html"), "<!doctype html><title>app</title>")
    fs.writeFileSync(path.join(ui, "assets", "app-1a2b.js"), "export {}")
    fs.writeFileSync(path.join(ui, ".env"), "secret")
    return server({ ui })
  })
)

layer(app, live)("the built app", (it) => {
  it.effect("is one document under every page", () =>
    Effect.gen(function* () {
      for (const page of ["/", "/inventory", "/jobs", "/logs", "/config", "/storage", "/app", "/app/runs/001"]) {
        const answer = yield* call(page)
        assert.deepStrictEqual([answer.status, answer.text], [200, "<!doctype html><title>app</title>"], page)
        assert.include(answer.headers.get("content-security-policy") ?? "", "frame-ancestors 'none'")
        assert.notInclude(answer.headers.get("content-security-policy") ?? "", "script-src 'unsafe")
      }
      const etag = (yield* call("/")).headers.get("etag") ?? ""
      assert.strictEqual((yield* call("/", { headers: { "if-none-match": etag } })).status, 304)
    })
  )

  it.effect("has its assets kept for ever", () =>
    Effect.gen(function* () {
      const asset = yield* call("/assets/app-1a2b.js")
      assert.deepStrictEqual(
        [asset.text, asset.headers.get("content-type"), asset.headers.get("cache-control")],
        ["export {}", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"]
      )
    })
  )

  it.effect("lets nothing be read beside it", () =>
    Effect.gen(function* () {
      for (const target of [
        "/assets/../secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/..%5c..%5csecret.txt",
        "/static/../../secret.txt",
        "/assets/.env",
        "/.env",
        "/assets/",
        "/assets/app-1a2b.js%00.css",
        "/../secret.txt"
      ]) {
        const answer = yield* bare("GET", target, { host: "localhost" })
        assert.notInclude(answer.text, "secret")
        assert.strictEqual(answer.status, 404, target)
      }
    })
  )
})

describe("where to listen", () => {
  it.live("an address others can reach needs a token", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(Effect.scoped(Layer.build(server({ host: "0.0.0.0" }))))
      assert.isTrue(refused instanceof TokenRequired)
      const exit = yield* Effect.exit(Effect.scoped(Layer.build(server({ host: "0.0.0.0", token: "s3cret" }))))
      assert.isTrue(Exit.isSuccess(exit))
    })
  )

  it.live("a taken port is told with its number", () =>
    Effect.gen(function* () {
      const { port } = yield* HttpAddress
      const error = yield* Effect.flip(Effect.scoped(Layer.build(server({ port }))))
      assert.deepStrictEqual([error._tag, "port" in error && error.port], ["PortTaken", port])
    }).pipe(Effect.provide(server()))
  )

  it.live("localhost is the loopback address, 0 a free port", () =>
    Effect.gen(function* () {
      const { host, port, url } = yield* HttpAddress
      assert.deepStrictEqual([host, url], ["127.0.0.1", `http://127.0.0.1:${port}`])
      assert.isAbove(port, 0)
    }).pipe(Effect.provide(server({ host: "localhost" })))
  )
})
