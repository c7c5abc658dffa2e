/** The office's end of a broker: hears everything, and says what it is told to. */
import { Effect, type Scope } from "effect"
import { connectAsync } from "mqtt"

export interface Heard {
  readonly topic: string
  readonly payload: string
  readonly json: unknown
  readonly qos: number
  readonly retain: boolean
}

export interface MqttOffice {
  readonly heard: ReadonlyArray<Heard>
  /** QoS 1; done when the broker has it. */
  readonly say: (topic: string, payload: unknown, options?: { readonly retain?: boolean }) => Effect.Effect<void>
  /** Payloads, parsed, of a topic. */
  readonly on: (topic: string) => ReadonlyArray<unknown>
}

export const make = (port: number): Effect.Effect<MqttOffice, never, Scope.Scope> =>
  Effect.gen(function* () {
    const heard: Array<Heard> = []
    const client = yield* Effect.acquireRelease(
      Effect.promise(() => connectAsync({ host: "127.0.0.1", port, reconnectPeriod: 50, clientId: "office" })),
      (client) => Effect.promise(() => client.endAsync(true))
    )
    client.on("error", () => undefined)
    client.on("message", (topic, bytes, { qos, retain }) => {
      const payload = bytes.toString()
      let json: unknown
      try {
        json = JSON.parse(payload)
      } catch {
        json = undefined
      }
      heard.push({ topic, payload, json, qos, retain })
    })
    yield* Effect.promise(() => client.subscribeAsync("#", { qos: 1 }))
    return {
      heard,
      say: (topic, payload, options = {}) =>
        Effect.promise(() =>
          client.publishAsync(topic, typeof payload === "string" ? payload : JSON.stringify(payload), {
            qos: 1,
            retain: options.retain ?? false
          })
        ),
      on: (topic) => heard.filter((one) => one.topic === topic).map(({ json }) => json)
    }
  })
