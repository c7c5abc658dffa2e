/** What far sides have confirmed, newest first. */
import type { Receipts } from "../live/OutboxFeed.js"
import type { Polled } from "../live/Polled.js"
import { duration } from "../model/Quantity.js"
import { Age } from "./Age.js"
import { Empty, Panel, Problem } from "./Panel.js"

export interface ReceiptPanelProps {
  readonly receipts: Polled<Receipts>
  readonly again: () => void
  readonly uplink: string | undefined
  readonly now: number
}

export const ReceiptPanel = ({ again, now, receipts: { problem, value }, uplink }: ReceiptPanelProps) => (
  <Panel
    title="Receipts"
    className="receipt-panel"
    aside={<span className="meta">{uplink === undefined ? "of all uplinks" : `of ${uplink}`}</span>}
  >
    {problem !== undefined && <Problem onRetry={again}>{problem}</Problem>}
    {value === undefined ? (
      problem === undefined && <Empty>Asking the site…</Empty>
    ) : value.newest.length === 0 ? (
      <Empty command="outpost outbox stats">
        When the far side of an uplink has confirmed a message, it stands here. None has been confirmed yet. How the
        uplinks do, in a shell:
      </Empty>
    ) : (
      <div className="table-scroll">
        <table className="receipts">
          <thead>
            <tr>
              <th scope="col" className="number">
                Id
              </th>
              <th scope="col">Uplink</th>
              <th scope="col" className="number">
                Confirmed
              </th>
              <th scope="col" className="number">
                After
              </th>
            </tr>
          </thead>
          <tbody>
            {value.newest.slice(0, most).map(({ at, confirmed_at, id, uplink: by }) => (
              <tr key={`${id} ${by}`} data-receipt={id}>
                <td className="mono number">{id}</td>
                <td className="mono">{by}</td>
                <td className="number">
                  <Age at={confirmed_at * 1000} now={now} />
                </td>
                <td className="mono number">{duration((confirmed_at - at) * 1000)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    )}
  </Panel>
)

// ------------------------------------------------------------------------------------------------------------------

const most = 50
