/**
 * What every service of ours says of itself alike.
 *
 * @internal
 */
import { version } from "../../domain/Version.js"
import type { EventCounter } from "../EventCounter.js"
import { ownVersion } from "../ResultMessages.js"

/** The mapping and the hash of the parameters are for `Membership` to fill in. */
export const ownState = (incarnation: string, name: string, counter: EventCounter) => ({
  service_uuid: incarnation,
  mapping_uuid: null,
  dranspose_version: ownVersion(version),
  mapreduce_version: null,
  parameters_hash: null,
  processed_events: counter.processed(),
  event_rate: counter.rate(),
  name
})
