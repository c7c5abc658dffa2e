/** What a service says of itself that has done nothing yet, apart from who it is. */
export const idle = {
  mapping_uuid: null,
  dranspose_version: null,
  mapreduce_version: null,
  parameters_hash: null,
  processed_events: 0,
  event_rate: 0
}
