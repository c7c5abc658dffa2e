/** Limits and back-pressure of the two hot routes, and of bodies elsewhere. */
import { Overloaded, StorageFailed } from "../../src/domain/Refusal.js"
import { HttpAddress } from "../../src/http/HttpAddress.js"
import { assert } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import * as net from "node:net"
import { TelemetryDouble } from "../support/TelemetryDouble.js"
import { call, layer as server, postJson, raw } from "../support/TestServer.js"
import { layer } from "../support/SharedLayer.js"

const live = { excludeTestServices: true } as const
const limits = { event_bytes: 10_000, batch_bytes: 100_000, body_bytes: 5_000 }
const event = (bytes: number) => `{"type":"big","data":"${"x".repeat(bytes - 24)}"}`
const ndjson = { "content-type": "application/x-ndjson" }

/** Sends a head, then pieces for ever, until the server has answered; answers what it said and how much was sent. */
const flood = (head: string, piece: string) =>
  Effect.flatMap(HttpAddress, ({ port }) =>
    Effect.async<{ readonly received: string; readonly sent: number }>((resume) => {
      let received = ""
      let sent = 0
      const socket = net.connect(port, "127.0.0.1", () => {
        socket.write(head)
        pump()
      })
      const pump = () => {
        while (received === "" && !socket.destroyed) {
          sent += piece.length
          if (!socket.write(piece)) return void socket.once("drain", pump)
        }
      }
      socket.on("data", (chunk) => {
        received += chunk.toString("latin1")
        if (received.includes("\r\n\r\n") && received.endsWith("}")) {
          socket.destroy()
          resume(Effect.succeed({ received, sent }))
        }
      })
      socket.on("error", () => resume(Effect.succeed({ received, sent })))
    })
  )

const chunk = (size: number) => `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`

