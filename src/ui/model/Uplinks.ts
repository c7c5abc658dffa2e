/** How each uplink is doing: what the queue counts of it, what its connection tells, and its place in the tree, as one. */
import type { NodeState, NodeStatus } from "../../actor/NodeStatus.js"
import type { UplinkStats } from "../../domain/Outbox.js"
import type { UplinkState, UplinkStatus } from "../../domain/Uplink.js"
import { age } from "./Quantity.js"

export interface Uplink {
  readonly stats: UplinkStats
  /** Undefined where the config no longer names it. */
  readonly status: UplinkStatus | undefined
  /** Undefined where it is switched off. */
  readonly node: NodeStatus | undefined
}

export const uplinksOf = (
  stats: ReadonlyArray<UplinkStats>,
  statuses: ReadonlyArray<UplinkStatus>,
  tree: ReadonlyArray<NodeStatus>
): ReadonlyArray<Uplink> =>
  stats.map((one) => ({
    stats: one,
    status: statuses.find(({ name }) => name === one.name),
    node: tree.find(({ path }) => path === `uplinks/${one.name}`)
  }))

/** What is said of it: its connection while it works, else what the tree says of it. */
export type Standing =
  | { readonly of: "link"; readonly state: Exclude<UplinkState, "stopped"> }
  | { readonly of: "node"; readonly state: NodeState }
  | { readonly of: "nothing" }

export const standingOf = ({ node, status }: Uplink): Standing => {
  if (node === undefined) return { of: "nothing" }
  const works = node.status === "ready" || node.status === "degraded"
  return works && status !== undefined && status.state !== "stopped"
    ? { of: "link", state: status.state }
    : { of: "node", state: node.status }
}

/** Given to the far side and not confirmed yet. */
export const inFlightOf = ({ stats, status }: Uplink): number => status?.in_flight ?? stats.in_flight

/** `next try in 12 s`, where it waits for that. Times are Unix milliseconds. */
export const nextTry = ({ status }: Uplink, now: number): string | undefined => {
  if (status?.state !== "waiting" || status.next_try_at === null) return undefined
  const left = status.next_try_at * 1000 - now
  return left <= 0 ? "tries again" : `next try in ${age(Math.ceil(left / 1000) * 1000)}`
}

export interface Trouble {
  readonly text: string
  /** When it was; undefined where only the tree knows of it. */
  readonly at: number | undefined
  /** It holds now; else it is over, and told for the record. */
  readonly holds: boolean
}

/** The last thing that went wrong with it. */
export const troubleOf = (uplink: Uplink): Trouble | undefined => {
  const { node, status } = uplink
  const standing = standingOf(uplink)
  const last = status?.last_error ?? null
  const holds = standing.of === "link" ? standing.state !== "connected" : standing.of === "node"
  if (last !== null) return { text: last.message, at: last.at * 1000, holds }
  const cause = standing.of === "node" ? node?.lastCause?.split("\n", 1)[0] : undefined
  return cause === undefined ? undefined : { text: cause, at: undefined, holds: true }
}
