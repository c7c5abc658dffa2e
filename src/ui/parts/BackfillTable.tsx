/** All backfills, the newest first. */
import type { BackfillRecord } from "../../domain/Backfill.js"
import { followLink, go } from "../live/Address.js"
import type { Backfills } from "../live/BackfillFeed.js"
import { pathOf } from "../model/Address.js"
import { isUnderWay, pairsOf } from "../model/BackfillState.js"
import { paceOf, remaining } from "../model/Pace.js"
import { count, duration } from "../model/Quantity.js"
import { shorten } from "../model/Shorten.js"
import { Age } from "./Age.js"
import { BackfillBar, BackfillMark } from "./BackfillMark.js"

/** Rows shown; the server forgets what is older than its newest hundred or so by itself. */
const most = 200

export interface BackfillTableProps {
  readonly records: ReadonlyArray<BackfillRecord>
  readonly samples: Backfills["samples"]
  readonly chosen: string | undefined
  readonly now: number
}

export const BackfillTable = ({ chosen, now, records, samples }: BackfillTableProps) => (
  <div className="table-scroll">
    <table className="backfills">
      <thead>
        <tr>
          <th scope="col">Backfill</th>
          <th scope="col">State</th>
          <th scope="col">Windows</th>
          <th scope="col" className="number wide-only">
            Left
          </th>
          <th scope="col" className="number wide-only">
            Rows
          </th>
          <th scope="col" className="number">
            Failed
          </th>
          <th scope="col" className="number wide-only">
            Started
          </th>
        </tr>
      </thead>
      <tbody>
        {records.slice(0, most).map((record) => (
          <tr
            key={record.id}
            className="clickable"
            data-chosen={record.id === chosen}
            data-backfill={record.id}
            onClick={() => go(pathOf("backfill", record.id))}
          >
            <td className="mono">
              <a
                href={pathOf("backfill", record.id)}
                title={record.id}
                aria-current={record.id === chosen ? "true" : undefined}
                onClick={(event) => {
                  event.stopPropagation()
                  followLink(event)
                }}
              >
                {nameOf(record)}
              </a>
            </td>
            <td>
              <BackfillMark record={record} />
            </td>
            <td>
              <BackfillBar record={record} />
            </td>
            <td className="mono number wide-only">{left(record, samples, now)}</td>
            <td className="mono number wide-only">{count(record.rows)}</td>
            <td className="mono number" data-bad={record.failed > 0}>
              {count(record.failed)}
            </td>
            <td className="number wide-only">
              <Age at={record.started_at * 1000} now={now} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)

/** `~12 min`, or `>12 min` where there is more to do than is planned yet. */
export const left = (record: BackfillRecord, samples: Backfills["samples"], now: number): string => {
  if (!isUnderWay(record)) return ""
  const rest = remaining(record, paceOf(samples.get(record.id) ?? [], now))
  return rest === undefined ? "–" : `${rest.atLeast ? ">" : "~"}${duration(Math.max(1_000, rest.millis))}`
}

// ------------------------------------------------------------------------------------------------------------------

const nameOf = (record: BackfillRecord): string => {
  const pairs = pairsOf(record)
  const [first] = pairs
  if (first === undefined) return shorten(record.id, 28)
  return pairs.length === 1 ? shorten(first, 28) : `${shorten(first, 20)} +${pairs.length - 1}`
}
