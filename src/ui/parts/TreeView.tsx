/** The supervision tree: closed where all is well, open where it is not, unless a person says otherwise. */
import * as DateTime from "effect/DateTime"
import { useState } from "react"
import type { NodeStatus } from "../../actor/NodeStatus.js"
import { followLink } from "../live/Address.js"
import { pathOf } from "../model/Address.js"
import { duration } from "../model/Quantity.js"
import { branches, opensByItself, type Branch } from "../model/Tree.js"
import { Icon } from "./Icon.js"
import { StateMark } from "./Mark.js"
import { Orders } from "./Orders.js"

export interface TreeViewProps {
  readonly nodes: ReadonlyArray<NodeStatus>
  readonly now: number
  readonly chosen?: string | undefined
}

export const TreeView = ({ chosen, nodes, now }: TreeViewProps) => {
  const [opened, setOpened] = useState<{ readonly [path: string]: boolean }>({})
  const roots = branches(nodes)
  const lone = roots.length === 1 && roots[0]?.node.path === "" ? roots[0] : undefined
  const show = (branch: Branch) => {
    const { node } = branch
    const holds = chosen !== undefined && chosen.startsWith(`${node.path}/`)
    const open = opened[node.path] ?? (holds || opensByItself(branch))
    return (
      <li key={node.path}>
        <NodeRow
          branch={branch}
          now={now}
          nodes={nodes}
          chosen={chosen === node.path}
          open={open}
          onToggle={() => setOpened({ ...opened, [node.path]: !open })}
        />
        {branch.children.length > 0 && open && <ul>{branch.children.map((child) => show(child))}</ul>}
      </li>
    )
  }
  return <ul className="tree">{(lone === undefined ? roots : lone.children).map((branch) => show(branch))}</ul>
}

// ------------------------------------------------------------------------------------------------------------------

interface NodeRowProps {
  readonly branch: Branch
  readonly now: number
  readonly nodes: ReadonlyArray<NodeStatus>
  readonly chosen: boolean
  readonly open: boolean
  readonly onToggle: () => void
}

const NodeRow = ({ branch, chosen, nodes, now, onToggle, open }: NodeRowProps) => {
  const { below, node, wellBelow } = branch
  return (
    <div className="node" data-chosen={chosen} data-path={node.path}>
      <div className="node-line">
        {branch.children.length === 0 ? (
          <span className="twist" />
        ) : (
          <button
            type="button"
            className="twist quiet"
            aria-expanded={open}
            aria-label={`${open ? "Close" : "Open"} ${node.path}`}
            onClick={onToggle}
          >
            <Icon name="open" />
          </button>
        )}
        <a className="node-name mono" href={pathOf("system", node.path)} onClick={followLink} title={node.path}>
          {node.id}
        </a>
        {branch.children.length > 0 && !open && (
          <span className="meta">
            {wellBelow === below ? `${below} well` : `${below - wellBelow} of ${below} in trouble`}
          </span>
        )}
        <span className="node-state">
          {node.restarts > 0 && (
            <span className="meta">
              {node.restarts} restart{node.restarts === 1 ? "" : "s"}
            </span>
          )}
          <StateMark state={node.status} />
          {node.status === "backing-off" && node.until !== undefined && (
            <span className="meta mono">{duration(DateTime.toEpochMillis(node.until) - now)}</span>
          )}
        </span>
        <Orders node={node} nodes={nodes} />
      </div>
      {needsWords(node) && node.lastCause !== undefined && (
        <p className="node-cause mono" title={node.lastCause}>
          {node.lastCause.split("\n", 1)[0]}
        </p>
      )}
    </div>
  )
}

const needsWords = ({ status }: NodeStatus): boolean =>
  status !== "ready" && status !== "stopped" && status !== "starting"
