/**
 * Messages to a ThingsBoard server over MQTT, as ivy sends them: all of them telemetry, each with its own time. A config comes
 * as the shared attribute `configuration`: when it changes, and on request after each connection, so that one that changed
 * while the station was away is not missed.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { QueuedMessage } from "../../outbox/Outbox.js"
import { DurationText, setting } from "../../site/Setting.js"
import * as Uplink from "../../uplink/Uplink.js"
import * as Messages from "./internal/messages.js"
import * as MqttLink from "./internal/mqttLink.js"
import { type Broker, brokerFields } from "./internal/mqttSettings.js"
import * as Requests from "./internal/requests.js"

const Settings = Schema.Struct({
  ...brokerFields,
  keepalive: setting(DurationText, Duration.seconds(120), "How often the broker hears of the station at least")
})

const telemetry = "v1/devices/me/telemetry"
const attributes = "v1/devices/me/attributes"

export const ThingsboardUplink = Uplink.make({
  name: "thingsboard",
  description: "Messages to a ThingsBoard server over MQTT, and configs from it",
  settings: Settings,
  receives: true,
  open: Effect.fnUntraced(function* (settings, facts) {
    const link = yield* MqttLink.open({
      uplink: facts.uplink,
      broker: encryptedInTheCloud(settings),
      clientId: Option.getOrElse(settings.client_id, () => facts.station),
      keepalive: settings.keepalive,
      // The server keeps no sessions: what was missed is asked for.
      clean: true,
      topics: [attributes, `${attributes}/response/+`]
    })
    const id = requestId(yield* Clock.currentTimeMillis)
    yield* Effect.forkScoped(
      link.publish([{ topic: `${attributes}/request/${id}`, payload: JSON.stringify({ sharedKeys: "configuration" }) }])
    )
    return {
      send: (batch, early) => Messages.send(link, batch, early, packetOf),
      incoming: Stream.filterMap(link.messages, ({ payload }) => Option.fromNullable(requestOf(payload)))
    }
  })
})

// -----------------------------------------------------------------------------

/** The vendor's own service is never spoken to in clear. */
const encryptedInTheCloud = (settings: Broker): Broker =>
  /(^|\.)thingsboard\.cloud$/i.test(settings.host) && Option.isNone(settings.tls)
    ? {
        ...settings,
        tls: Option.some({
          ca: Option.none(),
          certificate: Option.none(),
          private_key: Option.none(),
          server_name: Option.none()
        })
      }
    : settings

/** Another one each time, within 32 bits. */
export const requestId = (now: number): number => Math.floor(now / 1000) % 2 ** 31

export const packetOf = ({ body, micros }: Pick<QueuedMessage, "body" | "micros">): MqttLink.Packet => ({
  topic: telemetry,
  payload: JSON.stringify({ ts: Math.floor(micros / 1000), values: valuesOf(body) })
})

const valuesOf = (body: QueuedMessage["body"]): unknown => {
  switch (body.variant) {
    case "data":
      return body.data
    case "log":
      return { logging: { level: body.level, subject: body.subject, body: body.body } }
    case "config":
      return { configuration: { status: body.status, config: body } }
  }
}

/** Undefined where it speaks of other attributes. */
export const requestOf = (payload: Buffer): Uplink.Incoming | undefined =>
  Either.match(Requests.json(payload), {
    onLeft: (unreadable) => unreadable,
    onRight: (value) => {
      if (!Requests.isMapping(value)) return Requests.unreadable(payload, "expected an object of attributes")
      const shared = Requests.isMapping(value["shared"]) ? value["shared"] : value
      return Object.hasOwn(shared, "configuration")
        ? { _tag: "Configuration", document: fromText(shared["configuration"]), revision: undefined }
        : undefined
    }
  })

/** The server keeps a JSON attribute that was typed in as text as a text. */
const fromText = (value: unknown): unknown =>
  typeof value === "string"
    ? Either.getOrElse(
        Either.try((): unknown => JSON.parse(value)),
        () => value
      )
    : value
