/**
 * A road between a station and its broker that sees every packet: what was published, in which order, and what the broker
 * acknowledged. It can go half open (everything is swallowed, no connection ends), be slow, and cut what is open.
 */
import { Effect, type Scope } from "effect"
import { parser } from "mqtt-packet"
import { connect, createServer, type Socket } from "node:net"

export interface Published {
  readonly topic: string
  readonly payload: string
}

export interface MqttProxy {
  readonly port: number
  /** Every publish that reached the broker, in order, those sent again among them. */
  readonly published: ReadonlyArray<Published>
  /** Payloads that the broker acknowledged. */
  readonly acknowledged: ReadonlySet<string>
  /** Topics of all subscriptions, each time they were asked for. */
  readonly subscribed: ReadonlyArray<string>
  /** Most publishes of one connection that the broker had not acknowledged. */
  readonly mostUnderWay: () => number
  /** How many connections were accepted by the broker. */
  readonly connections: () => number
  /** Swallows everything from now on, or passes it again. */
  readonly silence: (on: boolean) => Effect.Effect<void>
  /** Milliseconds by which everything is late, each way. */
  readonly delay: (millis: number) => Effect.Effect<void>
  /** Swallows acknowledgements only. */
  readonly withholdAcks: (on: boolean) => Effect.Effect<void>
  readonly cut: Effect.Effect<void>
}

export const make = (target: number): Effect.Effect<MqttProxy, never, Scope.Scope> =>
  Effect.gen(function* () {
    const published: Array<Published> = []
    const acknowledged = new Set<string>()
    const subscribed: Array<string> = []
    const sockets = new Set<Socket>()
    let connections = 0
    let mostUnderWay = 0
    let silent = false
    let late = 0
    let withheld = false

    const pass = (chunk: Buffer, to: Socket) => {
      if (silent) return
      if (late === 0) to.write(chunk)
      else setTimeout(() => to.writable && to.write(chunk), late)
    }
    const server = createServer((station) => {
      const broker = connect(target, "127.0.0.1")
      const inFlight = new Map<number, string>()
      const up = parser({ protocolVersion: 4 })
      up.on("packet", (packet) => {
        if (packet.cmd === "subscribe") subscribed.push(...packet.subscriptions.map(({ topic }) => topic))
        if (packet.cmd !== "publish") return
        const payload = packet.payload.toString()
        published.push({ topic: packet.topic, payload })
        inFlight.set(packet.messageId ?? 0, payload)
        mostUnderWay = Math.max(mostUnderWay, inFlight.size)
      })
      const down = parser({ protocolVersion: 4 })
      let hold = false
      down.on("packet", (packet) => {
        if (packet.cmd === "connack" && packet.returnCode === 0) connections++
        if (packet.cmd !== "puback") return
        if (withheld) hold = true
        else {
          acknowledged.add(inFlight.get(packet.messageId ?? 0) ?? "")
          inFlight.delete(packet.messageId ?? 0)
        }
      })
      for (const socket of [station, broker]) {
        sockets.add(socket)
        socket.setNoDelay(true)
        socket.on("error", () => undefined)
        socket.on("close", () => {
          sockets.delete(socket)
          if (silent) return
          station.destroy()
          broker.destroy()
        })
      }
      station.on("data", (chunk: Buffer) => {
        if (!silent) up.parse(chunk)
        pass(chunk, broker)
      })
      broker.on("data", (chunk: Buffer) => {
        hold = false
        if (!silent) down.parse(chunk)
        if (!hold) pass(chunk, station)
      })
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
    return {
      port,
      published,
      acknowledged,
      subscribed,
      mostUnderWay: () => mostUnderWay,
      connections: () => connections,
      silence: (on) => Effect.sync(() => void (silent = on)),
      delay: (millis) => Effect.sync(() => void (late = millis)),
      withholdAcks: (on) => Effect.sync(() => void (withheld = on)),
      cut: Effect.sync(() => {
        for (const socket of sockets) socket.destroy()
      })
    }
  })
