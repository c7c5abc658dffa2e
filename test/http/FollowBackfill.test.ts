/** Who follows backfills over HTTP: what a lost server means to them, and what they cost the server. */
import { BackfillOperations } from "../../src/operations/BackfillOperations.js"
import { CollectorOperations } from "../../src/operations/CollectorOperations.js"
import { HttpAddress } from "../../src/http/HttpAddress.js"
import type { BackfillEvent } from "../../src/domain/Backfill.js"
import { assert, it } from "@effect/vitest"
import { Chunk, Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import * as net from "node:net"
import { RecordingBackfills } from "../support/RecordingBackfills.js"
import { RecordingCollector } from "../support/RecordingCollector.js"
import * as Remote from "../support/Remote.js"
import { call, layer as server } from "../support/TestServer.js"

const btc = { exchange: "binance", pairs: ["BTC/USDT"] }

/** The client of the server at hand. */
const remote = Effect.map(HttpAddress, (address) => Layer.provide(Remote.layer(), Layer.succeed(HttpAddress, address)))

it.live("a follower goes on with a server that comes back, to the end of the backfill", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(server(), scope)
    const { port } = yield* Effect.provide(HttpAddress, context)
    const seen: Array<BackfillEvent> = []
    yield* Effect.gen(function* () {
      const backfills = yield* BackfillOperations
      const { id } = yield* backfills.start(btc)
      const follower = yield* backfills.follow(id).pipe(
        Stream.runForEach((event) => Effect.sync(() => seen.push(event))),
        Effect.fork
      )
      while (seen.length === 0) yield* Effect.sleep("5 millis")
      yield* Scope.close(scope, Exit.void)
      const next = yield* Scope.make()
      const later = yield* Layer.buildWithScope(server({ port }), next)
      yield* Effect.gen(function* () {
        const local = yield* BackfillOperations
        yield* local.start(btc)
        const double = yield* RecordingBackfills
        while (seen.length < 2) yield* Effect.sleep("5 millis")
        yield* double.publish({ event: "log", id, line: "one more line" })
        yield* double.settle(id, "done")
        yield* Fiber.join(follower)
      }).pipe(Effect.provide(later))
      yield* Scope.close(next, Exit.void)
    }).pipe(Effect.provide(Layer.provide(Remote.layer(), Layer.succeedContext(context))))
    assert.deepStrictEqual(
      seen.map(({ event, line, record }) => line ?? `${event} ${record?.status}`),
      ["status running", "status running", "one more line", "status done"]
    )
  }).pipe(Effect.timeout("2 minutes"))
)

it.scopedLive("a follower that does not read misses the oldest, and holds nobody up", () =>
  Effect.gen(function* () {
    const double = yield* RecordingBackfills
    const { port } = yield* HttpAddress
    const socket = net.connect(port, "127.0.0.1")
    yield* Effect.addFinalizer(() => Effect.sync(() => socket.destroy()))
    socket.write("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    socket.pause()
    yield* Effect.sleep("200 millis")
    // 200 MB that nobody takes.
    const line = "x".repeat(100_000)
    for (let n = 0; n < 2_000; n++) {
      yield* double.publish({ event: "log", id: "b", line: `${n} ${line}` })
      yield* Effect.yieldNow()
    }
    let text = ""
    socket.on("data", (chunk) => (text += chunk.toString("latin1")))
    socket.resume()
    while (!text.includes('"line":"1999 ')) yield* Effect.sleep("10 millis")
    const numbers = [...text.matchAll(/"line":"(\d+) /g)].map(([, n]) => Number(n))
    assert.deepStrictEqual(
      numbers,
      [...numbers].sort((a, b) => a - b)
    )
    assert.isBelow(numbers.length, 2_000)
    assert.strictEqual((yield* call("/api/backfill")).status, 200)
  }).pipe(Effect.provide(server()), Effect.timeout("2 minutes"))
)

it.scopedLive("a copy that is waited for ends with who waits; one that is not goes on", () =>
  Effect.gen(function* () {
    const double = yield* RecordingCollector
    double.remotes = [{ provider: "rclone", remote: "backup:site" }]
    const gate = yield* Effect.makeLatch(false)
    const ended: Array<Exit.Exit<void>> = []
    double.copying = Effect.onExit(gate.await, (exit) => Effect.sync(() => ended.push(exit)))
    const waiting = yield* Effect.flatMap(CollectorOperations, ({ sync }) => sync).pipe(
      Effect.provide(yield* remote),
      Effect.fork
    )
    yield* call("/api/storage/sync", { method: "POST" })
    yield* Effect.sleep("200 millis")
    yield* Fiber.interrupt(waiting)
    while (ended.length < 1) yield* Effect.sleep("5 millis")
    yield* gate.open
    while (double.syncs < 1) yield* Effect.sleep("5 millis")
    assert.deepStrictEqual([ended.map(Exit.isSuccess), double.syncs], [[false, true], 1])
  }).pipe(Effect.provide(server()), Effect.timeout("2 minutes"))
)

it.scopedLive("events of all reach a client in order", () =>
  Effect.gen(function* () {
    const double = yield* RecordingBackfills
    const seen = yield* Effect.flatMap(BackfillOperations, ({ events }) =>
      events.pipe(Stream.take(2), Stream.runCollect, Effect.fork)
    ).pipe(Effect.provide(yield* remote))
    for (let n = 0; (yield* Fiber.poll(seen))._tag === "None"; n++) {
      yield* double.publish({ event: "log", id: "b", line: String(n) })
      yield* Effect.sleep("20 millis")
    }
    const lines = Chunk.toReadonlyArray(yield* Fiber.join(seen)).map(({ line }) => Number(line))
    assert.strictEqual(lines[1], (lines[0] ?? 0) + 1)
  }).pipe(Effect.provide(server()), Effect.timeout("2 minutes"))
)
