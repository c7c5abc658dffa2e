/**
 * Messages to a Tenta server over MQTT, as ivy sends them, with the time and the revision that a message was made with. The
 * server tells a config at `configurations/<identifier>`, retained.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { QueuedMessage } from "../../outbox/Outbox.js"
import { DurationText, optionalSetting, setting } from "../../site/Setting.js"
import * as Uplink from "../../uplink/Uplink.js"
import * as Messages from "./internal/messages.js"
import * as MqttLink from "./internal/mqttLink.js"
import { brokerFields } from "./internal/mqttSettings.js"
import * as Requests from "./internal/requests.js"

const Settings = Schema.Struct({
  ...brokerFields,
  identifier: optionalSetting(
    Schema.String.pipe(
      Schema.pattern(/^[^/+#\0]{1,512}$/, { message: () => "expected 1 to 512 characters without / + and #" })
    ),
    "What the server knows the station as; default: general.system_identifier"
  ),
  keepalive: setting(DurationText, Duration.seconds(60), "How often the broker hears of the station at least"),
  clean_session: setting(Schema.Boolean, false, "Let the broker forget the station while it is away")
})

export const TentaUplink = Uplink.make({
  name: "tenta",
  description: "Messages to a Tenta server over MQTT, and configs from it",
  settings: Settings,
  receives: true,
  open: Effect.fnUntraced(function* (settings, facts) {
    const identifier = Option.getOrElse(settings.identifier, () => facts.station)
    const link = yield* MqttLink.open({
      uplink: facts.uplink,
      broker: settings,
      clientId: Option.getOrElse(settings.client_id, () => identifier),
      keepalive: settings.keepalive,
      clean: settings.clean_session,
      topics: [`configurations/${identifier}`]
    })
    return {
      send: (batch, early) => Messages.send(link, batch, early, (message) => packetOf(message, identifier)),
      // Nothing at all is how a retained config is taken back: there is none any more.
      incoming: link.messages.pipe(
        Stream.filter(({ payload }) => payload.length > 0),
        Stream.map(({ payload }) => requestOf(payload))
      )
    }
  })
})

// -----------------------------------------------------------------------------

/** Undefined for what Tenta has no word for: that a config was received, and that the station has started. */
export const packetOf = (
  { body, micros, revision }: Pick<QueuedMessage, "body" | "micros" | "revision">,
  identifier: string
): MqttLink.Packet | undefined => {
  const timestamp = micros / 1_000_000
  const packet = (topic: string, item: unknown) => ({
    topic: `${topic}/${identifier}`,
    payload: JSON.stringify([item])
  })
  switch (body.variant) {
    case "data": {
      // Texts have no place in a measurement there.
      const value = Object.fromEntries(Object.entries(body.data).filter(([, one]) => typeof one !== "string"))
      return packet("measurements", { revision, value, timestamp })
    }
    case "log":
      return packet("logs", {
        severity: severities[body.level],
        message: `${body.subject}\n\n${body.body}`,
        revision,
        timestamp
      })
    case "config":
      return body.status === "accepted" || body.status === "rejected"
        ? packet("acknowledgments", {
            revision: revisionIn(body.config) ?? revision,
            success: body.status === "accepted",
            timestamp
          })
        : undefined
  }
}

const severities = {
  DEBUG: "info",
  INFO: "info",
  WARNING: "warning",
  ERROR: "error",
  EXCEPTION: "error"
} as const

/** The revision of the config that is spoken of. */
const revisionIn = (config: Requests.Mapping): number | undefined => {
  const general = config["general"]
  return Requests.isMapping(general) ? Requests.wholeNumber(general["config_revision"]) : undefined
}

/** `{"revision", "configuration"}`, or what is wrong with it. */
export const requestOf = (payload: Buffer): Uplink.Incoming =>
  Either.match(Requests.json(payload), {
    onLeft: (unreadable) => unreadable,
    onRight: (value) => {
      if (!Requests.isMapping(value)) return Requests.unreadable(payload, "expected revision and configuration")
      const revision = Requests.wholeNumber(value["revision"])
      if (revision === undefined) return Requests.unreadable(payload, "revision: expected a whole number from -1")
      return Object.hasOwn(value, "configuration")
        ? { _tag: "Configuration", revision, document: value["configuration"] }
        : Requests.unreadable(payload, "configuration: is missing", revision)
    }
  })
