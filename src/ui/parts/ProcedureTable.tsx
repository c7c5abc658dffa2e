/** All procedures in the order of the config: how each stands, when it ran and runs again, and the last thing that went wrong. */
import type { ProcedureStatus } from "../../operations/ProcedureOperations.js"
import { followLink, go } from "../live/Address.js"
import type { Ordered } from "../live/ProcedureFeed.js"
import { pathOf } from "../model/Address.js"
import { endedBadly, exitWords } from "../model/Procedure.js"
import { age, count } from "../model/Quantity.js"
import { shorten } from "../model/Shorten.js"
import { Age } from "./Age.js"
import { ProcedureMark } from "./ProcedureMark.js"

export interface ProcedureTableProps {
  readonly list: ReadonlyArray<ProcedureStatus>
  readonly ordered: ReadonlyMap<string, Ordered>
  readonly chosen: string | undefined
  readonly now: number
}

export const ProcedureTable = ({ chosen, list, now, ordered }: ProcedureTableProps) => (
  <div className="table-scroll tall">
    <table className="procedures">
      <thead>
        <tr>
          <th scope="col">Procedure</th>
          <th scope="col">State</th>
          <th scope="col" className="number">
            Last run
          </th>
          <th scope="col" className="number">
            Next
          </th>
          <th scope="col" className="number wide-only">
            Restarts
          </th>
          <th scope="col" className="wide-only">
            Exit
          </th>
        </tr>
      </thead>
      {list.map((status) => (
        <Row
          key={status.name}
          status={status}
          ordered={ordered.get(status.name)}
          isChosen={status.name === chosen}
          now={now}
        />
      ))}
    </table>
  </div>
)

// ------------------------------------------------------------------------------------------------------------------

interface RowProps {
  readonly status: ProcedureStatus
  readonly ordered: Ordered | undefined
  readonly isChosen: boolean
  readonly now: number
}

const Row = ({ isChosen, now, ordered, status }: RowProps) => {
  const { last_error, last_start, name, restarts, runs_what } = status
  const address = pathOf("procedures", name)
  return (
    <tbody data-procedure={name} className="clickable" onClick={() => go(address)}>
      <tr data-chosen={isChosen}>
        <td>
          <a
            className="mono"
            href={address}
            aria-current={isChosen ? "true" : undefined}
            onClick={(event) => {
              event.stopPropagation()
              followLink(event)
            }}
          >
            {shorten(name, 28)}
          </a>
          <span className="meta note mono runs-what" title={runs_what}>
            {shorten(runs_what, 34)}
          </span>
        </td>
        <td>
          <ProcedureMark status={status} ordered={ordered} now={now} />
        </td>
        <td className="number">
          {last_start === null ? <span className="meta">never</span> : <Age at={last_start} now={now} />}
        </td>
        <td className="number">
          <Next status={status} now={now} />
        </td>
        <td className="mono number wide-only">{count(restarts)}</td>
        <td className="mono wide-only" data-bad={endedBadly(status)}>
          {exitWords(status)}
        </td>
      </tr>
      {last_error !== null && (
        <tr className="trouble-row" data-chosen={isChosen}>
          <td colSpan={6}>
            <span className="reason" title={last_error}>
              {last_error}
            </span>
          </td>
        </tr>
      )}
    </tbody>
  )
}

/** In how long it runs next. */
const Next = ({ now, status }: { readonly status: ProcedureStatus; readonly now: number }) => {
  const { next_run, running } = status
  if (running) return <span className="meta">running</span>
  if (next_run === null) return <span className="meta">–</span>
  const left = Math.max(1_000, Math.ceil((next_run - now) / 1000) * 1000)
  return <span className="mono">in {age(left)}</span>
}
