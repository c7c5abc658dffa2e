/** Counts over the time up to now, a bar a step; shaded where the page does not know. */
import { useZone } from "../live/Preferences.js"
import * as WallClock from "../model/WallClock.js"

export interface Bar {
  /** Unix milliseconds at which its step begins. */
  readonly from: number
  readonly count: number
  readonly title?: string
}

export interface ActivityStripProps {
  readonly className: string
  readonly title: string
  /** What it comes to, in words. */
  readonly told: string
  /** The same for those who can't see it. */
  readonly label: string
  readonly bars: ReadonlyArray<Bar>
  /** Where nothing is known: the first step and how many. */
  readonly unknown: ReadonlyArray<readonly [at: number, steps: number]>
  /** The highest bar. */
  readonly most: number
  /** Unix milliseconds of its left end. */
  readonly begin: number
  readonly loaded: boolean
}

export const ActivityStrip = ({
  bars,
  begin,
  className,
  label,
  loaded,
  most,
  title,
  told,
  unknown
}: ActivityStripProps) => {
  const zone = useZone()
  return (
    <div className={`activity ${className}`}>
      <div className="meta activity-head">
        <span>{title}</span>
        <span>{told}</span>
      </div>
      <svg
        viewBox={`0 0 ${bars.length} 40`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
        data-loaded={loaded}
      >
        {unknown.map(([at, steps]) => (
          <rect key={at} className="unknown" x={at} y="0" width={steps} height="40" />
        ))}
        {bars.map(({ count, from, title }, index) =>
          count === 0 ? undefined : (
            <rect
              key={from}
              className="bar"
              x={index + 0.12}
              width="0.76"
              y={40 - Math.max(1.5, (38 * count) / most)}
              height={Math.max(1.5, (38 * count) / most)}
            >
              {title === undefined ? undefined : <title>{title}</title>}
            </rect>
          )
        )}
      </svg>
      <div className="meta mono activity-foot">
        <span>{WallClock.time(begin, zone).slice(0, 5)}</span>
        <span>now</span>
      </div>
    </div>
  )
}
