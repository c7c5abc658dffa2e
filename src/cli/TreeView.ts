/** The supervision tree for people: one node a line, indented below its supervisor. */
import * as DateTime from "effect/DateTime"
import type { NodeState, NodeStatus } from "../actor/NodeStatus.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

/** Rows of nodes, parents before children. `now` in Unix milliseconds. */
export const lines = (
  nodes: ReadonlyArray<NodeStatus>,
  now: number,
  style: Output.Style,
  indented = true
): ReadonlyArray<string> => {
  const rows = nodes.map((node) => [
    `${indented ? "  ".repeat(depth(node)) : ""}${(indented ? node.id : node.path) || "site"}`,
    paint(node.status, style),
    Readable.span(Math.max(0, now - DateTime.toEpochMillis(node.since))),
    remarks(node, now)
  ])
  return Output.table([["ACTOR", "STATE", "SINCE", ""], ...rows], style)
}

// ------------------------------------------------------------------------------------------------------------------

const depth = ({ path }: NodeStatus): number => (path === "" ? 0 : path.split("/").length)

export const paint = (state: NodeState, style: Output.Style): string =>
  state === "ready"
    ? style.good(state)
    : state === "failed" || state === "quarantined"
      ? style.bad(state)
      : state === "stopped"
        ? style.dim(state)
        : style.doubtful(state)

const remarks = (node: NodeStatus, now: number): string =>
  [
    ...(node.until === undefined
      ? []
      : [`again in ${Readable.span(Math.max(0, DateTime.toEpochMillis(node.until) - now))}`]),
    ...(node.reason === undefined ? [] : [node.reason]),
    ...(node.restarts === 0 ? [] : [Readable.plural(node.restarts, "restart")]),
    ...(node.mailbox === undefined ? [] : [`mailbox ${node.mailbox.depth} of ${node.mailbox.capacity}`]),
    ...(node.lastCause === undefined ? [] : [Output.cut(node.lastCause.split("\n", 1)[0] ?? "", 80)])
  ].join(", ")
