/**
 * One connection to an MQTT broker, for as long as a scope lasts. It does not mend itself and keeps nothing: once it is lost
 * every publish is answered with what was acknowledged until then, and who needs another connection opens it. All publishes
 * are QoS 1.
 *
 * A broker that holds the connection and says nothing is noticed by a fiber that looks four times within `ack_timeout` whether
 * any acknowledgement has come; a single one that never comes, in four times that. It counts its looks and not the time, so
 * that a pause of this process is not blamed on the broker.
 *
 * @internal
 */
import type { IClientOptions, MqttClient } from "mqtt"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Take from "effect/Take"
import { isIP, Socket } from "node:net"
import { UplinkError } from "../../../uplink/UplinkError.js"
import type { Broker } from "./mqttSettings.js"

export interface Packet {
  readonly topic: string
  readonly payload: string
}

export interface Received {
  readonly topic: string
  readonly payload: Buffer
}

export interface MqttLink {
  /** Writes all of them, in order, and tells of each that is acknowledged. Done once all are, or the connection is lost. */
  readonly publish: (packets: ReadonlyArray<Packet>, acknowledged?: (index: number) => void) => Effect.Effect<void>
  /** What the broker sends; of what nobody takes, the newest sixteen. Fails when the connection is lost. */
  readonly messages: Stream.Stream<Received, UplinkError>
}

export interface Options {
  readonly uplink: string
  readonly broker: Broker
  readonly clientId: string
  readonly keepalive: Duration.Duration
  /** Whether the broker forgets the client when it is away. */
  readonly clean: boolean
  /** Subscribed to on every connection, before anything else. */
  readonly topics: ReadonlyArray<string>
}

/** Done once the broker has accepted the connection and answered the subscriptions. */
export const open: (options: Options) => Effect.Effect<MqttLink, UplinkError, Scope.Scope> = Effect.fnUntraced(
  function* (options) {
    const { broker, topics, uplink } = options
    const disconnected = (detail: string) => new UplinkError({ uplink, reason: "Disconnected", detail })
    const { connect } = yield* Effect.promise(() => import("mqtt"))
    const pending = new Set<Batch>()
    const incoming = yield* Effect.acquireRelease(Queue.sliding<Take.Take<Received, UplinkError>>(16), Queue.shutdown)
    const client = yield* Effect.acquireRelease(
      Effect.try({
        try: () => connect(clientOptions(options)),
        catch: (cause) => new UplinkError({ uplink, reason: "Misconfigured", detail: textOf(cause) })
      }),
      leave
    )
    let isLost = false
    const lose = (detail: string) => {
      if (isLost) return
      isLost = true
      incoming.unsafeOffer(Take.fail(disconnected(detail)))
      for (const batch of pending) batch.finish()
    }
    let trouble = "the connection was closed"
    client.on("error", (cause) => (trouble = textOf(cause)))
    client.on("close", () => lose(trouble))
    client.on("message", (topic, payload) => incoming.unsafeOffer(Take.of({ topic, payload })))

    yield* Effect.async<void, UplinkError>((resume) => {
      client.once("connect", () => resume(Effect.void))
      client.once("close", () => resume(Effect.fail(disconnected(trouble))))
    })
    // Small packets are not held back for larger ones.
    const socket: unknown = client.stream
    if (socket instanceof Socket) socket.setNoDelay(true)

    yield* subscribe(client, topics, disconnected)

    let answered = 0
    let seen = 0
    let silent = 0
    yield* Effect.sync(() => {
      silent = pending.size > 0 && answered === seen ? silent + 1 : 0
      seen = answered
      const stuck = [...pending].some((batch) => batch.isStuck())
      if (silent >= looks || stuck) {
        lose(`no acknowledgement within ${Duration.format(Duration.times(broker.ack_timeout, stuck ? looks : 1))}`)
      }
    }).pipe(Effect.repeat(Schedule.spaced(Duration.times(broker.ack_timeout, 1 / looks))), Effect.forkScoped)

    const publish: MqttLink["publish"] = (packets, acknowledged) =>
      Effect.async<void>((resume) => {
        const batch = new Batch(packets.length, () => {
          pending.delete(batch)
          resume(Effect.void)
        })
        if (isLost) return batch.finish()
        pending.add(batch)
        packets.forEach(({ payload, topic }, index) =>
          client.publish(topic, payload, { qos: 1 }, (error) => {
            // A refusal of one message is an answer, too, but no acknowledgement.
            answered++
            if (!batch.isOpen) return
            if (error === undefined || error === null) acknowledged?.(index)
            batch.answer()
          })
        )
        return Effect.sync(() => batch.finish())
      })
    return { publish, messages: Stream.flattenTake(Stream.fromQueue(incoming)) }
  }
)

