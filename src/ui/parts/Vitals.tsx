/** Is data coming in, now, and will it last: the first line of the first page. */
import type { ReactNode } from "react"
import { followLink } from "../live/Address.js"
import type { Feed } from "../live/EventFeed.js"
import { useStats } from "../live/OutboxFeed.js"
import { useZone } from "../live/Preferences.js"
import type { Sample } from "../live/SiteFeed.js"
import { stepMillis, steps } from "../model/Activity.js"
import { pathOf } from "../model/Address.js"
import { oldestOf, queueWords } from "../model/Outgoing.js"
import { bytes, count, duration, rate } from "../model/Quantity.js"
import * as WallClock from "../model/WallClock.js"
import { ActivityStrip } from "./ActivityStrip.js"

export interface VitalsProps {
  readonly sample: Sample | undefined
  readonly feed: Feed
  readonly now: number
}

export const Vitals = ({ feed, now, sample }: VitalsProps) => {
  const zone = useZone()
  const status = sample?.status
  const telemetry = status?.telemetry
  const last =
    telemetry?.lastDurableAt === undefined ? feed.arrivedAt : Math.max(telemetry.lastDurableAt, feed.arrivedAt ?? 0)
  return (
    <section className="panel vitals" aria-label="Is data coming in">
      <Vital
        label="Last durable write"
        value={last === undefined ? "–" : duration(now - last)}
        unit={last === undefined ? "" : "ago"}
        note={
          status === undefined
            ? "asking the site"
            : last === undefined
              ? "nothing written since the start"
              : telemetry?.lastSyncMillis === undefined
                ? WallClock.full(last, zone)
                : `synced in ${telemetry.lastSyncMillis.toFixed(1)} ms`
        }
        title={last === undefined ? undefined : WallClock.full(last, zone)}
      />
      <Vital
        label="Events"
        value={sample?.eventsPerSecond === undefined ? "–" : rate(sample.eventsPerSecond)}
        unit="per second"
        note={telemetry === undefined ? "" : `${count(telemetry.eventsAccepted)} since the start`}
        title={telemetry === undefined ? undefined : `${telemetry.pendingEvents} waiting for the disk`}
      />
      <Activity feed={feed} now={now} />
      <Disk sample={sample} />
      <Unsent now={now} />
    </section>
  )
}

// ------------------------------------------------------------------------------------------------------------------

interface VitalProps {
  readonly label: string
  readonly value: string
  readonly unit: string
  readonly note: ReactNode
  readonly title?: string | undefined
}

const Vital = ({ label, note, title, unit, value }: VitalProps) => (
  <div className="vital" title={title}>
    <div className="meta">{label}</div>
    <div className="vital-value">
      <span className="mono">{value}</span> <span className="vital-unit">{unit}</span>
    </div>
    <div className="meta">{note}</div>
  </div>
)

const Disk = ({ sample }: { readonly sample: Sample | undefined }) => {
  const status = sample?.status
  if (status === undefined) return <Vital label="Disk left" value="–" unit="" note="" />
  const { free, total } = status.disk
  const [value, unit] = bytes(free).split(" ")
  const share = total > 0 ? Math.round((100 * free) / total) : undefined
  const days = lasting(status.telemetry.bytesWritten, status.now - status.startedAt, free)
  return (
    <Vital
      label="Disk left"
      value={value ?? ""}
      unit={unit ?? ""}
      note={
        <>
          {share === undefined ? "" : `${share} % of ${bytes(total)}`}
          {days === undefined ? "" : `, ${days} at this rate`}
        </>
      }
      title={`${bytes(status.telemetry.bytesWritten)} written since the start`}
    />
  )
}

/** How long the outside has been waiting for something. */
const Unsent = ({ now }: { readonly now: number }) => {
  const zone = useZone()
  const [{ value }] = useStats()
  const oldest = value === undefined ? undefined : oldestOf(value)
  return (
    <Vital
      label="Oldest unsent message"
      value={oldest === undefined ? "–" : duration(now - oldest)}
      unit=""
      note={
        <a className="meta" href={pathOf("outbox")} onClick={followLink}>
          {value === undefined ? "" : queueWords(value)}
        </a>
      }
      title={oldest === undefined ? undefined : WallClock.full(oldest, zone)}
    />
  )
}

/** How long the disk lasts; told once the rate means something. */
const lasting = (written: number, millis: number, free: number): string | undefined => {
  if (written < 1024 || millis < 600_000) return undefined
  const days = free / (written / millis) / 86_400_000
  return days > 3_650 ? "over 10 years" : days > 730 ? `${Math.round(days / 365)} years` : `${Math.floor(days)} days`
}

/** The events of the last ten minutes, five seconds a bar. */
const Activity = ({ feed, now }: { readonly feed: Feed; readonly now: number }) => {
  const bars = feed.store.activity.upTo(now)
  const most = Math.max(1, ...bars.map(({ events }) => events))
  const total = bars.reduce((sum, { events }) => sum + events, 0)
  const unknown = bars.filter(({ from }) => feed.store.knownSince !== undefined && from < feed.store.knownSince).length
  return (
    <ActivityStrip
      className="vital"
      title="Last 10 minutes"
      told={
        !feed.loaded
          ? "reading the log"
          : total === 0
            ? "no event"
            : `${count(total)} events, at most ${rate((most * 1000) / stepMillis)} per second`
      }
      label={`${count(total)} events in the last ten minutes`}
      bars={bars.map(({ events, from }) => ({ from, count: events }))}
      unknown={unknown > 0 ? [[0, unknown]] : []}
      most={most}
      begin={now - steps * stepMillis}
      loaded={feed.loaded}
    />
  )
}
