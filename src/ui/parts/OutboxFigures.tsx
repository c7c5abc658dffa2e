/** How much waits, for how long, how much room is left, and what was delivered in each minute of the last hour. */
import type { ReactNode } from "react"
import type { Figures, Receipts } from "../live/OutboxFeed.js"
import { useZone } from "../live/Preferences.js"
import { minutes, perMinute } from "../model/Deliveries.js"
import { fullness, oldestOf } from "../model/Outgoing.js"
import { bytes, count, counted, duration } from "../model/Quantity.js"
import * as WallClock from "../model/WallClock.js"
import { ActivityStrip } from "./ActivityStrip.js"

export interface OutboxFiguresProps {
  readonly figures: Figures
  /** Undefined until they are here. */
  readonly receipts: Receipts | undefined
  readonly uplink: string | undefined
  readonly now: number
}

export const OutboxFigures = ({ figures, now, receipts, uplink }: OutboxFiguresProps) => {
  const { stats } = figures
  const oldest = oldestOf(stats)
  const zone = useZone()
  return (
    <>
      <dl className="figures pad">
        <Figure name="Queued" note={bytes(stats.bytes)}>
          {count(stats.messages)}
        </Figure>
        <Figure name="Oldest" note={oldest === undefined ? "nothing waits" : WallClock.dateTime(oldest, zone)}>
          {oldest === undefined ? "–" : duration(now - oldest)}
        </Figure>
        <Figure
          name="Room taken"
          note={`of ${count(stats.max_messages)}, ${bytes(stats.max_bytes)}`}
          bad={fullness(stats) > 0.9}
        >
          {percent(fullness(stats))}
        </Figure>
        <Figure name="Dropped" note="for want of room" bad={stats.dropped > 0}>
          {count(stats.dropped)}
        </Figure>
        <Figure name="Expired" note="too old to be sent">
          {count(stats.expired)}
        </Figure>
      </dl>
      <Strip
        bars={perMinute(receipts?.newest ?? [], receipts?.whole === true, figures.history, now)}
        isKnown={receipts !== undefined}
        uplink={uplink}
        now={now}
      />
    </>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const percent = (share: number): string =>
  share === 0 ? "0 %" : share < 0.001 ? "<0.1 %" : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`

interface FigureProps {
  readonly name: string
  readonly note: string
  readonly bad?: boolean
  readonly children: ReactNode
}

const Figure = ({ bad = false, children, name, note }: FigureProps) => (
  <div className="figure-cell" data-figure={name} data-bad={bad}>
    <dt className="meta">{name}</dt>
    <dd className="mono figure-value">{children}</dd>
    <dd className="meta note" title={note}>
      {note}
    </dd>
  </div>
)

interface StripProps {
  readonly bars: ReturnType<typeof perMinute>
  /** Whether receipts are here to be counted. */
  readonly isKnown: boolean
  readonly uplink: string | undefined
  readonly now: number
}

/** A bar a minute; shaded where nobody knows. */
const Strip = ({ bars, isKnown, now, uplink }: StripProps) => {
  const zone = useZone()
  const most = Math.max(1, ...bars.map(({ messages = 0 }) => messages))
  const total = bars.reduce((sum, { messages = 0 }) => sum + messages, 0)
  const unknown = bars.flatMap(({ messages }, index) => (messages === undefined ? [[index, 1] as const] : []))
  return (
    <ActivityStrip
      className="delivered"
      title={`Delivered per minute${uplink === undefined ? "" : ` by ${uplink}`}`}
      told={
        !isKnown
          ? "reading the receipts"
          : `${unknown.length > 0 ? "at least " : ""}${counted(total, "message")} in the last hour`
      }
      label={`${count(total)} messages delivered in the last hour, at most ${count(most)} a minute`}
      bars={bars.map(({ from, messages = 0 }) => ({
        from,
        count: messages,
        title: `${WallClock.time(from, zone).slice(0, 5)}: ${counted(messages, "message")}`
      }))}
      unknown={unknown}
      most={most}
      begin={now - minutes * 60_000}
      loaded={isKnown}
    />
  )
}
