/**
 * Messages that wait, drained to a Mosquitto on this machine with QoS 1, beside the bare client library with the same window
 * and the same payloads. Ours reads them from the durable outbox and notes each confirmation there; theirs stand in memory.
 *
 *     npm run bench -- uplink
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { connectAsync } from "mqtt"
import { Effect, Logger } from "effect"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import type { MessageInput } from "../src/domain/Message.js"
import { OutboxSettings } from "../src/outbox/Settings.js"
import * as SqlOutbox from "../src/outbox/SqlOutbox.js"
import { packetOf } from "../src/plugins/uplink/TentaUplink.js"
import * as Mosquitto from "../test/support/Mosquitto.js"
import * as UplinkGround from "../test/support/UplinkGround.js"
import { conditions, median, ratio, round, table } from "./support/Report.js"
import { temporary } from "./support/Server.js"

const count = Number(process.env["BENCH_MESSAGES"] ?? 100_000)
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 3)
const windows = (process.env["BENCH_WINDOWS"] ?? "50,500").split(",").map(Number)

const message = (n: number): MessageInput => ({
  body: { variant: "data", data: { temperature: 19.7, humidity: 81.25, n } },
  at: 1_700_000_000_000 + n
})

/** The library alone: as many publishes under way as the window allows, each answered by the broker. */
const bare = async (port: number, window: number): Promise<number> => {
  const client = await connectAsync({
    host: "127.0.0.1",
    port,
    clientId: "bare",
    reconnectPeriod: 0,
    queueQoSZero: false
  })
  const packets = Array.from({ length: count }, (_, n) => {
    const { at = 0, body } = message(n)
    return packetOf({ body, micros: at * 1000, revision: 1 }, "bare")
  })
  const begin = performance.now()
  await new Promise<void>((resolve, reject) => {
    let [next, left] = [0, count]
    const send = (): void => {
      const packet = packets[next++]
      if (packet === undefined) return
      client.publish(packet.topic, packet.payload, { qos: 1 }, (error) => {
        if (error) return reject(error)
        if (--left === 0) resolve()
        else send()
      })
    }
    for (let n = 0; n < window; n++) send()
  })
  const rate = (count * 1000) / (performance.now() - begin)
  await client.endAsync(true)
  return rate
}

const directory = temporary("uplink")
const rows: Array<Record<string, string | number>> = []
let places = 0
const ours = (port: number, window: number): Promise<number> =>
  Effect.gen(function* () {
    const place = join(directory, String(places++))
    mkdirSync(place, { recursive: true })
    const outbox = yield* SqlOutbox.make({
      path: join(place, "outbox.sqlite"),
      archive: join(place, "messages"),
      settings: new OutboxSettings({}),
      revision: Effect.succeed(1),
      notify: () => undefined
    })
    yield* outbox.register("office")
    for (let n = 0; n < count; n += 1000) {
      yield* outbox.putAll(Array.from({ length: Math.min(1000, count - n) }, (_, k) => message(n + k)))
    }
    const ground = yield* UplinkGround.make({ outbox })
    const begin = performance.now()
    yield* ground.use({
      office: {
        use: "tenta",
        max_parallel_messages: window,
        max_drain_time: "1s",
        settings: { host: "127.0.0.1", port, identifier: "ours" }
      }
    })
    yield* ground.delivered("office")
    return (count * 1000) / (performance.now() - begin)
  }).pipe(
    Effect.scoped,
    Effect.provide(NodeContext.layer),
    Effect.provide(Logger.remove(Logger.defaultLogger)),
    Effect.runPromise
  )

await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const broker = yield* Mosquitto.make()
      for (const window of windows) {
        const [library, drained]: [Array<number>, Array<number>] = [[], []]
        for (let n = 0; n < rounds; n++) {
          library.push(yield* Effect.promise(() => bare(broker.port, window)))
          drained.push(yield* Effect.promise(() => ours(broker.port, window)))
        }
        rows.push({
          window,
          "bare library/s": round(median(library)),
          "drained/s": round(median(drained)),
          ratio: ratio(median(drained) / median(library))
        })
      }
    })
  )
)
table(rows)
console.log(conditions(directory))
