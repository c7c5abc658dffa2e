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
  packetOf: (message: QueuedMessage) => Packet | undefined
): Effect.Effect<ReadonlyArray<Uplink.Outcome>> => {
  const packets = batch.map(packetOf)
  const written = packets.filter((packet) => packet !== undefined)
  if (written.length === 0) return Effect.succeed(packets.map(() => Uplink.Unsupported))
  return Effect.map(link.publish(written), (acked) => {
    let next = 0
    return packets.map((packet) =>
      packet === undefined ? Uplink.Unsupported : acked[next++] === true ? Uplink.Confirmed : Uplink.Disconnected
    )
  })
}
