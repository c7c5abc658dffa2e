/** A reducer's module that publishes every result of the scan, in the order in which they came. */
let results = []

export const start = () => {
  results = []
}
export const reduce = ({ event_number, parameters_hash, payload, worker }) => {
  results.push({ event_number, worker, parameters_hash, payload })
}
export const publish = () => ({ results })
