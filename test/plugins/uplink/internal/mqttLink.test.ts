import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule, type Scope } from "effect"
import { generate, parser, type Packet } from "mqtt-packet"
import { createServer, type Socket } from "node:net"
import * as UplinkGround from "../../../support/UplinkGround.js"

/** A broker that lets nobody hear anything, and does not end a connection that is taken leave of. */
const strict: Effect.Effect<{ readonly port: number; readonly published: ReadonlyArray<string> }, never, Scope.Scope> =
  Effect.gen(function* () {
    const published: Array<string> = []
    const sockets = new Set<Socket>()
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket)
      const say = (packet: Packet) => void socket.write(generate(packet))
      const station = parser({ protocolVersion: 4 })
      station.on("packet", (packet) => {
        if (packet.cmd === "connect") say({ cmd: "connack", returnCode: 0, sessionPresent: false })
        if (packet.cmd === "subscribe") {
          say({ cmd: "suback", messageId: packet.messageId ?? 0, granted: packet.subscriptions.map(() => 128) })
        }
        if (packet.cmd === "publish") {
          published.push(packet.topic)
          say({ cmd: "puback", messageId: packet.messageId ?? 0 })
        }
      })
      socket.on("data", (chunk: Buffer) => station.parse(chunk))
      socket.on("error", () => undefined)
    })
    const port = yield* Effect.acquireRelease(
      Effect.async<number>((resume) => {
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
        })
      }),
      () =>
        Effect.async<void>((resume) => {
          for (const socket of sockets) socket.destroy()
          server.close(() => resume(Effect.void))
        })
    )
    return { port, published }
  })

const tenta = (port: number, identifier = "e9") => ({
  office: { use: "tenta", max_drain_time: "1s", settings: { host: "127.0.0.1", port, identifier } }
})

describe("a broker that denies the subscription", () => {
  it.scopedLive("gets the messages all the same", () =>
    Effect.gen(function* () {
      const broker = yield* strict
      const ground = yield* UplinkGround.make()
      yield* ground.use(tenta(broker.port))
      yield* ground.put(UplinkGround.data({ n: 1 }))
      yield* ground.delivered("office")
      assert.deepStrictEqual(broker.published, ["measurements/e9"])
    })
  )

  it.scopedLive("and does not answer a farewell is left within a second or so", () =>
    Effect.gen(function* () {
      const broker = yield* strict
      const ground = yield* UplinkGround.make()
      yield* ground.use(tenta(broker.port))
      yield* ground.connected("office")
      yield* ground.use(tenta(broker.port, "e10"))
      yield* Effect.repeat(ground.status("office"), {
        schedule: Schedule.spaced("10 millis"),
        until: ({ connections, state }) => state === "connected" && connections === 1
      }).pipe(Effect.timeout("3 seconds"))
      yield* ground.put(UplinkGround.data({ n: 1 }))
      yield* ground.delivered("office")
      assert.deepStrictEqual(broker.published, ["measurements/e10"])
    })
  )
})
