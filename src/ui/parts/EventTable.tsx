/**
 * The newest events, with a filter. The rows hold still while a pointer or the focus is on them: what is being read does not
 * move away, and the head says how many have come since.
 */
import { useMemo, useRef, useState } from "react"
import type { TelemetryEvent } from "../../domain/TelemetryEvent.js"
import { setQuery, useAddress } from "../live/Address.js"
import type { Feed } from "../live/EventFeed.js"
import { count } from "../model/Quantity.js"
import { oneLine, shorten } from "../model/Shorten.js"
import { Age } from "./Age.js"
import { Empty, Panel } from "./Panel.js"

export interface EventTableProps {
  readonly feed: Feed
  readonly now: number
  readonly rows: number
  /** Only events of this type. */
  readonly type?: string | undefined
  readonly title?: string
}

export const EventTable = ({ feed, now, rows, title = "Latest events", type }: EventTableProps) => {
  const filter = useAddress().searchParams.get("filter") ?? ""
  const [held, setHeld] = useState<ReadonlyArray<TelemetryEvent> | undefined>(undefined)
  const matching = useMemo(() => {
    const wanted = filter.toLowerCase()
    const found: Array<TelemetryEvent> = []
    for (let index = feed.store.recent.length - 1; index >= 0 && found.length < rows; index--) {
      const event = feed.store.recent[index]
      if (event === undefined || (type !== undefined && event.type !== type)) continue
      if (wanted === "" || `${event.type} ${event.seq} ${oneLine(event.data)}`.toLowerCase().includes(wanted)) {
        found.push(event)
      }
    }
    return found
  }, [feed.version, filter, rows, type])
  const latest = useRef(matching)
  latest.current = matching
  const shown = held ?? matching
  const waiting = held === undefined ? 0 : newer(matching, held[0])
  const hold = () => setHeld((before) => before ?? latest.current)
  const release = () => setHeld(undefined)
  return (
    <Panel
      title={title}
      className="event-panel"
      aside={
        <>
          <span className="meta held">
            {held !== undefined &&
              (waiting === 0 ? "held while you read" : `held while you read, ${count(waiting)} new`)}
          </span>
          <input
            type="search"
            className="filter"
            aria-label="Filter events"
            placeholder="Filter by type or data"
            value={filter}
            onChange={(event) => {
              setHeld(undefined)
              setQuery({ filter: event.target.value }, { replace: true })
            }}
          />
        </>
      }
    >
      {shown.length === 0 ? (
        <None feed={feed} filtered={filter !== ""} type={type} />
      ) : (
        <div
          className="table-scroll"
          onPointerEnter={(event) => event.pointerType === "mouse" && hold()}
          onPointerLeave={release}
          onFocus={hold}
          onBlur={release}
        >
          <table className="events">
            <thead>
              <tr>
                <th scope="col">Type</th>
                <th scope="col" className="number">
                  Seq
                </th>
                <th scope="col" className="number">
                  Age
                </th>
                <th scope="col">Data</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((event) => (
                <EventRow key={`${event.stream ?? "site"}.${event.seq}`} event={event} now={now} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const EventRow = ({ event, now }: { readonly event: TelemetryEvent; readonly now: number }) => {
  const at = Date.parse(event.ts)
  const show = () => setQuery({ event: `${event.stream ?? "site"}.${event.seq}` })
  return (
    <tr className="clickable" onClick={show}>
      <td className="mono event-type">
        <button
          type="button"
          className="row-button"
          title={event.type}
          onClick={(press) => {
            press.stopPropagation()
            show()
          }}
        >
          {shorten(event.type, 32)}
        </button>
      </td>
      <td className="mono number">{event.seq}</td>
      <td className="number">{Number.isFinite(at) ? <Age at={at} now={now} /> : event.ts}</td>
      <td className="mono event-data">{shorten(oneLine(event.data), 220)}</td>
    </tr>
  )
}

const newer = (rows: ReadonlyArray<TelemetryEvent>, top: TelemetryEvent | undefined): number => {
  if (top === undefined) return rows.length
  const index = rows.findIndex(({ seq, stream }) => seq === top.seq && stream === top.stream)
  return index < 0 ? rows.length : index
}

const None = ({
  feed,
  filtered,
  type
}: {
  readonly feed: Feed
  readonly filtered: boolean
  readonly type: string | undefined
}) =>
  !feed.loaded ? (
    <Empty>Reading the log…</Empty>
  ) : filtered ? (
    <Empty>None of the newest events matches the filter.</Empty>
  ) : (
    <Empty command={`outpost event post ${type ?? "demo.point"} '{"x": 1, "y": 2}' --url ${location.origin}`}>
      {type === undefined
        ? "No event has come in during this window. Every event a client posts appears here at once. Post one:"
        : `No event of the type ${type} among the newest. Post one:`}
    </Empty>
  )
