/** The frame: rail, top bar, and the page the address names. Feeds run while the page is seen. */
import { useEffect, useState } from "react"
import { followLink, useAddress } from "./live/Address.js"
import * as EventFeed from "./live/EventFeed.js"
import { remember, useZone } from "./live/Preferences.js"
import { useSeen } from "./live/Seen.js"
import * as SiteFeed from "./live/SiteFeed.js"
import { useNow } from "./live/Ticking.js"
import { areas, parse } from "./model/Address.js"
import { alarmsOf } from "./model/Alarms.js"
import * as WallClock from "./model/WallClock.js"
import { Backfill } from "./pages/Backfill.js"
import { Config } from "./pages/Config.js"
import { Ensemble } from "./pages/Ensemble.js"
import { Inventory } from "./pages/Inventory.js"
import { Jobs } from "./pages/Jobs.js"
import { Logs } from "./pages/Logs.js"
import { Outbox } from "./pages/Outbox.js"
import { Overview } from "./pages/Overview.js"
import { Procedures } from "./pages/Procedures.js"
import { Runs } from "./pages/Runs.js"
import { Storage } from "./pages/Storage.js"
import { System } from "./pages/System.js"
import { Telemetry } from "./pages/Telemetry.js"
import { Updates } from "./pages/Updates.js"
import { EventSheet } from "./parts/EventSheet.js"
import { Palette } from "./parts/Palette.js"
import { Empty, Problem } from "./parts/Panel.js"
import { Rail } from "./parts/Rail.js"
import { TopBar } from "./parts/TopBar.js"

export const App = () => {
  const now = useNow()
  const zone = useZone()
  const seen = useSeen()
  const { pathname, searchParams } = useAddress()
  const { area, chosen } = parse(pathname, searchParams)
  const feed = EventFeed.useFeed()
  const sample = SiteFeed.useSample()
  const connection = SiteFeed.useConnection(now, feed.tail)
  const [searching, setSearching] = useState(false)

  useEffect(() => {
    if (!seen) return
    const stops = [SiteFeed.start(), EventFeed.start()]
    const leave = () => remember("visit", String(Date.now()))
    addEventListener("pagehide", leave)
    return () => {
      leave()
      removeEventListener("pagehide", leave)
      for (const stop of stops) stop()
    }
  }, [seen])

  const status = sample?.status
  useEffect(() => {
    if (status !== undefined) EventFeed.compare(status.telemetry.seq)
  }, [status?.startedAt])

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      if (document.querySelector("dialog[open]") === null) setSearching(true)
    }
    addEventListener("keydown", press)
    return () => removeEventListener("keydown", press)
  }, [])

  const alarms = sample === undefined ? 0 : alarmsOf(sample.status).length
  const title = `${areas.find((entry) => entry.area === area)?.name ?? "Not found"} · ${sample?.status.siteName ?? "Outpost"}`
  useEffect(() => {
    document.title = `${alarms === 0 ? "" : `▲ ${alarms} · `}${title}`
  }, [title, alarms])

  const stale = connection.state === "stale"
  const props = { sample, feed, now: stale ? (connection.since ?? now) : now }
  return (
    <>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <TopBar
        name={sample?.status.siteName}
        directory={sample?.status.site}
        connection={connection}
        now={now}
        onSearch={() => setSearching(true)}
      />
      <Rail />
      <main id="main" tabIndex={-1} data-stale={stale}>
        {stale && (
          <Problem onRetry={() => void SiteFeed.refresh()}>
            The site does not answer: {connection.problem}.{" "}
            {connection.since === undefined
              ? ""
              : `What stands below is as of ${WallClock.full(connection.since, zone)}. `}
            It is tried again every two seconds.
          </Problem>
        )}
        {area === "overview" && <Overview {...props} />}
        {area === "telemetry" && <Telemetry {...props} chosen={chosen} />}
        {area === "runs" && <Runs {...props} chosen={chosen} />}
        {area === "ensemble" && <Ensemble {...props} />}
        {area === "backfill" && <Backfill {...props} chosen={chosen} />}
        {area === "inventory" && <Inventory {...props} chosen={chosen} />}
        {area === "jobs" && <Jobs {...props} />}
        {area === "procedures" && <Procedures {...props} chosen={chosen} />}
        {area === "outbox" && <Outbox {...props} chosen={chosen} />}
        {area === "storage" && <Storage {...props} />}
        {area === "logs" && <Logs />}
        {area === "config" && <Config {...props} />}
        {area === "system" && <System {...props} chosen={chosen} />}
        {area === "updates" && <Updates {...props} chosen={chosen} />}
        {area === undefined && (
          <Empty>
            There is no page at {pathname}.{" "}
            <a href="/" onClick={followLink}>
              To the overview
            </a>
          </Empty>
        )}
      </main>
      <EventSheet />
      {searching && <Palette sample={sample} feed={feed} onClose={() => setSearching(false)} />}
    </>
  )
}
