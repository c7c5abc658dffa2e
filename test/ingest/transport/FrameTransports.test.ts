import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import { connect as tcpConnect } from "node:net"
import { FrameTransport, type FrameMessage, type WorkerLinks } from "../../../src/ingest/FrameTransport.js"
import { ResultTransport } from "../../../src/ingest/ResultTransport.js"
import * as InProcessTransport from "../../../src/ingest/transport/InProcessTransport.js"
import * as ZmqTransport from "../../../src/ingest/transport/ZmqTransport.js"
import { bindingOf } from "../../../src/ingest/transport/internal/zmqAddress.js"
import { firstOf, incarnationOf } from "../../support/IngesterHouse.js"
import { layer } from "../../support/SharedLayer.js"

const messageOf = (text: string, size = 0): FrameMessage => [Buffer.from(text), Buffer.alloc(size, text)]
const headOf = ([head]: FrameMessage) => Buffer.from(head ?? []).toString()

/** Sends as long as the worker takes anything. */
const fill = (links: WorkerLinks, worker: string, message: FrameMessage) =>
  Effect.gen(function* () {
    let sent = 0
    for (let refused = 0; refused < 20;) {
      const { ended, taken } = yield* links.send(worker, [message])
      sent += taken
      if (ended === "sent") continue
      refused++
      assert.strictEqual(ended, "full")
      yield* Effect.sleep("2 millis")
    }
    return sent
  })

const takeAll = (take: Effect.Effect<ReadonlyArray<FrameMessage>>, count: number) =>
  Effect.gen(function* () {
    const all: Array<FrameMessage> = []
    while (all.length < count) all.push(...(yield* take))
    return all
  })

