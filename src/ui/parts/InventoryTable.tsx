/** Series on disk, a row each; the chosen row opens onto a plot of its newest rows. */
import { Fragment } from "react"
import type { InventoryEntry } from "../../domain/Collector.js"
import { followLink, go } from "../live/Address.js"
import type { Ordering } from "../live/Order.js"
import { pathOf } from "../model/Address.js"
import { bytes, count, counted } from "../model/Quantity.js"
import { SeriesPlot } from "../plot/SeriesPlot.js"
import { Mark } from "./Mark.js"

/** Rows at once; the filter finds the others. */
const most = 300

export interface InventoryTableProps {
  readonly entries: ReadonlyArray<InventoryEntry>
  readonly chosen: string | undefined
  readonly pending: Ordering["pending"]
  readonly onUpdate: (entry: InventoryEntry) => void
  readonly onBackfill: (entry: InventoryEntry) => void
}

export const InventoryTable = ({ chosen, entries, onBackfill, onUpdate, pending }: InventoryTableProps) => (
  <div className="table-scroll tall">
    <table className="inventory">
      <thead>
        <tr>
          <th scope="col" className="wide-only">
            Source
          </th>
          <th scope="col">Pair</th>
          <th scope="col" className="wide-only">
            Type
          </th>
          <th scope="col" className="wide-only">
            Span
          </th>
          <th scope="col" className="wide-only">
            From
          </th>
          <th scope="col" className="wide-only">
            To
          </th>
          <th scope="col" className="number">
            Rows
          </th>
          <th scope="col" className="number wide-only">
            Size
          </th>
          <th
            scope="col"
            className="number wide-only"
            title="Years or days without a file between the first and the last"
          >
            Gaps
          </th>
          <th scope="col" className="number wide-only" title="Rows that the span says should be there and are not">
            Missing rows
          </th>
          <th scope="col">
            <span className="hidden-label">Orders</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {entries.slice(0, most).map((entry) => (
          <Fragment key={entry.series}>
            <Row
              entry={entry}
              open={entry.series === chosen}
              pending={pending}
              onUpdate={onUpdate}
              onBackfill={onBackfill}
            />
            {entry.series === chosen && (
              <tr>
                <td colSpan={11} className="opened">
                  {entry.unreadable.map(({ path, reason }) => (
                    <p key={path} className="field-problem break pad">
                      {path}: {reason}
                    </p>
                  ))}
                  <SeriesPlot series={entry.series} span={entry.span} version={`${entry.rows} ${entry.last_ts ?? 0}`} />
                </td>
              </tr>
            )}
          </Fragment>
        ))}
      </tbody>
    </table>
  </div>
)

// ------------------------------------------------------------------------------------------------------------------

interface RowProps extends Pick<InventoryTableProps, "pending" | "onUpdate" | "onBackfill"> {
  readonly entry: InventoryEntry
  readonly open: boolean
}

const Row = ({ entry, onBackfill, onUpdate, open, pending }: RowProps) => {
  const address = pathOf("inventory", open ? undefined : entry.series)
  return (
    <tr className="clickable" data-chosen={open} data-series={entry.series} onClick={() => go(address)}>
      <td className="mono wide-only">{entry.exchange}</td>
      <td className="mono">
        <a
          href={address}
          title={entry.series}
          aria-expanded={open}
          onClick={(event) => {
            event.stopPropagation()
            followLink(event)
          }}
        >
          {entry.pair}
        </a>
        <span className="note meta narrow-only">
          {entry.exchange} {entry.type} {entry.span}
        </span>
        {entry.unreadable.length > 0 && (
          <span className="note">
            <Mark shape="triangle" tone="bad" word={`${count(entry.unreadable.length)} unreadable`} />
          </span>
        )}
      </td>
      <td className="wide-only">{entry.type}</td>
      <td className="mono wide-only">{entry.span}</td>
      <td className="mono wide-only">{entry.first ?? "–"}</td>
      <td className="mono wide-only">{entry.last ?? "–"}</td>
      <td className="mono number">{count(entry.rows)}</td>
      <td className="mono number wide-only" title={counted(entry.files, "file")}>
        {bytes(entry.bytes)}
      </td>
      <td className="mono number wide-only" data-bad={entry.gaps > 0}>
        {count(entry.gaps)}
      </td>
      <td
        className="mono number wide-only"
        data-bad={(entry.missing_rows ?? 0) > 0}
        title={entry.holes === null ? "not counted" : `in ${counted(entry.holes, "hole")}`}
      >
        {entry.missing_rows === null ? "–" : count(entry.missing_rows)}
      </td>
      <td className="number">
        <span className="row-orders" onClick={(event) => event.stopPropagation()}>
          <button
            type="button"
            className="small button"
            disabled={pending !== undefined}
            aria-label={`Update ${entry.series}`}
            title="Fetch what is new since the newest row"
            onClick={() => onUpdate(entry)}
          >
            {pending === entry.series ? "Starting…" : "Update"}
          </button>
          <button
            type="button"
            className="small button wide-only"
            aria-label={`Backfill ${entry.series}`}
            onClick={() => onBackfill(entry)}
          >
            Backfill…
          </button>
        </span>
      </td>
    </tr>
  )
}
