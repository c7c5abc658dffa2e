import { NodeContext } from "@effect/platform-node"
import { it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createConnection, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { WebSocketServer } from "ws"
import { FileTailSource } from "../../../src/plugins/source/FileTailSource.js"
import { HttpPostSource } from "../../../src/plugins/source/HttpPostSource.js"
import { PositioncapSource } from "../../../src/plugins/source/PositioncapSource.js"
import { SardanaSource } from "../../../src/plugins/source/SardanaSource.js"
import { sources } from "../../../src/plugins/source/Sources.js"
import { StinsSource } from "../../../src/plugins/source/StinsSource.js"
import { SyntheticSource } from "../../../src/plugins/source/SyntheticSource.js"
import { TcpLinesSource } from "../../../src/plugins/source/TcpLinesSource.js"
import { WebsocketSource } from "../../../src/plugins/source/WebsocketSource.js"
import { ZeromqSource } from "../../../src/plugins/source/ZeromqSource.js"
import { Secrets } from "../../../src/site/Secrets.js"
import * as SourceRegistry from "../../../src/source/SourceRegistry.js"
import type { Message } from "../../../src/source/FrameSeries.js"
import { type Peer, suite } from "../../conformance/SourceSuite.js"
import { sentBySource } from "../../support/DetectorCaptures.js"
import { freePort } from "../../support/FreePort.js"
import * as SecretsDouble from "../../support/SecretsDouble.js"
import { detector } from "../../support/ZeromqPeer.js"

const none = <A, E>(effect: Effect.Effect<A, E>) => effect
const secrets = Effect.provideService(Secrets, SecretsDouble.make())
const lines = ["one", "", "three 3.0", "x".repeat(100_000)]
const texts = lines.map((line) => [Buffer.from(line)])
const block = Buffer.alloc(64 * 1024, "x")
const small = 1024 * 1024

const zeromqPeer = (frames: Peer["frames"], filler: Message) =>
  Effect.map(detector("push", 10), ({ flood, send, url }) => ({
    settings: { url, buffer: small, high_water: 10 },
    frames,
    send: send(frames),
    flood: Effect.zipRight(
      send(frames.slice(0, 1)),
      Effect.map(flood(filler, 2000), (sent) => sent * block.length)
    )
  }))

suite("stins", {
  source: StinsSource,
  refused: [
    [{}, "url"],
    [{ url: "http://a:1" }, "url"],
    [{ url: "tcp://a:1", buffer: "much" }, "buffer"]
  ],
  peer: zeromqPeer(sentBySource("A"), [Buffer.from(`{"htype":"image","frame":0}`), block]),
  provide: none
})

suite("zeromq", {
  source: ZeromqSource,
  refused: [
    [{}, "url"],
    [{ url: "tcp://a:1", socket: "req" }, "socket"],
    [{ url: "tcp://a:1", high_water: 0 }, "high_water"]
  ],
  peer: zeromqPeer([[Buffer.from("a"), Buffer.alloc(0), Buffer.alloc(200_000, 7)], [Buffer.from("b")]], [block]),
  provide: none
})

/** A server that says something to whoever connects. */
const tcpServer = (said: string, isReady: (heard: string) => boolean) =>
  Effect.gen(function* () {
    const sockets: Array<Socket> = []
    const ready: Array<Socket> = []
    const server = createServer((socket) => {
      sockets.push(socket)
      socket.on("error", () => {})
      if (isReady("")) ready.push(socket)
      else socket.once("data", (heard) => isReady(heard.toString()) && ready.push(socket))
    })
    const port = yield* freePort
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => {
        server.listen(port, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.sync(() => {
          server.close()
          for (const socket of sockets) socket.destroy()
        })
    )
    const current: Effect.Effect<Socket> = Effect.suspend(() => {
      const socket = ready.at(-1)
      return socket === undefined ? Effect.zipRight(Effect.sleep("5 millis"), current) : Effect.succeed(socket)
    })
    return {
      port,
      send: Effect.map(current, (socket) => void socket.write(said)),
      leave: Effect.map(current, (socket) => void socket.end()),
      flood: Effect.flatMap(current, (socket) => pushed(socket, Buffer.from(`${"y".repeat(1023)}\n`.repeat(64))))
    }
  })

/** Writes until the other end takes no more for a while. */
const pushed = (socket: Socket, bytes: Buffer): Effect.Effect<number> =>
  Effect.async((resume) => {
    let idle = setTimeout(() => resume(Effect.succeed(socket.bytesWritten - socket.writableLength)), 300)
    const more = () => {
      idle.refresh()
      while (socket.writable && socket.write(bytes)) if (socket.bytesWritten > 64 * 2 ** 20) break
    }
    socket.on("drain", more)
    more()
    return Effect.sync(() => clearTimeout(idle))
  })

const heldLines = `${lines.join("\n")}\n`

suite("tcp-lines", {
  source: TcpLinesSource,
  refused: [
    [{ host: "127.0.0.1" }, "port"],
    [{ host: "", port: 1 }, "host"],
    [{ host: "a", port: 1, max_line: "-1" }, "max_line"]
  ],
  peer: Effect.map(
    tcpServer(heldLines, () => true),
    ({ port, ...peer }) => ({
      ...peer,
      frames: texts,
      settings: { host: "127.0.0.1", port, buffer: small }
    })
  ),
  ending: "Disconnected",
  provide: none
})

suite("tcp-lines, listening", {
  source: TcpLinesSource,
  refused: [[{ host: "127.0.0.1", port: 70_000 }, "port"]],
  peer: Effect.map(freePort, (port) => {
    const sender = Effect.acquireRelease(
      Effect.async<Socket>((resume) => {
        const socket = createConnection({ port, host: "127.0.0.1" }, () => resume(Effect.succeed(socket)))
        socket.on("error", () => {})
      }),
      (socket) => Effect.sync(() => socket.destroy())
    )
    return {
      settings: { host: "127.0.0.1", port, mode: "listen", buffer: small },
      frames: texts,
      send: Effect.scoped(
        Effect.flatMap(sender, (socket) =>
          Effect.async<void>((resume) => {
            socket.end(heldLines, () => resume(Effect.void))
          })
        )
      ),
      flood: Effect.scoped(
        Effect.flatMap(sender, (socket) => pushed(socket, Buffer.from(`${"y".repeat(1023)}\n`.repeat(64))))
      )
    }
  }),
  provide: none
})

const panda = ["arm_time: 2024\nfields:\n a\n\n", " 1 2 3\n", " 4 5 6\n", "END 2 Disarmed\n"]

suite("positioncap", {
  source: PositioncapSource,
  refused: [[{ port: 1 }, "host"]],
  peer: Effect.map(
    tcpServer(`OK\nmissed: 1\n${panda.join("")}`, (heard) => heard === "\n"),
    ({ leave, port, send }) => ({
      leave,
      send,
      frames: panda.map((text) => [Buffer.from(text)]),
      settings: { host: "127.0.0.1", port }
    })
  ),
  ending: "Disconnected",
  provide: none
})

const post = (port: number, path: string, body: string | Buffer) =>
  Effect.promise(() => fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", body: body as any }))

suite("http-post", {
  source: HttpPostSource,
  refused: [
    [{}, "port"],
    [{ port: 1, path: "data" }, "path"],
    [{ port: 1, anyone: "yes" }, "anyone"]
  ],
  peer: Effect.map(freePort, (port) => ({
    settings: { port, buffer: small },
    frames: texts,
    send: Effect.forEach(lines, (line) => post(port, "/", line), { discard: true }),
    flood: Effect.gen(function* () {
      let sent = 0
      while ((yield* post(port, "/", block)).status === 202) sent += block.length
      return sent
    })
  })),
  provide: secrets
})

suite("sardana", {
  source: SardanaSource,
  refused: [[{ port: "http" }, "port"]],
  peer: Effect.map(freePort, (port) => ({
    settings: { port },
    frames: [
      [Buffer.from(`{"type":"DataDescription","serialno":1,"scandir":"/d","title":"ascan"}`)],
      [Buffer.from(`{"type":"RecordData","timestamp":1.0,"mot":1e3}`)],
      [Buffer.from(`{"type":"RecordEnd"}`)]
    ],
    send: Effect.gen(function* () {
      yield* post(port, "/v1/data_desc", `{"serialno": 1, "scandir": "/d", "title": "ascan"}`)
      yield* post(port, "/v1/record_data", `{"timestamp": 1.0, "mot": 1e3}`)
      yield* post(port, "/v1/record_end", "{}")
    })
  })),
  provide: secrets
})

suite("websocket", {
  source: WebsocketSource,
  refused: [
    [{ url: "http://a" }, "url"],
    [{ url: "ws://a", heartbeat: "often" }, "heartbeat"]
  ],
  peer: Effect.gen(function* () {
    const port = yield* freePort
    const server = yield* Effect.acquireRelease(
      Effect.sync(() => new WebSocketServer({ port, host: "127.0.0.1" })),
      (made) =>
        Effect.sync(() => {
          for (const client of made.clients) client.terminate()
          made.close()
        })
    )
    const each = (act: (client: import("ws").WebSocket) => void) =>
      Effect.sync(() => {
        for (const client of server.clients) act(client)
      })
    return {
      settings: { url: `ws://127.0.0.1:${port}/`, buffer: small },
      frames: texts,
      send: each((client) => lines.forEach((line, index) => client.send(index % 2 === 0 ? line : Buffer.from(line)))),
      leave: each((client) => client.close(1000)),
      flood: Effect.gen(function* () {
        yield* each((client) => {
          for (let sent = 0; sent < 1000; sent++) client.send(block)
        })
        yield* Effect.sleep("400 millis")
        const unsent = [...server.clients].reduce((sum, client) => sum + client.bufferedAmount, 0)
        return 1000 * block.length - unsent
      })
    }
  }),
  ending: "Disconnected",
  provide: none
})

suite("file-tail", {
  source: FileTailSource,
  refused: [
    [{ path: "relative" }, "path"],
    [{ path: "/a", after: "here" }, "after"]
  ],
  peer: Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "outpost-tail-"))),
      (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
    )
    const path = join(directory, "data.txt")
    writeFileSync(path, "")
    return {
      settings: { path, poll: "10ms" },
      frames: texts,
      send: Effect.sync(() => appendFileSync(path, heldLines))
    }
  }),
  provide: Effect.provide(NodeContext.layer)
})

suite("synthetic", {
  source: SyntheticSource,
  refused: [
    [{ rate: -1 }, "rate"],
    [{ shape: "eiger" }, "shape"]
  ],
  peer: Effect.succeed({
    settings: { size: 0, count: 2 },
    frames: [
      [Buffer.from(`{"htype":"header","filename":"","msg_number":0}`)],
      [
        Buffer.from(`{"htype":"image","frame":0,"shape":[0],"type":"uint8","compression":"none","msg_number":1}`),
        Buffer.alloc(0)
      ],
      [
        Buffer.from(`{"htype":"image","frame":1,"shape":[0],"type":"uint8","compression":"none","msg_number":2}`),
        Buffer.alloc(0)
      ],
      [Buffer.from(`{"htype":"series_end","msg_number":3}`)]
    ],
    send: Effect.void
  }),
  ending: "Exhausted",
  provide: none
})

it.effect("all of them have names of their own", () =>
  SourceRegistry.make(sources).pipe(
    Effect.provide(Layer.merge(NodeContext.layer, Layer.succeed(Secrets, SecretsDouble.make())))
  )
)
