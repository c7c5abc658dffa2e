import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Redacted, Scope } from "effect"
import * as zlib from "node:zlib"
import * as Outgoing from "../../src/outgoing/Outgoing.js"
import { redirected } from "../../src/outgoing/internal/redirect.js"
import { OutgoingSettings } from "../../src/outgoing/Settings.js"
import * as RawServer from "../support/RawServer.js"

type Names = Readonly<Record<string, ReadonlyArray<string>>>

/** Names resolve to these addresses; 127.0.0.2 stands for the public internet. */
const outgoing = (names: Names = {}, allow: ReadonlyArray<string> = ["127.0.0.2"]) =>
  Outgoing.make({
    settings: new OutgoingSettings({ allow_private: allow }),
    resolve: async (host) => (names[host] ?? []).map((address) => ({ address, family: address.includes(":") ? 6 : 4 }))
  })

const publicServer = (answer: RawServer.Answer) => RawServer.make(answer, "127.0.0.2")

const hello: RawServer.Answer = (_, response) => response.end("hello")

const reasonOf = (service: Outgoing.OutgoingService, request: Outgoing.OutgoingRequest) =>
  Effect.map(Effect.flip(service.send(request)), ({ reason }) => reason)

describe("what is asked and answered", () => {
  it.scopedLive("method, headers and body go out; status, headers and body come back, whatever the status", () =>
    Effect.gen(function* () {
      const server = yield* publicServer((request, response) => {
        response.writeHead(418, { "X-Echo": "a", "set-cookie": ["b", "c"] }).end(request.body.toUpperCase())
      })
      const { send } = yield* outgoing()
      const response = yield* send({
        url: `${server.url}/path?q=1`,
        method: "POST",
        headers: { "X-Plain": "plain", "X-Key": Redacted.make("secret") },
        body: Buffer.from("body")
      })
      assert.deepStrictEqual(
        [response.status, response.headers["x-echo"], response.headers["set-cookie"], String(response.body)],
        [418, "a", "b, c", "BODY"]
      )
      const [asked] = server.requests
      assert.deepInclude(asked, { method: "POST", url: "/path?q=1", body: "body" })
      assert.deepInclude(asked?.headers, { "x-plain": "plain", "x-key": "secret" })
    })
  )

  it.scopedLive("one connection serves many requests, and none stays open when the scope closes", () =>
    Effect.gen(function* () {
      const server = yield* publicServer(hello)
      const scope = yield* Scope.make()
      const { send } = yield* Scope.extend(outgoing(), scope)
      for (let n = 0; n < 20; n++) yield* send({ url: server.url })
      assert.deepStrictEqual(server.connections(), { open: 1, ever: 1 })
      yield* Scope.close(scope, Exit.void)
      yield* server.idle
    })
  )

  it.scopedLive(
    "a body that is received comes piece by piece, each when the one before is taken, and none is kept",
    () =>
      Effect.gen(function* () {
        const whole = Buffer.alloc(3_000_000, "abc")
        const server = yield* publicServer((request, response) => {
          if (request.url === "/gone") response.writeHead(404).end("gone")
          else response.end(whole)
        })
        const { send } = yield* outgoing()
        const pieces: Array<Buffer> = []
        let taking = 0
        const receive: NonNullable<Outgoing.OutgoingRequest["receive"]> = ({ status }) =>
          status !== 200
            ? undefined
            : async (piece) => {
                assert.strictEqual(++taking, 1)
                await new Promise((resolve) => setImmediate(resolve))
                pieces.push(Buffer.from(piece))
                taking--
              }
        const { body, status } = yield* send({ url: server.url, receive })
        assert.deepStrictEqual([status, body.length], [200, 0])
        assert.isTrue(Buffer.concat(pieces).equals(whole))
        assert.strictEqual(server.requests[0]?.headers["accept-encoding"], "identity")
        const gone = yield* send({ url: `${server.url}/gone`, receive })
        assert.deepStrictEqual([gone.status, String(gone.body)], [404, "gone"])
        assert.strictEqual(yield* reasonOf({ send }, { url: server.url, receive, maxBytes: 1000 }), "TooLarge")
        const full = () => () => Promise.reject(new Error("the disk is full"))
        assert.strictEqual(yield* reasonOf({ send }, { url: server.url, receive: full }), "Disconnected")
      })
  )

  it.scopedLive("compressed bodies come back plain", () =>
    Effect.gen(function* () {
      const text = "candle ".repeat(1000)
      const codings: Readonly<Record<string, (text: string) => Buffer>> = {
        "/gzip": (text) => zlib.gzipSync(text),
        "/deflate": (text) => zlib.deflateSync(text),
        "/bare": (text) => zlib.deflateRawSync(text),
        "/br": (text) => zlib.brotliCompressSync(text)
      }
      const server = yield* publicServer(({ url = "" }, response) => {
        response.writeHead(200, { "content-encoding": url === "/bare" ? "deflate" : url.slice(1) })
        response.end(codings[url]?.(text))
      })
      const { send } = yield* outgoing()
      for (const path of Object.keys(codings)) {
        const { body } = yield* send({ url: `${server.url}${path}` })
        assert.strictEqual(String(body), text, path)
      }
      assert.match(String(server.requests[0]?.headers["accept-encoding"]), /gzip.*br/)
    })
  )
})

