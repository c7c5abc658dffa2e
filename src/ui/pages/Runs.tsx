/** All runs, newest first, and the chosen one beside them. */
import type { Run } from "../../domain/Run.js"
import { followLink, go } from "../live/Address.js"
import { useRuns } from "../live/SiteFeed.js"
import { pathOf } from "../model/Address.js"
import { count, duration } from "../model/Quantity.js"
import { shorten } from "../model/Shorten.js"
import { Time } from "../parts/Age.js"
import { Json } from "../parts/Json.js"
import { Mark } from "../parts/Mark.js"
import { Empty, Panel } from "../parts/Panel.js"
import { RunPanel } from "../parts/RunPanel.js"
import type { PageProps } from "./Overview.js"

export const Runs = ({ chosen, now, sample }: PageProps & { readonly chosen: string | undefined }) => {
  const runs = useRuns()
  const run = runs?.find(({ run_id }) => run_id === chosen)
  const runSeq = sample?.status.telemetry.seq.run
  return (
    <div className="stack">
      <h1>Runs</h1>
      <div className="beside">
        <Panel title="All runs" aside={<span className="meta">{runs === undefined ? "" : count(runs.length)}</span>}>
          {runs === undefined ? (
            <Empty>Asking the site…</Empty>
          ) : runs.length === 0 ? (
            <Empty command={`outpost run start 001 --meta observer=Ada --url ${location.origin}`}>
              A run is a named stretch of observation with a directory of its own. There has been none. Start one here,
              or from a shell:
            </Empty>
          ) : (
            <RunTable runs={runs} chosen={chosen} now={now} runSeq={runSeq} />
          )}
        </Panel>
        <div className="stack">
          {chosen === undefined ? undefined : run === undefined ? (
            runs !== undefined && (
              <Panel title={chosen}>
                <Empty>No run {chosen} is known.</Empty>
              </Panel>
            )
          ) : (
            <RunDetail run={run} now={now} runSeq={runSeq} />
          )}
          <RunPanel now={now} />
        </div>
      </div>
    </div>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const eventsOf = ({ after_seq, last_seq }: Run, runSeq: number | undefined): number | undefined => {
  const last = last_seq ?? runSeq
  return after_seq === undefined || last === undefined ? undefined : Math.max(0, last - after_seq)
}

const lasted = ({ started_at, stopped_at }: Run, now: number): number =>
  (stopped_at === undefined ? now : Date.parse(stopped_at)) - Date.parse(started_at)

const RunMark = ({ run }: { readonly run: Run }) =>
  run.stopped_at === undefined ? (
    <Mark shape="disc" tone="good" word="active" />
  ) : (
    <Mark shape="square" tone="rest" word="stopped" />
  )

interface RunTableProps {
  readonly runs: ReadonlyArray<Run>
  readonly chosen: string | undefined
  readonly now: number
  readonly runSeq: number | undefined
}

const RunTable = ({ chosen, now, runs, runSeq }: RunTableProps) => (
  <div className="table-scroll tall">
    <table className="runs">
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col">State</th>
          <th scope="col">Started</th>
          <th scope="col" className="number">
            Lasted
          </th>
          <th scope="col" className="number">
            Events
          </th>
          <th scope="col" className="wide-only">
            Directory
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => {
          const events = eventsOf(run, runSeq)
          return (
            <tr
              key={`${run.run_id} ${run.started_at}`}
              className="clickable"
              data-chosen={run.run_id === chosen}
              onClick={() => go(pathOf("runs", run.run_id))}
            >
              <td className="mono">
                <a
                  href={pathOf("runs", run.run_id)}
                  title={run.run_id}
                  onClick={(event) => {
                    event.stopPropagation()
                    followLink(event)
                  }}
                >
                  {shorten(run.run_id, 28)}
                </a>
              </td>
              <td>
                <RunMark run={run} />
              </td>
              <td>
                <Time at={Date.parse(run.started_at)} />
              </td>
              <td className="mono number">{duration(lasted(run, now))}</td>
              <td className="mono number">{events === undefined ? "–" : count(events)}</td>
              <td className="mono wide-only" title={run.run_dir}>
                {shorten(run.run_dir, 44)}
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  </div>
)

interface RunDetailProps {
  readonly run: Run
  readonly now: number
  readonly runSeq: number | undefined
}

const RunDetail = ({ now, run, runSeq }: RunDetailProps) => {
  const events = eventsOf(run, runSeq)
  const exported = (format: string) => `/events/export?run=${encodeURIComponent(run.run_id)}&format=${format}`
  return (
    <Panel title={run.run_id} aside={<RunMark run={run} />}>
      <div className="pad">
        <dl className="facts">
          <dt>Started</dt>
          <dd>
            <Time at={Date.parse(run.started_at)} />
          </dd>
          {run.stopped_at !== undefined && (
            <>
              <dt>Stopped</dt>
              <dd>
                <Time at={Date.parse(run.stopped_at)} />
              </dd>
            </>
          )}
          <dt>Lasted</dt>
          <dd className="mono">{duration(lasted(run, now))}</dd>
          <dt>Events</dt>
          <dd className="mono">{events === undefined ? "–" : count(events)}</dd>
          <dt>Directory</dt>
          <dd className="mono break">{run.run_dir}</dd>
        </dl>
        <p className="links">
          Its events as <a href={exported("ndjson")}>NDJSON</a>, <a href={exported("csv")}>CSV</a>,{" "}
          <a href={exported("parquet")}>Parquet</a>
        </p>
        <h3>Notes</h3>
        <Json value={run.meta} />
      </div>
    </Panel>
  )
}
