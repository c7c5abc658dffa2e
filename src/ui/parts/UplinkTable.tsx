/** Each uplink for itself: its connection, what waits for it, what it has delivered, and what it could not send. */
import { setQuery } from "../live/Address.js"
import { count } from "../model/Quantity.js"
import { inFlightOf, troubleOf, type Trouble, type Uplink } from "../model/Uplinks.js"
import { Age, Ago } from "./Age.js"
import { UplinkMark } from "./UplinkMark.js"

export interface UplinkTableProps {
  readonly uplinks: ReadonlyArray<Uplink>
  /** The uplink that the page is narrowed to. */
  readonly chosen: string | undefined
  readonly now: number
}

export const UplinkTable = ({ chosen, now, uplinks }: UplinkTableProps) => (
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
        <Row key={uplink.stats.name} uplink={uplink} isChosen={uplink.stats.name === chosen} now={now} />
      ))}
    </table>
  </div>
)

// ------------------------------------------------------------------------------------------------------------------

interface RowProps {
  readonly uplink: Uplink
  readonly isChosen: boolean
  readonly now: number
}

const Row = ({ isChosen, now, uplink }: RowProps) => {
  const { delivered, last_delivered_at, name, oldest_at, set_aside, waiting } = uplink.stats
  const trouble = troubleOf(uplink)
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
          {uplink.status !== undefined && <span className="meta note">{uplink.status.use}</span>}
        </td>
        <td>
          <UplinkMark uplink={uplink} now={now} />
        </td>
        <td className="mono number">{count(waiting)}</td>
        <td className="mono number wide-only">{count(inFlightOf(uplink))}</td>
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
      {trouble !== undefined && (
        <tr className="trouble-row" data-chosen={isChosen}>
          <td colSpan={7}>
            <TroubleLine trouble={trouble} now={now} />
          </td>
        </tr>
      )}
    </tbody>
  )
}

const TroubleLine = ({ now, trouble: { at, holds, text } }: { readonly trouble: Trouble; readonly now: number }) => (
  <span className={holds ? "reason" : "reason past"}>
    {at !== undefined && (
      <>
        <Ago at={at} now={now} />
        {": "}
      </>
    )}
    {text}
  </span>
)
