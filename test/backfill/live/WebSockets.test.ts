/** The client on real sockets: what is bounded, what is noticed, what ends in time. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as WebSockets from "../../../src/backfill/live/WebSockets.js"
import * as AddressPolicy from "../../../src/outgoing/AddressPolicy.js"
import * as FeedServer from "../../support/FeedServer.js"
import * as Collecting from "./Collecting.js"

const silent: FeedServer.Venue = { hear: () => [], trade: () => [], change: () => [] }
const connect = (url: string, options: WebSockets.WebSocketOptions = {}, trusted = true) =>
  WebSockets.make(options).open({ source: "toy", url, trusted })

describe("WebSockets", () => {
  it.scopedLive("tells what is said, in order, with nothing left out, and then the end", () =>
    Effect.gen(function* () {
      const server = yield* FeedServer.open(silent)
      const connection = yield* connect(server.url)
      yield* connection.send("hello")
      yield* Collecting.until("it was heard", () => server.heard.includes("hello"))
      for (let n = 0; n < 5000; n++) server.shout(String(n))
      for (const { socket } of server.clients) socket.close(1012, "restart")
      const texts: Array<string> = []
      const error = yield* connection.heard.pipe(
        Stream.runForEach((heard) => Effect.sync(() => texts.push(...heard.texts))),
        Effect.flip
      )
      assert.deepStrictEqual(
        texts,
        Array.from({ length: 5000 }, (_, n) => String(n))
      )
      assert.strictEqual(error.reason, "Disconnected")
      assert.include(error.detail, "1012 restart")
      assert.strictEqual((yield* Effect.flip(connection.send("late"))).reason, "Disconnected")
    })
  )

  it.scopedLive("a slow reader makes the venue wait: what is held in memory is bounded", () =>
    Effect.gen(function* () {
      const server = yield* FeedServer.open(silent)
      const connection = yield* connect(server.url, { maxWaiting: 100_000 })
      const text = "x".repeat(10_000)
      for (let n = 0; n < 3000; n++) server.shout(text)
      yield* Collecting.until("it is behind", () => connection.isBehind)
      const buffered = () => [...server.clients].reduce((sum, { socket }) => sum + socket.bufferedAmount, 0)
      yield* Effect.sleep("100 millis")
      assert.isAbove(buffered(), 1_000_000)
      let held = 0
      let count = 0
      yield* connection.heard.pipe(
        Stream.runForEachWhile((heard) =>
          Effect.sync(() => {
            held = Math.max(
              held,
              heard.texts.reduce((sum, one) => sum + one.length, 0)
            )
            count += heard.texts.length
            return count < 3000
          })
        )
      )
      assert.strictEqual(count, 3000)
      assert.isBelow(held, 100_000 + 128 * 1024)
      assert.isFalse(yield* connection.isBehind)
    })
  )

  it.scopedLive("pings count as signs of life, and a stalled line gives none", () =>
    Effect.gen(function* () {
      const server = yield* FeedServer.open(silent)
      const connection = yield* connect(server.url)
      const before = yield* connection.lastHeard
      yield* Effect.sleep("20 millis")
      yield* connection.ping
      yield* Collecting.until("the pong came", () => Effect.map(connection.lastHeard, (at) => at > before))
      server.stall()
      const last = yield* connection.lastHeard
      yield* connection.ping
      yield* Effect.sleep("100 millis")
      assert.strictEqual(yield* connection.lastHeard, last)
    })
  )

  it.scopedLive("a message beyond the limit ends the connection", () =>
    Effect.gen(function* () {
      const server = yield* FeedServer.open(silent)
      const connection = yield* connect(server.url, { maxMessageBytes: 1000 })
      server.shout("x".repeat(1001))
      const error = yield* Effect.flip(Stream.runDrain(connection.heard))
      assert.match(error.detail, /max payload/i)
    })
  )

  it.scopedLive("closes, also where the other end says nothing", () =>
    Effect.gen(function* () {
      const server = yield* FeedServer.open(silent)
      yield* Effect.scoped(connect(server.url))
      yield* Effect.scoped(
        Effect.andThen(connect(server.url, { closeWithin: "200 millis" }), () => Effect.sync(() => server.stall()))
      )
    })
  )

  it.scopedLive("is interrupted while it connects, or while it waits for a message", () =>
    Effect.gen(function* () {
      const deaf = yield* Effect.acquireRelease(
        Effect.async<ReturnType<typeof createServer>>((resume) => {
          const server: ReturnType<typeof createServer> = createServer(() => undefined)
          server.on("upgrade", () => undefined)
          server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.sync(() => server.close().closeAllConnections())
      )
      const url = `ws://127.0.0.1:${(deaf.address() as AddressInfo).port}`
      assert.include((yield* Effect.flip(Effect.scoped(connect(url, { connectWithin: "100 millis" })))).detail, "100ms")
      const fiber = yield* Effect.fork(Effect.scoped(connect(url)))
      yield* Effect.sleep("50 millis")
      yield* Fiber.interrupt(fiber)
      const server = yield* FeedServer.open(silent)
      const waiting = yield* Effect.fork(
        Effect.scoped(Effect.flatMap(connect(server.url), ({ heard }) => Stream.runDrain(heard)))
      )
      yield* Collecting.until("connected", () => server.connections === 1)
      yield* Fiber.interrupt(waiting)
      yield* Collecting.until("gone", () => server.clients.size === 0)
    })
  )

  it.scopedLive("tells a refusal of the venue by its status, and how long to wait", () =>
    Effect.gen(function* () {
      const refusing = yield* Effect.acquireRelease(
        Effect.async<ReturnType<typeof createServer>>((resume) => {
          const server: ReturnType<typeof createServer> = createServer()
          server.on("upgrade", ({ url }, socket) =>
            socket.end(url === "/busy" ? "HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\n\r\n" : "HTTP/1.1 404 No\r\n\r\n")
          )
          server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.sync(() => server.close().closeAllConnections())
      )
      const base = `ws://127.0.0.1:${(refusing.address() as AddressInfo).port}`
      const busy = yield* Effect.flip(connect(`${base}/busy`))
      assert.deepInclude({ ...busy }, { reason: "RetryAfter", retryAfter: 7000, status: 429 })
      assert.deepInclude({ ...(yield* Effect.flip(connect(`${base}/none`))) }, { reason: "Disconnected", status: 404 })
      assert.strictEqual((yield* Effect.flip(connect("ws://127.0.0.1:1"))).reason, "Disconnected")
      assert.strictEqual((yield* Effect.flip(connect("nonsense"))).reason, "Misconfigured")
    })
  )

  it.scopedLive("goes to no private address that the operator did not write down", () =>
    Effect.gen(function* () {
      const server = yield* FeedServer.open(silent)
      const policy = AddressPolicy.make([])
      const refused = (url: string) => Effect.flip(connect(url, { policy }, false))
      assert.match((yield* refused(server.url)).detail, /private/)
      const named = yield* refused(server.url.replace("127.0.0.1", "localhost"))
      assert.match(named.detail, /private/)
      assert.strictEqual(named.reason, "Misconfigured")
      assert.strictEqual(server.connections, 0)
      yield* connect(server.url, { policy }, true)
    })
  )
})
