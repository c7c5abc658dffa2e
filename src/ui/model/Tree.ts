/** The supervision tree as branches, and what in it needs a person's eye. */
import type { NodeState, NodeStatus } from "../../actor/NodeStatus.js"

export interface Branch {
  readonly node: NodeStatus
  readonly children: ReadonlyArray<Branch>
  /** Nodes below, and how many of them are at work or at rest as they should be. */
  readonly below: number
  readonly wellBelow: number
}

/** States that someone should look at. */
export const isTrouble = (state: NodeState): boolean =>
  state === "degraded" || state === "backing-off" || state === "quarantined" || state === "failed"

/** States that pass by themselves. */
export const isPassing = (state: NodeState): boolean => state === "starting" || state === "stopping"

/** Nodes with their children, in the order of the list; a node whose parent is not in it stands at the top. */
export const branches = (nodes: ReadonlyArray<NodeStatus>): ReadonlyArray<Branch> => {
  const children = new Map<string | undefined, Array<NodeStatus>>()
  const known = new Set(nodes.map(({ path }) => path))
  for (const node of nodes) {
    const parent = parentOf(node.path, known)
    const siblings = children.get(parent)
    if (siblings === undefined) children.set(parent, [node])
    else siblings.push(node)
  }
  const grow = (node: NodeStatus): Branch => {
    const below = (children.get(node.path) ?? []).map(grow)
    return {
      node,
      children: below,
      below: below.reduce((sum, branch) => sum + branch.below + 1, 0),
      wellBelow: below.reduce((sum, branch) => sum + branch.wellBelow + (isTrouble(branch.node.status) ? 0 : 1), 0)
    }
  }
  return (children.get(undefined) ?? []).map(grow)
}

/** Whether a branch is shown open until a person says otherwise: where all below is well there is nothing to see. */
export const opensByItself = (branch: Branch): boolean =>
  branch.node.path === "" ||
  branch.children.some((child) => isTrouble(child.node.status) || isPassing(child.node.status) || opensBelow(child))

/** What the state means to a person. */
export const word = (state: NodeState): string => (state === "backing-off" ? "backing off" : state)

/** Paths of a node and everything below it. */
export const within = (nodes: ReadonlyArray<NodeStatus>, path: string): ReadonlyArray<NodeStatus> =>
  nodes.filter((node) => node.path === path || path === "" || node.path.startsWith(`${path}/`))

// ------------------------------------------------------------------------------------------------------------------

const opensBelow = (branch: Branch): boolean => branch.node.path !== "" && opensByItself(branch)

const parentOf = (path: string, known: ReadonlySet<string>): string | undefined => {
  if (path === "") return undefined
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    const above = path.slice(0, end)
    if (known.has(above)) return above
  }
  return known.has("") ? "" : undefined
}