const suite = (
  name: string,
  transports: Layer.Layer<FrameTransport | ResultTransport>,
  addressOf: (port: number) => string
) =>
  layer(transports, { excludeTestServices: true })(name, (it) => {
    let ports = 0
    const connected = (...names: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        const transport = yield* FrameTransport
        const links = yield* transport.listen(addressOf(++ports))
        const workers = yield* Effect.forEach(names, (name, at) =>
          transport.connect(links.url, { name, incarnation: incarnationOf(at) })
        )
        yield* Effect.forEach(workers, (worker) => worker.ping)
        const pings = yield* Stream.runCollect(Stream.take(links.pings, names.length))
        return { links, workers, pings: [...pings] }
      })

    it.scoped("hears who is there", () =>
      Effect.gen(function* () {
        const { pings } = yield* connected("w1", "w2")
        assert.sameDeepMembers(pings, [
          { worker: "w1", incarnation: incarnationOf(0) },
          { worker: "w2", incarnation: incarnationOf(1) }
        ])
      })
    )

    it.scoped("brings messages in their order, parts as they are", () =>
      Effect.gen(function* () {
        const { links, workers } = yield* connected("w1", "w2")
        const parts = [Buffer.from("header"), new Uint8Array(0), Buffer.alloc(300, 7), new Uint8Array([1, 2])]
        assert.deepStrictEqual(yield* links.send("w2", [parts, messageOf("1"), messageOf("2")]), {
          taken: 3,
          ended: "sent"
        })
        const [first, ...rest] = yield* takeAll(workers[1]?.take ?? Effect.never, 3)
        assert.deepStrictEqual(
          first?.map((part) => [...part]),
          parts.map((part) => [...part])
        )
        assert.deepStrictEqual(rest.map(headOf), ["1", "2"])
      })
    )

    it.scoped("says that nobody is there, and that one has gone", () =>
      Effect.gen(function* () {
        const { links } = yield* connected("w1")
        assert.deepStrictEqual(yield* links.send("other", [messageOf("x")]), { taken: 0, ended: "gone" })
        const transport = yield* FrameTransport
        const scope = yield* Scope.make()
        const w2 = yield* Scope.extend(
          transport.connect(links.url, { name: "w2", incarnation: incarnationOf(2) }),
          scope
        )
        yield* w2.ping
        yield* firstOf(links.pings)
        assert.strictEqual((yield* links.send("w2", [messageOf("x")])).ended, "sent")
        yield* Scope.close(scope, Exit.void)
        let ended = "sent"
        while (ended === "sent") {
          yield* Effect.sleep("2 millis")
          ended = (yield* links.send("w2", [messageOf("x")])).ended
        }
        assert.strictEqual(ended, "gone")
      })
    )

    it.scoped("dranspose weak point 9: one that is full holds no other up, and loses nothing", () =>
      Effect.gen(function* () {
        const { links, workers } = yield* connected("slow", "fast")
        const [slow, fast] = workers
        if (slow === undefined || fast === undefined) return assert.fail("no workers")
        const held = yield* fill(links, "slow", messageOf("s", 65_536))
        const taking = yield* Effect.fork(takeAll(fast.take, 5_000))
        for (let sent = 0; sent < 5_000;) {
          const { ended, taken } = yield* links.send(
            "fast",
            Array.from({ length: Math.min(50, 5_000 - sent) }, (_, at) => messageOf(String(sent + at)))
          )
          sent += taken
          if (ended !== "sent") yield* links.room("fast")
        }
        const got = yield* Fiber.join(taking)
        assert.deepStrictEqual(
          got.map(headOf),
          Array.from({ length: 5_000 }, (_, at) => String(at))
        )
        assert.lengthOf(yield* takeAll(slow.take, held), held)
        yield* links.room("slow")
        assert.strictEqual((yield* links.send("slow", [messageOf("again")])).ended, "sent")
        assert.deepStrictEqual((yield* takeAll(slow.take, 1)).map(headOf), ["again"])
      })
    )

    it.scoped("holds a bounded number of messages for a worker that never reads", () =>
      Effect.gen(function* () {
        const { links } = yield* connected("slow")
        const sent = yield* fill(links, "slow", messageOf("s", 65_536))
        assert.isAtLeast(sent, 64)
        assert.isAtMost(sent, 1_000)
      })
    )

    it.scoped("throws away what has arrived, while somebody waits for what comes next", () =>
      Effect.gen(function* () {
        const { links, workers } = yield* connected("w1")
        const [w1] = workers
        if (w1 === undefined) return assert.fail("no worker")
        yield* links.send("w1", [messageOf("old"), messageOf("old"), messageOf("old")])
        let drained = 0
        while (drained < 3) drained += yield* Effect.zipLeft(w1.drain, Effect.sleep("5 millis"))
        assert.strictEqual(drained, 3)
        const waiting = yield* Effect.fork(w1.take)
        yield* Effect.sleep("5 millis")
        assert.strictEqual(yield* w1.drain, 0)
        yield* links.send("w1", [messageOf("new")])
        assert.deepStrictEqual((yield* Fiber.join(waiting)).map(headOf), ["new"])
      })
    )

    it.scoped("keeps for the next reader what one that was interrupted waited for", () =>
      Effect.gen(function* () {
        const { links, workers } = yield* connected("w1")
        const [w1] = workers
        if (w1 === undefined) return assert.fail("no worker")
        const waiting = yield* Effect.fork(w1.take)
        yield* Effect.sleep("5 millis")
        yield* Fiber.interrupt(waiting)
        yield* links.send("w1", [messageOf("1"), messageOf("2")])
        assert.deepStrictEqual((yield* takeAll(w1.take, 2)).map(headOf), ["1", "2"])
      })
    )

    it.scoped("refuses an address that is taken, and frees its own at once", () =>
      Effect.gen(function* () {
        const transport = yield* FrameTransport
        const scope = yield* Scope.make()
        const { url } = yield* Scope.extend(transport.listen(addressOf(++ports)), scope)
        const refused = yield* Effect.flip(transport.listen(url))
        assert.strictEqual(refused._tag, "TransportFailed")
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual((yield* transport.listen(url)).url, url)
      })
    )

    it.scoped("brings results from several workers, each in its order", () =>
      Effect.gen(function* () {
        const transport = yield* ResultTransport
        const inbox = yield* transport.listen(addressOf(++ports))
        const bytes = (text: string) => Buffer.from(text)
        for (const worker of ["a", "b"]) {
          const link = yield* transport.connect(inbox.url)
          yield* Effect.fork(
            Effect.forEach(Array.from({ length: 1_500 }), (_, at) =>
              link.send([{ header: bytes(worker), payload: bytes(String(at)) }])
            )
          )
        }
        const got: Array<string> = []
        while (got.length < 3_000) {
          for (const { header, payload } of yield* inbox.take) got.push(`${headOf([header])}${headOf([payload])}`)
        }
        for (const worker of ["a", "b"]) {
          assert.deepStrictEqual(
            got.filter((text) => text.startsWith(worker)),
            Array.from({ length: 1_500 }, (_, at) => `${worker}${at}`)
          )
        }
      })
    )
  })

