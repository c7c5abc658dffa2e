/** Live tails: what followers get, what slow ones cost, and how all of it ends. */
import { TelemetryOperations } from "../../src/operations/TelemetryOperations.js"
import { RunOperations } from "../../src/operations/RunOperations.js"
import { HttpAddress } from "../../src/http/HttpAddress.js"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import * as net from "node:net"
import { EventFilter } from "../../src/domain/EventQuery.js"
import * as Remote from "../support/Remote.js"
import { TelemetryDouble } from "../support/TelemetryDouble.js"
import * as ConfigDouble from "../support/ConfigDouble.js"
import * as RealSite from "../support/RealSite.js"
import * as SiteDouble from "../support/SiteDouble.js"
import { call, collector, layer as server, layerOn, postJson } from "../support/TestServer.js"
import { layer } from "../support/SharedLayer.js"

const live = { excludeTestServices: true } as const

interface Follower {
  readonly status: () => string
  readonly text: () => string
  readonly ids: () => ReadonlyArray<string>
  readonly data: () => ReadonlyArray<number>
  readonly socket: net.Socket
  readonly closed: () => boolean
}

/** A follower on a socket of its own; it reads as fast as it can until it is paused. */
const follow = (path: string, headers = "") =>
  Effect.flatMap(HttpAddress, ({ port }) =>
    Effect.acquireRelease(
      Effect.async<Follower>((resume) => {
        const parts: Array<string> = []
        let closed = false
        const socket = net.connect(port, "127.0.0.1", () =>
          socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`)
        )
        const text = () => parts.join("")
        const all = (pattern: RegExp) => Array.from(text().matchAll(pattern), (found) => found[1] ?? "")
        const follower: Follower = {
          text,
          status: () => text().slice(9, 12),
          ids: () => all(/^id: (.*)$/gm),
          data: () => all(/^data: \{"seq":(\d+),/gm).map(Number),
          socket,
          closed: () => closed
        }
        socket.on("data", (chunk) => {
          parts.push(chunk.toString("latin1"))
          resume(Effect.succeed(follower))
        })
        socket.on("close", () => (closed = true))
        socket.on("error", () => undefined)
      }),
      ({ socket }) => Effect.sync(() => socket.destroy())
    )
  )

const until = (condition: () => boolean) =>
  Effect.gen(function* () {
    while (!condition()) yield* Effect.sleep("10 millis")
  }).pipe(Effect.timeout("2 minutes"), Effect.orDie)

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

layer(server({ liveClients: 5 }), live)("followers", (it) => {
  it.scoped("get what comes after the answer's head, in order, with ids to go on from", () =>
    Effect.gen(function* () {
      const { lines } = yield* TelemetryDouble
      const first = lines.length + 1
      const follower = yield* follow("/events/tail")
      assert.strictEqual(follower.status(), "200")
      for (let n = 0; n < 30; n++) yield* postJson("/event", { type: "t", data: n })
      yield* until(() => follower.data().length >= 30)
      assert.deepStrictEqual(follower.data(), range(first, first + 29))
      const id = follower.ids().at(-10) ?? ""
      const again = yield* follow("/events/tail", `Last-Event-ID: ${id}\r\n`)
      yield* until(() => again.data().length >= 9)
      assert.deepStrictEqual(again.data(), range(first + 21, first + 29))
      const whole = yield* follow("/events/tail?cursor=")
      yield* until(() => whole.data().length >= first + 29)
      assert.deepStrictEqual(whole.data(), range(1, first + 29))
    })
  )

  it.scoped("of another log are told so, and get what comes; a question with such a cursor is refused", () =>
    Effect.gen(function* () {
      const { lines } = yield* TelemetryDouble
      yield* postJson("/event", { type: "t", data: 0 })
      const last = lines.length
      const follower = yield* follow("/events/tail", "Last-Event-ID: site.99999999999\r\n")
      assert.deepStrictEqual([follower.status(), follower.ids()], ["200", [`site.${last}-run.0-system.0`]])
      const told =
        'event: cursor-ahead\ndata: {"detail":"The cursor site.99999999999 is ahead of the log: going on from now"}'
      assert.include(follower.text(), told)
      yield* postJson("/event", { type: "t", data: 1 })
      yield* until(() => follower.data().length >= 1)
      assert.deepStrictEqual(follower.data(), [last + 1])
      const refused = yield* call(`/events?cursor=site.${last + 2}`)
      assert.deepStrictEqual(
        [refused.status, refused.json.detail[0]?.loc ?? refused.json.error.problems[0].loc],
        [422, ["query", "cursor"]]
      )
      assert.strictEqual((yield* call(`/events?cursor=site.${last + 1}`)).status, 200)
    })
  )

  it.scoped("that ask from a number or a time on begin with what is stored", () =>
    Effect.gen(function* () {
      const { lines } = yield* TelemetryDouble
      for (let n = 0; n < 5; n++) yield* postJson("/event", { type: "past", data: n })
      const last = lines.length
      const behind = yield* follow(`/events/tail?type=past&after_seq=${last - 2}`)
      const since = yield* follow("/events/tail?type=past&since=2026-01-01")
      yield* until(() => behind.data().length >= 2 && since.data().length >= 5)
      yield* postJson("/event", { type: "past", data: 5 })
      yield* until(() => behind.data().length >= 3 && since.data().length >= 6)
      assert.deepStrictEqual(behind.data(), range(last - 1, last + 1))
      assert.deepStrictEqual(since.data(), range(last - 4, last + 1))
    })
  )

  it.scoped("with the same filter share one reading of the store, which ends with the last", () =>
    Effect.gen(function* () {
      const double = yield* TelemetryDouble
      double.tails = 0
      const a = yield* follow("/events/tail?type=shared")
      const b = yield* follow("/events/tail?type=shared")
      const c = yield* follow("/events/tail?type=other")
      assert.strictEqual(double.tails, 2)
      yield* postJson("/event", { type: "shared", data: 1 })
      yield* until(() => a.data().length === 1 && b.data().length === 1)
      assert.deepStrictEqual(c.data(), [])
      a.socket.destroy()
      b.socket.destroy()
      yield* Effect.sleep("100 millis")
      yield* follow("/events/tail?type=shared")
      assert.strictEqual(double.tails, 3)
    })
  )

  it.scoped("are refused beyond the limit, and where the filter is wrong", () =>
    Effect.gen(function* () {
      for (let n = 0; n < 5; n++) assert.strictEqual((yield* follow("/events/tail")).status(), "200")
      const over = yield* call("/events/tail")
      assert.deepStrictEqual([over.status, over.headers.get("retry-after")], [503, "5"])
      assert.strictEqual((yield* call("/tree/tail")).status, 503)
    })
  )

  it.scoped("are told of what they ask wrongly before anything begins", () =>
    Effect.gen(function* () {
      const run = yield* call("/events/tail?run=nope")
      assert.deepStrictEqual([run.status, run.json.error._tag], [404, "RunNotFound"])
      const wrong = yield* call("/events/tail?stream=x&cursor=y")
      assert.deepStrictEqual([wrong.status, wrong.json.error.problems.length], [422, 2])
    })
  )

  it.scoped("who reads slowly loses nothing and holds nobody up", () =>
    Effect.gen(function* () {
      const double = yield* TelemetryDouble
      const first = double.lines.length + 1
      const slow = yield* follow("/events/tail")
      const quick = yield* follow("/events/tail")
      slow.socket.pause()
      const text = JSON.stringify("x".repeat(10_000))
      const total = 3_000
      for (let n = 0; n < total; n++) {
        yield* double.append("flood", text)
        if (n % 50 === 0) yield* Effect.sleep("2 millis")
      }
      yield* until(() => quick.data().length >= total)
      assert.isBelow(slow.data().length, total)
      assert.isBelow(process.memoryUsage().external, 400 * 2 ** 20)
      slow.socket.resume()
      yield* double.append("flood", "1")
      yield* until(() => slow.data().length > total)
      yield* double.append("flood", "2")
      yield* until(() => slow.data().length > total + 1)
      assert.deepStrictEqual(slow.data(), range(first, first + total + 1))
      assert.deepStrictEqual(quick.data().slice(0, total), range(first, first + total - 1))
    })
  )

  it.scoped("of the tree and the logs get what is now, then what comes", () =>
    Effect.gen(function* () {
      const tree = yield* follow("/tree/tail")
      const logs = yield* follow("/logs/tail")
      yield* until(() => tree.text().includes('"path":"procedures/clock"') && logs.text().includes('"message":"hello"'))
      assert.deepStrictEqual([tree.status(), logs.status()], ["200", "200"])
    })
  )
})

layer(layerOn(Layer.mergeAll(RealSite.layer, SiteDouble.layer, ConfigDouble.layer, collector)), live)(
  "on a real store",
  (it) => {
    it.scoped("followers that join, pause and go on while events pour in see each once, of both streams", () =>
      Effect.gen(function* () {
        const telemetry = yield* TelemetryOperations
        const runs = yield* RunOperations
        const encoder = new TextEncoder()
        const pour = Effect.gen(function* () {
          for (let n = 0; n < 60; n++) {
            const lines = Array.from({ length: 50 }, (_, k) => `{"type":"t${k % 3}","data":"${"x".repeat(2_000)}"}\n`)
            yield* telemetry.postLines(Stream.make(encoder.encode(lines.join(""))))
            if (n % 12 === 5) yield* runs.start({})
            if (n % 12 === 11) yield* runs.stop
            yield* Effect.sleep("5 millis")
          }
        })
        const pouring = yield* Effect.fork(pour)
        const followers: Array<Follower> = []
        for (let n = 0; n < 8; n++) {
          followers.push(yield* follow(n % 2 === 0 ? "/events/tail?cursor=" : "/events/tail?cursor=&type=t1&type=t2"))
          followers[n]?.socket.pause()
          yield* Effect.sleep("30 millis")
          followers[n]?.socket.resume()
          followers[n - 2]?.socket.pause()
          followers[n - 3]?.socket.resume()
        }
        yield* Fiber.join(pouring)
        for (const { socket } of followers) socket.resume()
        const { seq } = yield* telemetry.stats
        assert.deepStrictEqual([seq.site + seq.run, seq.run > 0], [3_000, true])
        const places = (follower: Follower) =>
          Array.from(
            follower.text().matchAll(/^data: \{"seq":(\d+),"ts":"[^"]*","stream":"(site|run)","type":"(t\d)"/gm)
          )
        yield* until(() => followers.every((each, n) => places(each).length >= (n % 2 === 0 ? 3_000 : 1_980)))
        const all = new Set([
          ...range(1, seq.site).map((n) => `site ${n}`),
          ...range(1, seq.run).map((n) => `run ${n}`)
        ])
        for (const [n, follower] of followers.entries()) {
          const seen = places(follower).map(([, seq, stream]) => `${stream} ${seq}`)
          const once = new Set(seen)
          assert.strictEqual(once.size, seen.length, `follower ${n} saw an event twice`)
          if (n % 2 === 0) assert.deepStrictEqual(once, all)
          else assert.strictEqual(once.size, 1_980)
        }
      })
    )
  }
)

describe("an end", () => {
  it.live("of the server ends every live view", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(server(), scope)
      yield* Effect.gen(function* () {
        const events = yield* follow("/events/tail")
        const tree = yield* follow("/tree/tail")
        const idle = yield* follow("/health")
        yield* Scope.close(scope, Exit.void)
        yield* until(() => events.closed() && tree.closed() && idle.closed())
      }).pipe(Effect.provide(context), Effect.scoped)
    })
  )

  it.live("of the server answers what is under way and cuts what hangs after a second", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(server(), scope)
      yield* Effect.gen(function* () {
        const double = yield* TelemetryDouble
        const arrived = yield* Effect.makeLatch(false)
        double.gate = Effect.zipRight(arrived.open, Effect.sleep("300 millis"))
        const post = yield* Effect.fork(postJson("/event", { type: "late", data: 1 }))
        yield* arrived.await
        const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
        assert.strictEqual((yield* Fiber.join(post)).status, 200)
        yield* Fiber.join(closing)
      }).pipe(Effect.provide(context))

      const second = yield* Scope.make()
      const hanging = yield* Layer.buildWithScope(server(), second)
      yield* Effect.gen(function* () {
        const double = yield* TelemetryDouble
        const arrived = yield* Effect.makeLatch(false)
        double.gate = Effect.zipRight(arrived.open, Effect.never)
        yield* Effect.fork(Effect.exit(postJson("/event", { type: "never", data: 1 })))
        yield* arrived.await
        yield* Scope.close(second, Exit.void)
      }).pipe(Effect.provide(hanging))
    })
  )

  it.live("of the connection is none for the client: it goes on where it was", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(server(), scope)
      const { port } = yield* Effect.provide(HttpAddress, context)
      const seen = yield* Effect.gen(function* () {
        const telemetry = yield* TelemetryOperations
        const follower = yield* telemetry.tail(new EventFilter({})).pipe(Stream.take(2), Stream.runCollect, Effect.fork)
        yield* Effect.sleep("300 millis")
        yield* telemetry.post('{"type":"t","data":1}')
        yield* Effect.sleep("100 millis")
        yield* Scope.close(scope, Exit.void)
        const next = yield* Scope.make()
        const later = yield* Layer.buildWithScope(server({ port }), next)
        yield* Effect.flatMap(TelemetryDouble, (double) =>
          Effect.zipRight(double.append("old", "0"), double.append("t", "2"))
        ).pipe(Effect.provide(later))
        const items = yield* Fiber.join(follower)
        yield* Scope.close(next, Exit.void)
        return Chunk.toReadonlyArray(items).map(({ line }) => line)
      }).pipe(Effect.provide(Layer.provide(Remote.layer(), Layer.succeedContext(context))))
      assert.deepStrictEqual(
        seen.map((line) => /"data":(\d)/.exec(line)?.[1]),
        ["1", "2"]
      )
    }).pipe(Effect.scoped)
  )
})
