/** How a service of the ensemble stands: as the tree says, or as the ensemble does where it runs elsewhere. */
import * as DateTime from "effect/DateTime"
import type { NodeStatus } from "../../actor/NodeStatus.js"
import { followLink } from "../live/Address.js"
import * as Address from "../model/Address.js"
import { pathOf, type Kind, type Service } from "../model/Ensemble.js"
import { counted } from "../model/Quantity.js"
import { Age } from "./Age.js"
import { Mark, StateMark } from "./Mark.js"
import { Orders } from "./Orders.js"

export const ServiceMark = ({ now, service: { node } }: { readonly service: Service<Kind>; readonly now: number }) =>
  node === undefined ? (
    <Mark shape="disc" tone="good" word="elsewhere" />
  ) : (
    <>
      <StateMark state={node.status} />
      <span className="meta note">
        for <Age at={DateTime.toEpochMillis(node.since)} now={now} />
        {node.restarts > 0 && `, ${counted(node.restarts, "restart")}`}
      </span>
    </>
  )

/** Its name, which leads to its place in the tree. */
export const ServiceName = ({ service: { kind, name, node } }: { readonly service: Service<Kind> }) =>
  node === undefined ? (
    <span className="mono">{name}</span>
  ) : (
    <a className="mono" href={Address.pathOf("system", pathOf(kind, name))} onClick={followLink}>
      {name}
    </a>
  )

/** Restart, stop and start, of a service that this site runs. */
export const ServiceOrders = ({
  service: { node },
  tree
}: {
  readonly service: Service<Kind>
  readonly tree: ReadonlyArray<NodeStatus>
}) => (node === undefined ? undefined : <Orders node={node} nodes={tree} />)

/** The same in a row of its own, where the table has no room for them. */
export const NarrowOrders = (props: { readonly service: Service<Kind>; readonly tree: ReadonlyArray<NodeStatus> }) =>
  props.service.node === undefined ? undefined : (
    <tr className="narrow-row">
      <td colSpan={8}>
        <ServiceOrders {...props} />
      </td>
    </tr>
  )

/** The last thing that went wrong; `more` says how often. */
export const Trouble = ({
  service: { node },
  text,
  times
}: {
  readonly service: Service<Kind>
  readonly text: string | null | undefined
  readonly times?: number
}) => {
  const cause = node !== undefined && node.status !== "ready" ? node.lastCause?.split("\n", 1)[0] : undefined
  const told = cause ?? text ?? ""
  return (
    <span className="reason note" data-error={cause !== undefined} title={told}>
      {told}
      {cause === undefined && times !== undefined && times > 1 && <span className="meta"> (the last of {times})</span>}
    </span>
  )
}
