/** All that is known of one node. */
import * as DateTime from "effect/DateTime"
import type { NodeStatus } from "../../actor/NodeStatus.js"
import { Age } from "./Age.js"
import { StateMark } from "./Mark.js"
import { Orders } from "./Orders.js"

export const NodeFacts = ({
  node,
  nodes,
  now
}: {
  readonly node: NodeStatus
  readonly nodes: ReadonlyArray<NodeStatus>
  readonly now: number
}) => (
  <div className="pad facts-and-orders">
    <dl className="facts">
      <dt>State</dt>
      <dd>
        <StateMark state={node.status} />
      </dd>
      {node.reason !== undefined && (
        <>
          <dt>Reason</dt>
          <dd>{node.reason}</dd>
        </>
      )}
      <dt>Since</dt>
      <dd>
        <Age at={DateTime.toEpochMillis(node.since)} now={now} />
      </dd>
      <dt>Restarts</dt>
      <dd className="mono">{node.restarts}</dd>
      {node.lastProgress !== undefined && (
        <>
          <dt>Last progress</dt>
          <dd>
            <Age at={DateTime.toEpochMillis(node.lastProgress)} now={now} />
          </dd>
        </>
      )}
      {node.mailbox !== undefined && (
        <>
          <dt>Mailbox</dt>
          <dd className="mono">
            {node.mailbox.depth} of {node.mailbox.capacity}
          </dd>
        </>
      )}
    </dl>
    <Orders node={node} nodes={nodes} />
    {node.lastCause !== undefined && (
      <>
        <h3>Last cause</h3>
        <pre className="json">{node.lastCause}</pre>
      </>
    )}
  </div>
)
