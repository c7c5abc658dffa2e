/** The config section `outgoing`: which private addresses may be asked, by plug-ins whose addresses stand in the config. */
import * as Schema from "effect/Schema"
import { isHostOrNetwork } from "./AddressPolicy.js"

const HostOrNetwork = Schema.String.pipe(
  Schema.filter(
    (text) =>
      isHostOrNetwork(text) ||
      "expected a host name, an address or a network such as camera.lan, 10.0.0.7 or 10.0.0.0/8"
  )
)

const description = "Hosts and networks that may be asked although they are private; counts in the local file only"

export class OutgoingSettings extends Schema.Class<OutgoingSettings>("outpost/outgoing/OutgoingSettings")({
  allow_private: Schema.optionalWith(Schema.Array(HostOrNetwork).annotations({ description, default: [] }), {
    exact: true,
    default: () => []
  }).annotations({ description, default: [] })
}) {}
