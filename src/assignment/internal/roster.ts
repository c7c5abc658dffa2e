/**
 * Rosters from what services say, by their names.
 *
 * @internal
 */
import type { IngesterState, Roster, ServiceState, WorkerState } from "../ServiceState.js"

export const byName = <A extends { readonly name: string }>(named: Iterable<A>): ReadonlyArray<A> =>
  [...named].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))

export const make = (services: Iterable<ServiceState>): Roster => {
  const ingesters: Array<IngesterState> = []
  const workers: Array<WorkerState> = []
  let reducer: Roster["reducer"] = undefined
  for (const service of services) {
    if (service.kind === "ingester") ingesters.push(service.state)
    else if (service.kind === "worker") workers.push(service.state)
    else reducer ??= service.state
  }
  return { ingesters: byName(ingesters), workers: byName(workers), reducer }
}
