/** All backfills as they go on, the chosen one beside them, and what is known of each series day by day. */
import { useState } from "react"
import { useBackfills } from "../live/BackfillFeed.js"
import { isUnderWay, newestFirst } from "../model/BackfillState.js"
import { count } from "../model/Quantity.js"
import { BackfillDetail } from "../parts/BackfillDetail.js"
import { BackfillTable } from "../parts/BackfillTable.js"
import { CoveragePanel } from "../parts/CoveragePanel.js"
import { NewBackfill } from "../parts/NewBackfill.js"
import { Empty, Panel, Problem } from "../parts/Panel.js"
import type { PageProps } from "./Overview.js"

export const Backfill = ({ chosen, now, sample }: PageProps & { readonly chosen: string | undefined }) => {
  const { problem, records, samples, tail } = useBackfills()
  const [asking, setAsking] = useState(false)
  const list = newestFirst(records?.values() ?? [])
  const record = chosen === undefined ? list[0] : records?.get(chosen)
  const underWay = list.filter(isUnderWay).length
  return (
    <div className="stack">
      <div className="page-head">
        <h1>Backfill</h1>
        <button type="button" className="button primary" onClick={() => setAsking(true)}>
          New backfill…
        </button>
      </div>
      <div className="backfill-page">
        <Panel
          title="Backfills"
          className="backfill-list"
          aside={
            <span className="meta">
              {records === undefined ? "" : `${count(underWay)} running, ${count(list.length)} in all`}
              {tail === "lost" ? ", reconnecting" : ""}
            </span>
          }
        >
          {problem !== undefined && <Problem>{problem}</Problem>}
          {records === undefined ? (
            problem === undefined && <Empty>Asking the site…</Empty>
          ) : list.length === 0 ? (
            <Empty command={`outpost backfill --url ${location.origin}`}>
              A backfill fetches what is missing of the series that the jobs in the config name, once. There has been
              none. Start one here, or from a shell:
            </Empty>
          ) : (
            <BackfillTable records={list} samples={samples} chosen={record?.id} now={now} />
          )}
        </Panel>
        <CoveragePanel version={`${sample?.status.startedAt ?? 0} ${list.length}`} wanted={record?.series[0]?.series} />
        <div className="stack backfill-chosen">
          {record !== undefined && <BackfillDetail key={record.id} record={record} samples={samples} now={now} />}
          {record === undefined && chosen !== undefined && records !== undefined && (
            <Panel title={chosen}>
              <Empty command="outpost backfill list --collect">
                No backfill {chosen} is in the list. Rounds of schedules are left out of it; a shell shows them:
              </Empty>
            </Panel>
          )}
        </div>
      </div>
      {asking && <NewBackfill onClose={() => setAsking(false)} />}
    </div>
  )
}
