/** One backfill in full: what was asked for, how far each series is, and what it says. */
import type { BackfillRecord, StartBackfill } from "../../domain/Backfill.js"
import type { Backfills } from "../live/BackfillFeed.js"
import { isUnderWay } from "../model/BackfillState.js"
import { paceOf } from "../model/Pace.js"
import { count, counted, duration, rate } from "../model/Quantity.js"
import { Time } from "./Age.js"
import { BackfillMark, SeriesBar } from "./BackfillMark.js"
import { BackfillOrders } from "./BackfillOrders.js"
import { left } from "./BackfillTable.js"
import { FailedWindows } from "./FailedWindows.js"
import { LogTail } from "./LogTail.js"
import { Panel } from "./Panel.js"

export interface BackfillDetailProps {
  readonly record: BackfillRecord
  readonly samples: Backfills["samples"]
  readonly now: number
}

export const BackfillDetail = ({ now, record, samples }: BackfillDetailProps) => {
  const pace = paceOf(samples.get(record.id) ?? [], now)
  const started = record.started_at * 1000
  const ended = record.finished_at === null ? undefined : record.finished_at * 1000
  return (
    <>
      <Panel title={record.id} className="backfill-detail" aside={<BackfillMark record={record} />}>
        <div className="pad">
          <BackfillOrders record={record} />
          {record.error !== null && <p className="field-problem break">{record.error}</p>}
          <dl className="facts">
            <dt>Asked for</dt>
            <dd className="break">{askedFor(record.request)}</dd>
            <dt>Started</dt>
            <dd>
              <Time at={started} />
            </dd>
            <dt>{ended === undefined ? "Lasts" : "Finished"}</dt>
            <dd>
              {ended === undefined ? (
                <span className="mono">{duration(now - started)}</span>
              ) : (
                <>
                  <Time at={ended} /> <span className="meta">after {duration(ended - started)}</span>
                </>
              )}
            </dd>
            <dt>Rows</dt>
            <dd className="mono">
              {count(record.rows)}
              {pace !== undefined && isUnderWay(record) && (
                <span className="meta"> {rate(pace.rowsPerSecond)} per second</span>
              )}
            </dd>
            {isUnderWay(record) && (
              <>
                <dt>Left</dt>
                <dd className="mono">
                  {left(record, samples, now)}
                  {pace !== undefined && (
                    <span className="meta"> {rate(pace.windowsPerSecond)} windows per second</span>
                  )}
                </dd>
              </>
            )}
          </dl>
        </div>
        <ul className="series-progress">
          {record.series.map((series) => (
            <li key={series.series}>
              <span className="mono break">{series.series}</span>
              <SeriesBar series={series} />
              <span className="meta">
                {counted(series.rows, "row")}; {count(series.fetched)} fetched, {count(series.empty)} empty,{" "}
                {count(series.failed)} failed of {counted(series.total, "window")}
              </span>
              {series.error !== null && <span className="field-problem break">{series.error}</span>}
            </li>
          ))}
        </ul>
        <LogTail label="Log of the backfill" of={record.log}>
          {record.log.length === 0 ? "Nothing said yet." : record.log.join("\n")}
        </LogTail>
      </Panel>
      {record.failed > 0 && <FailedWindows id={record.id} failed={record.failed} />}
    </>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const askedFor = (request: StartBackfill): string => {
  const parts = [
    ...list("jobs", request.jobs),
    ...list("series", request.series),
    ...list("pairs", request.pairs ?? undefined),
    ...(request.exchange == null ? [] : [`exchange ${request.exchange}`]),
    ...(request.source === undefined ? [] : [`source ${request.source}`]),
    ...(request.start === undefined ? [] : [`from ${request.start}`]),
    ...(request.end === undefined ? [] : [`to ${request.end}`]),
    ...(request.retry_failed === true ? ["failed windows too"] : []),
    ...(request.limit === undefined ? [] : [`at most ${counted(request.limit, "window")}`])
  ]
  return parts.length === 0 ? "everything that is missing" : parts.join(", ")
}

const list = (name: string, values: ReadonlyArray<string> | undefined): ReadonlyArray<string> =>
  values === undefined || values.length === 0 ? [] : [`${name} ${values.join(", ")}`]
