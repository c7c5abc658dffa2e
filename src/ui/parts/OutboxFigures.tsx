/** How much waits, for how long, how much room is left, and what was delivered in each minute of the last hour. */
import type { ReactNode } from "react"
import type { Figures, Receipts } from "../live/OutboxFeed.js"
import { useZone } from "../live/Preferences.js"
import { minutes, perMinute } from "../model/Deliveries.js"
import { fullness, oldestOf } from "../model/Outgoing.js"
import { bytes, count, counted, duration } from "../model/Quantity.js"
import * as WallClock from "../model/WallClock.js"

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
  const unknown = bars.some(({ messages }) => messages === undefined)
  return (
    <div className="activity delivered">
      <div className="meta activity-head">
        <span>Delivered per minute{uplink === undefined ? "" : ` by ${uplink}`}</span>
        <span>
          {!isKnown
            ? "reading the receipts"
            : `${unknown ? "at least " : ""}${counted(total, "message")} in the last hour`}
        </span>
      </div>
      <svg
        viewBox={`0 0 ${minutes} 40`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${count(total)} messages delivered in the last hour, at most ${count(most)} a minute`}
      >
        {bars.map(({ from, messages }, index) =>
          messages === undefined ? (
            <rect key={from} className="unknown" x={index} y="0" width="1" height="40" />
          ) : messages === 0 ? undefined : (
            <rect
              key={from}
              className="bar"
              x={index + 0.12}
              width="0.76"
              y={40 - Math.max(1.5, (38 * messages) / most)}
              height={Math.max(1.5, (38 * messages) / most)}
            >
              <title>{`${WallClock.time(from, zone).slice(0, 5)}: ${counted(messages, "message")}`}</title>
            </rect>
          )
        )}
      </svg>
      <div className="meta mono activity-foot">
        <span>{WallClock.time(now - minutes * 60_000, zone).slice(0, 5)}</span>
        <span>now</span>
      </div>
    </div>
  )
}
