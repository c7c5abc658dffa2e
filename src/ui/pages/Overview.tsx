/** Is data coming in, is anything wrong, what is running, and what happened. */
import { followLink } from "../live/Address.js"
import type { Feed } from "../live/EventFeed.js"
import type { Sample } from "../live/SiteFeed.js"
import { alarmsOf } from "../model/Alarms.js"
import { pathOf } from "../model/Address.js"
import { AlarmList } from "../parts/AlarmList.js"
import { CollectorPanel } from "../parts/CollectorPanel.js"
import { EventTable } from "../parts/EventTable.js"
import { History } from "../parts/History.js"
import { Panel } from "../parts/Panel.js"
import { Plots } from "../parts/Plots.js"
import { RunPanel } from "../parts/RunPanel.js"
import { TreeView } from "../parts/TreeView.js"
import { Vitals } from "../parts/Vitals.js"

export interface PageProps {
  readonly sample: Sample | undefined
  readonly feed: Feed
  readonly now: number
}

export const Overview = ({ feed, now, sample }: PageProps) => (
  <div className="overview">
    <h1 className="hidden-label">Overview</h1>
    <Vitals sample={sample} feed={feed} now={now} />
    {sample !== undefined && <AlarmList alarms={alarmsOf(sample.status)} now={now} />}
    <div className="overview-side">
      <RunPanel now={now} />
      <CollectorPanel now={now} />
      <Panel
        title="Supervision tree"
        aside={
          <a className="meta" href={pathOf("system")} onClick={followLink}>
            system
          </a>
        }
      >
        {sample === undefined ? (
          <p className="meta pad">asking the site</p>
        ) : (
          <TreeView nodes={sample.status.tree} now={now} />
        )}
      </Panel>
      <History now={now} version={sample?.status.telemetry.seq.system} rows={8} />
    </div>
    <div className="overview-main">
      <Plots feed={feed} now={now} most={6} />
      <EventTable feed={feed} now={now} rows={40} />
    </div>
  </div>
)
