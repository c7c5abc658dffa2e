/** What the collector does by itself: schedules, and live streams. */
import { SchedulePanel } from "../parts/SchedulePanel.js"
import { StreamPanel } from "../parts/StreamPanel.js"
import type { PageProps } from "./Overview.js"

export const Jobs = ({ now }: PageProps) => (
  <div className="stack">
    <h1>Jobs</h1>
    <SchedulePanel now={now} />
    <StreamPanel now={now} />
  </div>
)
