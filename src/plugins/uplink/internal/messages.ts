/**
 * Messages of the queue over an MQTT link.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type { QueuedMessage } from "../../../outbox/Outbox.js"
import * as Uplink from "../../../uplink/Uplink.js"
import type { MqttLink, Packet } from "./mqttLink.js"

/** Each as its packet; what has none is done with. */
export const send = (
  link: MqttLink,
  batch: ReadonlyArray<QueuedMessage>,
  early: Uplink.Early,
  packetOf: (message: QueuedMessage) => Packet | undefined
): Effect.Effect<ReadonlyArray<Uplink.Outcome>> => {
  const outcomes: Array<Uplink.Outcome> = []
  const packets: Array<Packet> = []
  /** Where in the batch each packet comes from. */
  const places: Array<number> = []
  for (const [place, message] of batch.entries()) {
    const packet = packetOf(message)
    outcomes.push(packet === undefined ? Uplink.Unsupported : Uplink.Disconnected)
    if (packet === undefined) continue
    packets.push(packet)
    places.push(place)
  }
  const acknowledged = (index: number) => {
    const place = places[index] ?? 0
    outcomes[place] = Uplink.Confirmed
    early(place, Uplink.Confirmed)
  }
  return packets.length === 0 ? Effect.succeed(outcomes) : Effect.as(link.publish(packets, acknowledged), outcomes)
}
