/** The services of an ensemble, put together from all that is known of each: what the tree, the ensemble and this site say. */
import type { NodeStatus } from "../../actor/NodeStatus.js"
import type { IngesterState, ReducerState, WorkerState } from "../../assignment/ServiceState.js"
import type { IngestServices } from "../../operations/IngestServices.js"

export type Kind = "controller" | "ingester" | "worker" | "reducer"

type Local = {
  readonly ingester: IngestServices["ingesters"][number]
  readonly worker: IngestServices["workers"][number]
  readonly reducer: NonNullable<IngestServices["reducer"]>
  readonly controller: undefined
}

type Told = {
  readonly ingester: IngesterState
  readonly worker: WorkerState
  readonly reducer: ReducerState
  readonly controller: undefined
}

export interface Service<K extends Kind> {
  readonly kind: K
  readonly name: string
  /** Where it stands in the tree, where this site runs it. */
  readonly node: NodeStatus | undefined
  /** How it is doing in this process. */
  readonly local: Local[K] | undefined
  /** What it tells the ensemble of itself. */
  readonly told: Told[K] | undefined
}

export interface Services {
  readonly controller: Service<"controller"> | undefined
  readonly ingesters: ReadonlyArray<Service<"ingester">>
  readonly workers: ReadonlyArray<Service<"worker">>
  readonly reducer: Service<"reducer"> | undefined
}

/** What of the ensemble's own word is needed here. */
export interface Roster {
  readonly ingesters: ReadonlyArray<IngesterState>
  readonly workers: ReadonlyArray<WorkerState>
  readonly reducer: ReducerState | null
}

/** The node of a service of this site. */
export const pathOf = (kind: Kind, name: string): string =>
  kind === "controller" || kind === "reducer" ? `${branch}/${kind}` : `${branch}/${kind}-${name}`

/** Whether this site runs any part of an ensemble. */
export const isConfigured = (tree: ReadonlyArray<NodeStatus>): boolean =>
  tree.some(({ path }) => path.startsWith(`${branch}/`))

export const servicesOf = (
  tree: ReadonlyArray<NodeStatus>,
  local: IngestServices | undefined,
  told: Roster | undefined
): Services => {
  const nodes = new Map(tree.map((node) => [node.path, node]))
  const one = <K extends Kind>(kind: K, name: string, here: Local[K] | undefined, said: Told[K] | undefined) => ({
    kind,
    name,
    node: nodes.get(pathOf(kind, name)),
    local: here,
    told: said
  })
  const single = <K extends "controller" | "reducer">(
    kind: K,
    here: Local[K] | undefined,
    said: Told[K] | undefined
  ): Service<K> | undefined => {
    const service = one(kind, kind, here, said)
    return service.node === undefined && here === undefined && said === undefined ? undefined : service
  }
  return {
    controller: single("controller", undefined, undefined),
    ingesters: names(tree, "ingester", local?.ingesters, told?.ingesters).map((name) =>
      one("ingester", name, named(local?.ingesters, name), named(told?.ingesters, name))
    ),
    workers: names(tree, "worker", local?.workers, told?.workers).map((name) =>
      one("worker", name, named(local?.workers, name), named(told?.workers, name))
    ),
    reducer: single("reducer", local?.reducer ?? undefined, told?.reducer ?? undefined)
  }
}

export interface Backlog {
  /** Events that it was given and has not begun. */
  readonly events: number | undefined
  /** Messages that wait for it at ingesters of this site. */
  readonly messages: number
  readonly bytes: number
  /** It takes nothing since then. */
  readonly blockedSince: number | undefined
  readonly dropped: boolean
}

/** What waits for a worker, at itself and before it. */
export const backlogOf = (
  { local, name }: Pick<Service<"worker">, "local" | "name">,
  ingesters: ReadonlyArray<Pick<Service<"ingester">, "local">>
): Backlog => {
  const outboxes = ingesters.flatMap((ingester) => (ingester.local?.workers ?? []).filter((box) => box.name === name))
  const blocked = outboxes.flatMap(({ blockedSince }) => (blockedSince === undefined ? [] : [blockedSince]))
  return {
    events: local?.outstanding,
    messages: outboxes.reduce((sum, { queuedMessages }) => sum + queuedMessages, 0),
    bytes: outboxes.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0),
    blockedSince: blocked.length === 0 ? undefined : Math.min(...blocked),
    dropped: outboxes.some(({ state }) => state === "dropped")
  }
}

/** The id of the present scan, as any of its services tells it. */
export const scanOf = ({ ingesters, reducer, workers }: Services): string | undefined => {
  const ids = [...ingesters, ...workers, ...(reducer === undefined ? [] : [reducer])].flatMap(
    ({ local, told }) => local?.mapping ?? told?.mapping_uuid ?? []
  )
  return ids[0]
}

/** All streams that somebody owns, by name. */
export const streamsOf = ({ ingesters }: Services): ReadonlyArray<string> =>
  Array.from(
    new Set(ingesters.flatMap(({ local, told }) => told?.streams ?? local?.streams.map(({ name }) => name) ?? []))
  )

// ------------------------------------------------------------------------------------------------------------------

const branch = "ensemble"

const named = <A extends { readonly name: string }>(list: ReadonlyArray<A> | undefined, name: string): A | undefined =>
  list?.find((one) => one.name === name)

/** First in the order of the tree, which is that of the config; then who runs elsewhere. */
const names = (
  tree: ReadonlyArray<NodeStatus>,
  kind: "ingester" | "worker",
  ...lists: ReadonlyArray<ReadonlyArray<{ readonly name: string }> | undefined>
): ReadonlyArray<string> => {
  const ours = tree
    .filter(({ id, path }) => id.startsWith(`${kind}-`) && path === `${branch}/${id}`)
    .map(({ id }) => id.slice(kind.length + 1))
  return Array.from(new Set([...ours, ...lists.flatMap((list) => (list ?? []).map(({ name }) => name))]))
}
