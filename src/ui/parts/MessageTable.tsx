/** The queue, page by page, narrowed by what the address says: for whom a message waits, and why it could not be sent. */
import { Priority } from "../../domain/Message.js"
import type { OutboxEntry, OutboxQuery, OutboxStats } from "../../domain/Outbox.js"
import { followLink, setQuery, useAddress } from "../live/Address.js"
import { useMessages } from "../live/OutboxFeed.js"
import { useZone } from "../live/Preferences.js"
import { pathOf } from "../model/Address.js"
import { excerpt, kindOf, setAsideOf } from "../model/Outgoing.js"
import { count } from "../model/Quantity.js"
import * as WallClock from "../model/WallClock.js"
import { Empty, Panel, Problem } from "./Panel.js"
import { RetryButton } from "./RetryButton.js"

export const MessageTable = ({ stats }: { readonly stats: OutboxStats }) => {
  const { searchParams } = useAddress()
  const query = queryOf(searchParams)
  const [{ problem, value: page }, again] = useMessages(query)
  const narrowed = query.priority !== undefined || query.uplink !== undefined || query.setAside === true
  const aside = setAsideOf(stats, query.uplink)
  return (
    <Panel
      title="Queue"
      className="queue-panel"
      aside={
        <>
          {aside > 0 && <RetryButton uplink={query.uplink} messages={aside} onDone={again} />}
          <Filters query={query} uplinks={stats.uplinks.map(({ name }) => name)} />
        </>
      }
    >
      {problem !== undefined && <Problem onRetry={again}>{problem}</Problem>}
      {page === undefined ? (
        problem === undefined && <Empty>Asking the site…</Empty>
      ) : page.messages.length === 0 ? (
        narrowed ? (
          <Empty command="outpost outbox list">Nothing of this kind waits. All that waits, in a shell:</Empty>
        ) : (
          <Empty command={"outpost outbox export --since yesterday"}>
            Nothing waits to be sent. What was ever put stands in the archive:
          </Empty>
        )
      ) : (
        <>
          <div className="table-scroll tall">
            <table className="messages">
              <thead>
                <tr>
                  <th scope="col" className="number">
                    Id
                  </th>
                  <th scope="col" className="wide-only">
                    Time
                  </th>
                  <th scope="col" className="wide-only">
                    Priority
                  </th>
                  <th scope="col">Kind</th>
                  <th scope="col">Message</th>
                  <th scope="col">Waits for</th>
                </tr>
              </thead>
              <tbody>
                {page.messages.map((message) => (
                  <Row key={message.id} message={message} address={addressOf(searchParams, message.id)} />
                ))}
              </tbody>
            </table>
          </div>
          <div className="pages">
            <span className="meta">{count(page.messages.length)} shown</span>
            {query.after !== undefined && (
              <button type="button" className="small button" onClick={() => setQuery({ after: undefined })}>
                From the first
              </button>
            )}
            {page.next !== null && page.messages.length === pageRows && (
              <button type="button" className="small button" onClick={() => setQuery({ after: String(page.next) })}>
                Next {count(pageRows)}
              </button>
            )}
          </div>
        </>
      )}
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const pageRows = 100

const priorityOf = (text: string | null): Priority | undefined => Priority.literals.find((one) => one === text)

/** What the address asks for. */
const queryOf = (params: URLSearchParams): OutboxQuery => {
  const after = Number(params.get("after") ?? Number.NaN)
  return {
    uplink: params.get("uplink") ?? undefined,
    priority: priorityOf(params.get("priority")),
    setAside: params.get("aside") === null ? undefined : true,
    after: Number.isSafeInteger(after) && after >= 0 ? after : undefined,
    limit: pageRows
  }
}

const Filters = ({ query, uplinks }: { readonly query: OutboxQuery; readonly uplinks: ReadonlyArray<string> }) => {
  const narrow = (changes: { readonly [name: string]: string | undefined }) =>
    setQuery({ ...changes, after: undefined }, { replace: true })
  return (
    <>
      <select
        aria-label="Uplink"
        value={query.uplink ?? ""}
        onChange={(event) => narrow({ uplink: event.target.value })}
      >
        <option value="">any uplink</option>
        {query.uplink !== undefined && !uplinks.includes(query.uplink) && <option>{query.uplink}</option>}
        {uplinks.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <select
        aria-label="Priority"
        value={query.priority ?? ""}
        onChange={(event) => narrow({ priority: event.target.value })}
      >
        <option value="">any priority</option>
        {Priority.literals.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <label className="check">
        <input
          type="checkbox"
          checked={query.setAside === true}
          onChange={(event) => narrow({ aside: event.target.checked ? "1" : undefined })}
        />
        set aside
      </label>
    </>
  )
}

/** The same view with a message opened. */
const addressOf = (params: URLSearchParams, id: number): string => {
  const opened = new URLSearchParams(params)
  opened.set("message", String(id))
  return `${pathOf("outbox")}?${opened}`
}

const Row = ({ address, message }: { readonly message: OutboxEntry; readonly address: string }) => {
  const zone = useZone()
  const { at, id, priority, set_aside, waiting_for } = message
  const said = excerpt(message)
  return (
    <tr data-message={id} className="clickable" onClick={() => setQuery({ message: String(id) })}>
      <td className="number">
        <a
          className="mono"
          href={address}
          onClick={(event) => {
            event.stopPropagation()
            followLink(event)
          }}
        >
          {id}
        </a>
      </td>
      <td className="mono wide-only">{WallClock.dateTime(at * 1000, zone)}</td>
      <td className="wide-only">{priority}</td>
      <td>{kindOf(message)}</td>
      <td className="mono cut" title={said.slice(0, 500)}>
        {said.slice(0, 300)}
      </td>
      <td>
        {waiting_for.length > 0 && <span className="mono">{waiting_for.join(", ")}</span>}
        {set_aside.map(({ reason, uplink }) => (
          <span key={uplink} className="field-problem note set-aside" title={`${uplink}: ${reason}`}>
            {uplink}: {reason}
          </span>
        ))}
      </td>
    </tr>
  )
}
