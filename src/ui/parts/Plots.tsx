/** The plots of all event types that bear numbers, as small multiples over one stretch of time. */
import { useMemo } from "react"
import { followLink } from "../live/Address.js"
import { horizons, type Feed } from "../live/EventFeed.js"
import { useRuns } from "../live/SiteFeed.js"
import { pathOf } from "../model/Address.js"
import { count } from "../model/Quantity.js"
import { followAgain, setWindow, useRange, type Range } from "../plot/Range.js"
import { TypePlot } from "../plot/TypePlot.js"
import type { Band } from "../plot/Drawing.js"
import { Empty, Panel, Problem } from "./Panel.js"

export interface PlotsProps {
  readonly feed: Feed
  readonly now: number
  /** Plots beyond so many are left to the telemetry page. */
  readonly most?: number
  /** Only this type, large. */
  readonly type?: string
  readonly title?: string
}

export const Plots = ({ feed, most = Number.POSITIVE_INFINITY, now, title = "Telemetry", type }: PlotsProps) => {
  const range = useRange(now)
  const bands = useBands(range)
  const all = feed.store.plotted
  const shown = type === undefined ? all.slice(0, most) : all.filter((series) => series.type === type)
  return (
    <Panel
      title={title}
      className="plots-panel"
      aside={
        <>
          {feed.passedOver > 0 && (
            <span className="meta">{count(feed.passedOver)} events passed over: too many at once</span>
          )}
          {all.length > shown.length && type === undefined && (
            <a className="meta" href={pathOf("telemetry")} onClick={followLink}>
              all {count(all.length)} types
            </a>
          )}
          <RangeControl range={range} />
        </>
      }
    >
      {feed.problem !== undefined && <Problem>The log can't be read: {feed.problem}. It is tried again.</Problem>}
      {shown.length === 0 ? (
        <NoPlots feed={feed} type={type} />
      ) : (
        <div className={type === undefined ? "plots" : "plots large"}>
          {shown.map((series) => (
            <TypePlot
              key={series.type}
              series={series}
              version={feed.version}
              now={now}
              range={range}
              bands={bands}
              height={type === undefined ? smallHeight : undefined}
              most={type === undefined ? 2 : Number.POSITIVE_INFINITY}
            />
          ))}
        </div>
      )}
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

/** Cards of like height, whatever they hold. */
const smallHeight = 208

const windowName = (minutes: number): string => (minutes < 60 ? `${minutes} min` : `${minutes / 60} h`)

const RangeControl = ({ range }: { readonly range: Range }) => (
  <div className="range">
    {!range.following && (
      <button type="button" className="small button primary" onClick={followAgain}>
        Follow
      </button>
    )}
    <div className="switch" role="group" aria-label="Time range">
      {horizons.map((minutes) => (
        <button
          key={minutes}
          type="button"
          aria-pressed={range.following && range.window === minutes}
          onClick={() => setWindow(minutes)}
        >
          {windowName(minutes)}
        </button>
      ))}
    </div>
  </div>
)

const useBands = (range: Range): ReadonlyArray<Band> => {
  const runs = useRuns()
  const minute = Math.floor(range.to / 60_000)
  return useMemo(
    () =>
      (runs ?? []).flatMap(({ started_at, stopped_at }) => {
        const from = Date.parse(started_at)
        const to = stopped_at === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(stopped_at)
        return to >= range.from && from <= range.to ? [{ from, to }] : []
      }),
    // The window moves each second: what lies in it changes seldom.
    [runs, minute, range.following]
  )
}

const NoPlots = ({ feed, type }: { readonly feed: Feed; readonly type: string | undefined }) =>
  feed.loaded ? (
    <Empty command={`outpost event post ${type ?? "demo.point"} '{"x": 1, "y": 2}' --url ${location.origin}`}>
      Numbers in events are plotted here, a plot per event type. None has come in during this window. Post one:
    </Empty>
  ) : (
    <Empty>Reading the log…</Empty>
  )