// -----------------------------------------------------------------------------

const looks = 4

/** Packets that were written together, until each is answered. */
class Batch {
  isOpen = true
  private answers = 0
  private seen = 0
  private silent = 0

  constructor(
    private readonly size: number,
    private readonly done: () => void
  ) {}

  answer(): void {
    if (++this.answers === this.size) this.finish()
  }

  finish(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.done()
  }

  /** Asked at each look: whether it has been without any answer for too many of them. */
  isStuck(): boolean {
    this.silent = this.answers === this.seen ? this.silent + 1 : 0
    this.seen = this.answers
    return this.silent >= looks * looks
  }
}

/** A topic that is not granted makes the station deaf, not dumb: it is told, and messages go out. */
const subscribe = (client: MqttClient, topics: ReadonlyArray<string>, disconnected: (detail: string) => UplinkError) =>
  topics.length === 0
    ? Effect.void
    : Effect.async<ReadonlyArray<string>, UplinkError>((resume) => {
        client.once("close", () => resume(Effect.fail(disconnected("lost while subscribing"))))
        client.subscribe([...topics], { qos: 1 }, (error) => {
          // Of a subscription that is denied in part the library tells in its error alone.
          const denied = topics.filter((_, index) => codesOf(error)[index] === 128)
          if (error === null || denied.length > 0) resume(Effect.succeed(denied))
          else resume(Effect.fail(disconnected(`not subscribed: ${textOf(error)}`)))
        })
      }).pipe(
        Effect.flatMap((denied) =>
          denied.length === 0
            ? Effect.void
            : Effect.logWarning(`the broker does not let us hear ${denied.join(", ")}: no config can come in`)
        )
      )

/** What the broker said to each topic, where it said no to one. */
const codesOf = (error: Error | null): ReadonlyArray<unknown> => {
  const packet = error !== null && "packet" in error ? error.packet : undefined
  return Predicate.hasProperty(packet, "granted") && Array.isArray(packet.granted) ? packet.granted : []
}

const clientOptions = ({ broker, clean, clientId, keepalive }: Options): IClientOptions => {
  const pem = (text: Option.Option<Redacted.Redacted>) => Option.getOrUndefined(Option.map(text, Redacted.value))
  const tls = Option.getOrUndefined(broker.tls)
  const username = Option.getOrUndefined(broker.username)
  const password = pem(broker.password)
  const servername = Option.getOrElse(tls?.server_name ?? Option.none(), () =>
    isIP(broker.host) === 0 ? broker.host : undefined
  )
  const [ca, cert, key] = [tls?.ca, tls?.certificate, tls?.private_key].map((text) => pem(text ?? Option.none()))
  return {
    protocol: tls === undefined ? "mqtt" : "mqtts",
    host: broker.host,
    port: Option.getOrElse(broker.port, () => (tls === undefined ? 1883 : 8883)),
    clientId,
    clean,
    keepalive: Math.max(1, Math.round(Duration.toSeconds(keepalive))),
    protocolVersion: 4,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined
      ? {}
      : {
          rejectUnauthorized: true,
          minVersion: "TLSv1.2",
          // An address is no name that may be asked for; the certificate is compared with the host then.
          ...(servername === undefined ? {} : { servername }),
          ...(ca === undefined ? {} : { ca }),
          ...(cert === undefined ? {} : { cert }),
          ...(key === undefined ? {} : { key })
        }),
    // The queue is ours: nothing is kept for later, sent again or subscribed to by the library itself.
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    // The engine bounds the time to connect.
    connectTimeout: 2 ** 31 - 1
  }
}

/** A farewell where nothing is under way, so that the broker does not wait for us; in any case the end of the connection. */
const leave = (client: MqttClient) =>
  Effect.async<void>((resume) => {
    client.end(!client.connected || Object.keys(client.outgoing).length > 0, () => resume(Effect.void))
  }).pipe(
    Effect.interruptible,
    Effect.timeoutOption("1 second"),
    Effect.zipRight(Effect.sync(() => client.stream?.destroy()))
  )

const textOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  // What OpenSSL says of itself is lines of numbers and places in its source.
  if ("library" in cause && "reason" in cause) return `TLS: ${String(cause.reason)}`
  return cause.message || cause.name
}