describe("which addresses", () => {
  it.scopedLive("private ones are refused before anything is sent, however they are written", () =>
    Effect.gen(function* () {
      const server = yield* RawServer.make(hello)
      const service = yield* outgoing({
        localhost: ["127.0.0.1"],
        "inside.example": ["127.0.0.1"],
        "mixed.example": ["127.0.0.2", "127.0.0.1"],
        "mapped.example": ["::ffff:127.0.0.1"]
      })
      const hosts = ["127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "0.0.0.0", "[::1]", "[::ffff:7f00:1]"]
      const names = ["localhost", "LOCALHOST", "inside.example", "mixed.example", "mapped.example"]
      for (const host of [...hosts, ...names]) {
        assert.strictEqual(yield* reasonOf(service, { url: `http://${host}:${server.port}/` }), "Refused", host)
      }
      assert.strictEqual(server.connections().ever, 0)
    })
  )

  it.scopedLive("are asked where they are allowed by name or network, or are the operator's own", () =>
    Effect.gen(function* () {
      const server = yield* RawServer.make(hello)
      const names = { "camera.lan": ["127.0.0.1"], "other.lan": ["127.0.0.1"] }
      const { send } = yield* outgoing(names, ["camera.lan"])
      assert.strictEqual((yield* send({ url: `http://camera.lan:${server.port}` })).status, 200)
      const other = yield* outgoing(names, ["camera.lan"])
      assert.strictEqual(yield* reasonOf(other, { url: `http://other.lan:${server.port}` }), "Refused")
      const near = yield* outgoing({}, ["127.0.0.0/8"])
      assert.strictEqual((yield* near.send({ url: server.url })).status, 200)
      const nowhere = yield* outgoing({}, [])
      assert.strictEqual((yield* nowhere.send({ url: server.url, trusted: true })).status, 200)
    })
  )

  it.scopedLive("a name that changes its mind between two connections gains nothing", () =>
    Effect.gen(function* () {
      const outside = yield* publicServer((_, response) => response.writeHead(200, { connection: "close" }).end("out"))
      const inside = yield* RawServer.make(hello, "127.0.0.1", outside.port)
      const answers = [["127.0.0.2"], ["127.0.0.1"], ["127.0.0.2"]]
      let asked = 0
      const service = yield* Outgoing.make({
        settings: new OutgoingSettings({ allow_private: ["127.0.0.2"] }),
        resolve: async () => (answers[asked++] ?? []).map((address) => ({ address, family: 4 }))
      })
      const url = `http://rebinding.example:${outside.port}/`
      assert.strictEqual(String((yield* service.send({ url })).body), "out")
      assert.strictEqual(yield* reasonOf(service, { url }), "Refused")
      assert.strictEqual(String((yield* service.send({ url })).body), "out")
      // One question per connection: what was checked is what was connected to.
      assert.strictEqual(asked, 3)
      assert.strictEqual(inside.connections().ever, 0)
    })
  )

  it.scopedLive("a name without an address, a closed port and what is no address are told apart", () =>
    Effect.gen(function* () {
      const service = yield* outgoing()
      assert.strictEqual(yield* reasonOf(service, { url: "http://nobody.example/" }), "Unresolved")
      assert.strictEqual(yield* reasonOf(service, { url: "http://127.0.0.2:1/" }), "Disconnected")
      for (const url of [
        "",
        "archive.example",
        "ftp://archive.example/",
        "file:///etc/passwd",
        "http://a:b@127.0.0.2/"
      ])
        assert.strictEqual(yield* reasonOf(service, { url }), "Invalid", url)
    })
  )
})

describe("redirects", () => {
  it.scopedLive("are followed five times and no more", () =>
    Effect.gen(function* () {
      const server = yield* publicServer(({ url = "" }, response) => {
        const left = Number(url.slice(1))
        if (left === 0) response.end("there")
        else response.writeHead(302, { location: `/${left - 1}` }).end()
      })
      const service = yield* outgoing()
      assert.strictEqual(String((yield* service.send({ url: `${server.url}/5` })).body), "there")
      assert.strictEqual(yield* reasonOf(service, { url: `${server.url}/6` }), "TooManyRedirects")
    })
  )

  it.scopedLive("a loop ends", () =>
    Effect.gen(function* () {
      const server = yield* publicServer((_, response) => response.writeHead(307, { location: "/again" }).end())
      const service = yield* outgoing()
      assert.strictEqual(yield* reasonOf(service, { url: server.url }), "TooManyRedirects")
      assert.strictEqual(server.requests.length, 6)
    })
  )

  it.scopedLive("to a private address are refused, also by name, and also from the operator's own address", () =>
    Effect.gen(function* () {
      const inside = yield* RawServer.make(hello)
      const server = yield* publicServer(({ url = "" }, response) => {
        const host = url === "/name" ? "inside.example" : "127.0.0.1"
        response.writeHead(302, { location: `http://${host}:${inside.port}/` }).end()
      })
      const service = yield* outgoing({ "inside.example": ["127.0.0.1"] })
      assert.strictEqual(yield* reasonOf(service, { url: server.url }), "Refused")
      assert.strictEqual(yield* reasonOf(service, { url: `${server.url}/name` }), "Refused")
      assert.strictEqual(yield* reasonOf(service, { url: server.url, trusted: true }), "Refused")
      assert.strictEqual(inside.connections().ever, 0)
    })
  )

  it.scopedLive("take secrets along within one origin, and not to another", () =>
    Effect.gen(function* () {
      const other = yield* publicServer(hello)
      const server = yield* publicServer(({ url }, response) => {
        const location = url === "/here" ? "/there" : url === "/away" ? `${other.url}/` : undefined
        if (location === undefined) response.end()
        else response.writeHead(302, { location }).end()
      })
      const { send } = yield* outgoing()
      const headers = { authorization: "Basic x", cookie: "a=b", "x-key": Redacted.make("k"), accept: "text/csv" }
      yield* send({ url: `${server.url}/here`, headers })
      yield* send({ url: `${server.url}/away`, headers })
      const secrets = { authorization: "Basic x", cookie: "a=b", "x-key": "k" }
      assert.deepInclude(server.requests[1]?.headers, { ...secrets, accept: "text/csv" })
      assert.doesNotHaveAnyKeys(other.requests[0]?.headers, Object.keys(secrets))
      assert.deepInclude(other.requests[0]?.headers, { accept: "text/csv" })
    })
  )

  it("from https to http, to credentials and to other schemes are refused; 303 and POST become GET", () => {
    const hop = {
      url: new URL("https://a.example/x"),
      method: "POST",
      headers: { "content-type": "text/plain", accept: "a" },
      secret: new Set<string>(),
      body: Buffer.from("b"),
      maxBytes: 1
    } as const
    const to = (location: string, status = 302) =>
      redirected(hop, { status, headers: { location }, body: Buffer.alloc(0) })
    assert.isString(to("http://a.example/x"))
    assert.isString(to("https://u:p@a.example/x"))
    assert.isString(to("file:///etc/passwd"))
    assert.isString(to("https://"))
    assert.isUndefined(redirected(hop, { status: 302, headers: {}, body: Buffer.alloc(0) }))
    assert.isUndefined(to("/y", 304))
    assert.deepInclude(to("/y?z"), { method: "GET", headers: { accept: "a" }, body: undefined })
    assert.deepInclude(to("//b.example/", 307), { method: "POST", body: hop.body })
    assert.deepInclude(to("y", 303), { method: "GET", url: new URL("https://a.example/y") })
  })
})

describe("broken and endless answers", () => {
  it.scopedLive("less than was announced is a failure, never a short body", () =>
    Effect.gen(function* () {
      const server = yield* publicServer(({ url }, response) => {
        if (url === "/length") response.writeHead(200, { "content-length": 100 })
        if (url === "/gzip")
          response.writeHead(200, { "content-encoding": "gzip" }).end(zlib.gzipSync("x").subarray(0, 9))
        else response.write("only this", () => response.destroy())
      })
      const service = yield* outgoing()
      for (const path of ["/length", "/chunked", "/gzip"])
        assert.strictEqual(yield* reasonOf(service, { url: `${server.url}${path}` }), "Disconnected", path)
    })
  )

  it.scopedLive("longer than allowed is not read to its end, nor unpacked", () =>
    Effect.gen(function* () {
      let sent = 0
      const bomb = zlib.gzipSync(Buffer.alloc(8 * 1024 * 1024))
      const server = yield* publicServer(({ url }, response) => {
        if (url === "/bomb") return void response.writeHead(200, { "content-encoding": "gzip" }).end(bomb)
        const chunk = Buffer.alloc(64 * 1024)
        const more = () => {
          while (!response.destroyed && response.write(chunk)) sent += chunk.length
        }
        response.on("drain", more)
        more()
      })
      const service = yield* outgoing()
      const maxBytes = 1024 * 1024
      assert.strictEqual(yield* reasonOf(service, { url: server.url, maxBytes }), "TooLarge")
      assert.strictEqual(yield* reasonOf(service, { url: `${server.url}/bomb`, maxBytes }), "TooLarge")
      assert.isBelow(sent, 64 * 1024 * 1024)
      assert.strictEqual((yield* service.send({ url: `${server.url}/bomb` })).body.length, 8 * 1024 * 1024)
    })
  )

  it.scopedLive("an encoding nobody asked for is told, not taken for the text", () =>
    Effect.gen(function* () {
      const server = yield* publicServer((_, response) =>
        response.writeHead(200, { "content-encoding": "compress" }).end("x")
      )
      assert.strictEqual(yield* reasonOf(yield* outgoing(), { url: server.url }), "Invalid")
    })
  )

  it.scopedLive("an answer that does not come, or not to its end, is timed out, and its connection closed", () =>
    Effect.gen(function* () {
      const server = yield* publicServer(({ url }, response) => {
        if (url === "/begun") response.write("begun")
      })
      const service = yield* outgoing()
      for (const path of ["/silent", "/begun"]) {
        const request = { url: `${server.url}${path}`, timeout: "150 millis" } as const
        assert.strictEqual(yield* reasonOf(service, request), "TimedOut")
      }
      yield* server.idle
    })
  )

  it.scopedLive("an interruption closes the connection", () =>
    Effect.gen(function* () {
      const server = yield* publicServer(({ url }, response) => {
        if (url === "/begun") response.write("begun")
      })
      const { send } = yield* outgoing()
      for (const path of ["/silent", "/begun"]) {
        const asked = server.requests.length
        const fiber = yield* Effect.fork(send({ url: `${server.url}${path}` }))
        yield* Effect.yieldNow().pipe(Effect.repeat({ until: () => server.requests.length > asked }))
        assert.strictEqual(server.connections().open, 1)
        yield* Fiber.interrupt(fiber)
        yield* server.idle
      }
    })
  )

  it.scopedLive("an interruption of the very first request is not remembered", () =>
    Effect.gen(function* () {
      const server = yield* publicServer(hello)
      const { send } = yield* outgoing()
      const first = yield* Effect.fork(send({ url: server.url }))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(first)
      assert.strictEqual((yield* send({ url: server.url })).status, 200)
    })
  )

  it.scopedLive("no error shows a query, a header or credentials", () =>
    Effect.gen(function* () {
      const server = yield* publicServer(({ url = "" }, response) => {
        if (url.startsWith("/loop")) response.writeHead(302, { location: "/loop?key=SECRET" }).end()
        else response.socket?.destroy()
      })
      const service = yield* outgoing()
      const headers = { authorization: Redacted.make("SECRET"), "x-bad": Redacted.make("SECRET\r\nx: y") }
      const requests: ReadonlyArray<Outgoing.OutgoingRequest> = [
        { url: `${server.url}/gone?key=SECRET` },
        { url: `${server.url}/loop?key=SECRET` },
        { url: `http://user:SECRET@127.0.0.2:${server.port}/` },
        { url: "http://127.0.0.1/?key=SECRET" },
        { url: "http://nobody.example/?key=SECRET" },
        { url: "nonsense SECRET" },
        { url: `${server.url}/?key=SECRET`, headers }
      ]
      for (const request of requests) {
        const error = yield* Effect.flip(service.send(request))
        assert.notInclude(`${error.message} ${JSON.stringify(error)} ${String(error)}`, "SECRET")
        assert.isAbove(error.detail.length, 5)
      }
    })
  )
})