layer(server({ limits }), live)("limits", (it) => {
  it.effect("a body of exactly the limit is taken, one byte more is 413", () =>
    Effect.gen(function* () {
      const { lines } = yield* TelemetryDouble
      assert.strictEqual((yield* postJson("/event", event(10_000))).status, 200)
      const before = lines.length
      const over = yield* postJson("/event", event(10_001))
      assert.deepStrictEqual([over.status, over.text], [413, '{"detail":"event exceeds the limit of 10000 bytes"}'])
      assert.strictEqual(lines.length, before)
    })
  )

  it.effect("a client that goes on sending gets its 413 long before the end", () =>
    Effect.gen(function* () {
      for (const path of ["/event", "/events", "/run/start"]) {
        const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`
        const chunked = yield* flood(`${head}Transfer-Encoding: chunked\r\n\r\n`, chunk(1_000))
        assert.match(chunked.received, /^HTTP\/1\.1 413 /, path)
        const declared = yield* flood(`${head}Content-Length: 50000000\r\n\r\n`, "x".repeat(1_000))
        assert.match(declared.received, /^HTTP\/1\.1 413 /, path)
        assert.isBelow(declared.sent, 50_000_000)
      }
    })
  )

  it.effect("NDJSON may be longer than any array", () =>
    Effect.gen(function* () {
      const lines = `${event(1_000)}\n`.repeat(400)
      const refused = yield* postJson("/events", `[${lines.trimEnd().replaceAll("\n", ",")}]`)
      assert.strictEqual(refused.status, 413)
      const taken = yield* raw(
        `POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: ${lines.length}\r\nConnection: close\r\n\r\n${lines}`
      )
      assert.match(taken, /^HTTP\/1\.1 200 /)
      assert.include(taken, '{"line":400,')
    })
  )

  it.effect("the connection stays of use after a 413", () =>
    Effect.gen(function* () {
      const body = event(20_000)
      const refused = `POST /event HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
      const received = yield* raw(`${refused}GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
      assert.match(received, /^HTTP\/1\.1 413 [\s\S]*HTTP\/1\.1 200 [\s\S]*\{"ok":true\}$/)
    })
  )

  it.effect("who asks before sending is told at once", () =>
    Effect.gen(function* () {
      const head = (length: number) =>
        `POST /event HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`
      const refused = yield* raw(head(1_000_000))
      assert.match(refused, /^HTTP\/1\.1 413 /)
      const asked = yield* raw(head(30), (text) => text.includes("100 Continue"))
      assert.match(asked, /^HTTP\/1\.1 100 Continue/)
    })
  )

  it.effect("other bodies have theirs", () =>
    Effect.gen(function* () {
      const answer = yield* postJson("/run/start", { meta: { x: "x".repeat(6_000) } })
      assert.deepStrictEqual([answer.status, answer.text], [413, '{"detail":"body exceeds the limit of 5000 bytes"}'])
    })
  )
})

layer(server(), live)("batches", (it) => {
  it.effect("arrays and lines, under every name for lines", () =>
    Effect.gen(function* () {
      const good = '{"type":"b","data":1}'
      const array = yield* postJson("/events", `[${good},{"type":1},${good}]`)
      assert.strictEqual(array.status, 200)
      assert.deepStrictEqual(
        [array.json.accepted.map((each: any) => each.line), array.json.refused[0].line],
        [[1, 3], 2]
      )
      assert.strictEqual(array.json.refused[0].error.detail[0].type, "string_type")
      for (const type of ["application/x-ndjson", "application/ndjson; charset=utf-8", "application/jsonl"]) {
        const answer = yield* call("/events", {
          method: "POST",
          headers: { "content-type": type },
          body: `${good}\n${good}`
        })
        assert.deepStrictEqual([answer.status, answer.json.accepted.length], [200, 2], type)
      }
      const none = yield* call("/events", { method: "POST", headers: ndjson, body: "1\n2\n" })
      assert.deepStrictEqual([none.status, none.json.error._tag], [422, "InvalidInput"])
      const other = yield* call("/events", { method: "POST", headers: { "content-type": "text/csv" }, body: "a,b" })
      assert.deepStrictEqual([other.status, other.json.error.problems[0].type], [422, "model_attributes_type"])
    })
  )
})

layer(server({ limits: { event_bytes: 1_000_000, batch_bytes: 10_000_000 } }), live)(
  "a store that is slow or fails",
  (it) => {
    it.effect("bodies that wait are bounded together: 503 and when to try again", () =>
      Effect.gen(function* () {
        const double = yield* TelemetryDouble
        const open = yield* Deferred.make<void>()
        double.gate = Deferred.await(open)
        const waiting = yield* Effect.fork(
          Effect.all(
            Array.from({ length: 10 }, () => postJson("/event", event(1_000_000))),
            { concurrency: "unbounded" }
          )
        )
        yield* Effect.sleep("1 seconds")
        const refused = yield* postJson("/event", event(1_000_000))
        assert.deepStrictEqual([refused.status, refused.headers.get("retry-after")], [503, "1"])
        assert.include(refused.headers.get("x-outpost-error"), "Overloaded")
        // Events do not crowd out arrays.
        const batch = `[${event(900_000)},${event(900_000)}]`
        const other = yield* Effect.fork(postJson("/events", batch))
        yield* Effect.sleep("200 millis")
        yield* Deferred.succeed(open, undefined)
        double.gate = Effect.void
        assert.strictEqual((yield* Fiber.join(other)).status, 200)
        const answers = yield* Fiber.join(waiting)
        assert.isTrue(answers.every(({ status }) => status === 200))
        assert.strictEqual((yield* postJson("/events", batch)).status, 200)
      })
    )

    it.effect("lines are taken however many wait, and clients that leave in the middle hold nothing back", () =>
      Effect.gen(function* () {
        const lines = `${event(100_000)}\n`.repeat(10)
        const head = `POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: ${lines.length}\r\n\r\n`
        const slow = yield* Effect.fork(
          Effect.all(
            Array.from({ length: 12 }, () => raw(head + lines.slice(0, 250_000))),
            { concurrency: "unbounded" }
          )
        )
        yield* Effect.sleep("500 millis")
        const post = call("/events", { method: "POST", headers: ndjson, body: lines })
        assert.strictEqual((yield* post).status, 200)
        yield* Fiber.interrupt(slow)
        assert.strictEqual((yield* post).status, 200)
        assert.strictEqual((yield* postJson("/events", `[${event(900_000)}]`)).status, 200)
      })
    )

    it.effect("its errors have their statuses, a defect none of its text", () =>
      Effect.gen(function* () {
        const double = yield* TelemetryDouble
        const body = '{"type":"t","data":1}'
        double.gate = Effect.fail(new StorageFailed({ operation: "append", path: "site.ndjson", reason: "ENOSPC" }))
        const full = yield* postJson("/event", body)
        assert.deepStrictEqual([full.status, full.text], [507, '{"detail":"append site.ndjson: ENOSPC"}'])
        assert.strictEqual(
          full.headers.get("x-outpost-error"),
          '{"operation":"append","path":"site.ndjson","reason":"ENOSPC","_tag":"StorageFailed"}'
        )
        double.gate = Effect.fail(new Overloaded({ what: "the journal", retryAfter: 2.5 }))
        const busy = yield* postJson("/event", body)
        assert.deepStrictEqual([busy.status, busy.headers.get("retry-after")], [503, "3"])
        double.gate = Effect.die(new Error("a secret of the inside"))
        const broken = yield* postJson("/event", body)
        assert.deepStrictEqual([broken.status, broken.text], [500, '{"detail":"Internal Server Error"}'])
        double.gate = Effect.void
        assert.strictEqual((yield* postJson("/event", body)).status, 200)
      })
    )
  }
)