suite("in process", InProcessTransport.layer, (port) => `inproc://${port}`)
suite("over ZeroMQ", ZmqTransport.layer, () => "tcp://localhost:0")

describe("a name", () => {
  it.scopedLive("is taken over by a worker that is back at once, again and again", () =>
    Effect.gen(function* () {
      const transport = yield* FrameTransport
      const links = yield* transport.listen("tcp://localhost:0")
      for (let time = 0; time < 30; time++) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const incarnation = incarnationOf(time)
            const link = yield* transport.connect(links.url, { name: "w1", incarnation })
            yield* link.ping
            assert.deepStrictEqual(yield* firstOf(links.pings), { worker: "w1", incarnation })
            const taking = yield* Effect.fork(link.take)
            const sent = yield* links.send("w1", [messageOf(String(time))])
            assert.strictEqual(sent.ended, "sent")
            assert.deepStrictEqual((yield* Fiber.join(taking)).map(headOf), [String(time)])
          })
        )
      }
    }).pipe(Effect.provide(ZmqTransport.layer))
  )
})

describe("addresses", () => {
  it("are bound to loopback where they name it, to all interfaces otherwise", () => {
    assert.strictEqual(bindingOf("tcp://localhost:10000"), "tcp://127.0.0.1:10000")
    assert.strictEqual(bindingOf("tcp://127.1.2.3:10000"), "tcp://127.1.2.3:10000")
    assert.strictEqual(bindingOf("tcp://[::1]:10000"), "tcp://[::1]:10000")
    assert.strictEqual(bindingOf("tcp://detector.example:10000"), "tcp://*:10000")
    assert.strictEqual(bindingOf("tcp://0.0.0.0:0"), "tcp://*:*")
    for (const url of ["", "localhost:1", "tcp://localhost", "http://localhost:1", "tcp://a b:1"]) {
      assert.isUndefined(bindingOf(url))
    }
  })

  it.scopedLive("a listener on loopback is not reachable from elsewhere, a wrong address is refused", () =>
    Effect.gen(function* () {
      const transport = yield* FrameTransport
      const { url } = yield* transport.listen("tcp://localhost:0")
      const port = Number(url.split(":").at(-1))
      assert.isTrue(yield* reaches("127.0.0.1", port))
      assert.isFalse(yield* reaches("127.0.0.2", port))
      assert.match((yield* Effect.flip(transport.listen("tcp://nowhere"))).message, /tcp:\/\/<host>:<port>/)
    }).pipe(Effect.provide(ZmqTransport.layer))
  )
})

const reaches = (host: string, port: number) =>
  Effect.async<boolean>((resume) => {
    const socket = tcpConnect({ host, port })
    const end = (reached: boolean) => {
      socket.destroy()
      resume(Effect.succeed(reached))
    }
    socket.on("connect", () => end(true)).on("error", () => end(false))
  })
