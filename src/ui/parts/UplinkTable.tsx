/** Each uplink for itself: what waits for it, what it has delivered, and what it could not send. */
import type { NodeStatus } from "../../actor/NodeStatus.js"
import type { UplinkStats } from "../../domain/Outbox.js"
import { followLink, setQuery } from "../live/Address.js"
import { pathOf } from "../model/Address.js"
import { count } from "../model/Quantity.js"
import { Age } from "./Age.js"
import { Mark, StateMark } from "./Mark.js"

export interface UplinkTableProps {
  readonly uplinks: ReadonlyArray<UplinkStats>
  readonly tree: ReadonlyArray<NodeStatus>
  /** The uplink that the page is narrowed to. */
  readonly chosen: string | undefined
  readonly now: number
}

export const UplinkTable = ({ chosen, now, tree, uplinks }: UplinkTableProps) => (
  <div className="table-scroll">
    <table className="uplinks">
      <thead>
        <tr>
          <th scope="col">Uplink</th>
          <th scope="col">State</th>
          <th scope="col" className="number">
            Waiting
          </th>
          <th scope="col" className="number wide-only">
            In flight
          </th>
          <th scope="col" className="number">
            Oldest
          </th>
          <th scope="col" className="number wide-only">
            Delivered
          </th>
          <th scope="col" className="number">
            Set aside
          </th>
        </tr>
      </thead>
      {uplinks.map((uplink) => (
        <Row
          key={uplink.name}
          uplink={uplink}
          node={tree.find(({ path }) => path === `uplinks/${uplink.name}`)}
          isChosen={uplink.name === chosen}
          now={now}
        />
      ))}
    </table>
  </div>
)

// ------------------------------------------------------------------------------------------------------------------

interface RowProps {
  readonly uplink: UplinkStats
  /** Undefined where it is switched off. */
  readonly node: NodeStatus | undefined
  readonly isChosen: boolean
  readonly now: number
}

const Row = ({ isChosen, node, now, uplink }: RowProps) => {
  const { delivered, in_flight, last_delivered_at, name, oldest_at, set_aside, waiting } = uplink
  const trouble = node?.lastCause?.split("\n", 1)[0]
  return (
    <tbody data-uplink={name}>
      <tr data-chosen={isChosen}>
        <td>
          <button
            type="button"
            className="linked mono"
            aria-pressed={isChosen}
            title={isChosen ? "Show all uplinks" : `Only what concerns ${name}`}
            onClick={() => setQuery({ uplink: isChosen ? undefined : name, after: undefined })}
          >
            {name}
          </button>
        </td>
        <td>
          {node === undefined ? (
            <Mark shape="square" tone="rest" word="switched off" />
          ) : (
            <a href={pathOf("system", node.path)} onClick={followLink}>
              <StateMark state={node.status} />
            </a>
          )}
        </td>
        <td className="mono number">{count(waiting)}</td>
        <td className="mono number wide-only">{count(in_flight)}</td>
        <td className="number">
          {oldest_at === null ? <span className="meta">–</span> : <Age at={oldest_at * 1000} now={now} />}
        </td>
        <td className="number wide-only">
          <span className="mono">{count(delivered)}</span>
          {last_delivered_at !== null && (
            <span className="meta note">
              last <Age at={last_delivered_at * 1000} now={now} />
            </span>
          )}
        </td>
        <td className="number">
          {set_aside === 0 ? (
            <span className="mono">0</span>
          ) : (
            <button
              type="button"
              className="linked mono aside-count"
              aria-label={`Show the ${count(set_aside)} set aside by ${name}`}
              onClick={() => setQuery({ uplink: name, aside: "1", after: undefined })}
            >
              {count(set_aside)}
            </button>
          )}
        </td>
      </tr>
      {trouble !== undefined && node?.status !== "ready" && (
        <tr className="trouble-row" data-chosen={isChosen}>
          <td colSpan={7}>
            <span className="reason" title={node?.lastCause}>
              {trouble}
            </span>
          </td>
        </tr>
      )}
    </tbody>
  )
}
