/** A series' days as cells, a year a band: the arrow keys move the chosen day, a pointer asks about any. */
import { useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react"
import {
  dateOf,
  dayMillis,
  moved,
  placeOf,
  tally,
  told,
  type Day,
  type DayState,
  type Year
} from "../model/CoverageCalendar.js"
import { count } from "../model/Quantity.js"

const step = 13
const side = 11
const labelWidth = 34

export interface CalendarProps {
  readonly years: ReadonlyArray<Year>
  /** Beside what is said of the chosen day. */
  readonly onDay: (day: Day) => ReactNode
}

export const Calendar = ({ onDay, years }: CalendarProps) => {
  const newest = years[0]?.days.at(-1)?.at ?? 0
  const oldest = years.at(-1)?.days[0]?.at ?? newest
  const [chosen, setChosen] = useState<number | undefined>(undefined)
  const [pointed, setPointed] = useState<number | undefined>(undefined)
  const at = Math.min(newest, Math.max(oldest, chosen ?? newest))
  const shown = dayAt(years, pointed ?? at)
  const here = dayAt(years, at)
  const box = useRef<HTMLDivElement>(null)
  // Where there is no room for a whole year the chosen day is in view, at first the newest.
  useLayoutEffect(() => {
    const cell = box.current?.querySelector("[data-chosen=true]")
    if (box.current === null || !(cell instanceof SVGElement)) return
    const [outer, inner] = [box.current.getBoundingClientRect(), cell.getBoundingClientRect()]
    if (inner.right > outer.right) box.current.scrollLeft += inner.right - outer.right + 4
    if (inner.left < outer.left + labelWidth) box.current.scrollLeft -= outer.left + labelWidth - inner.left + 4
    if (inner.bottom > outer.bottom) box.current.scrollTop += inner.bottom - outer.bottom + 4
    if (inner.top < outer.top) box.current.scrollTop -= outer.top - inner.top + 4
  }, [at])
  const press = (event: KeyboardEvent) => {
    const target = moved(at, event.key, oldest, newest)
    if (target === undefined) return
    event.preventDefault()
    setPointed(undefined)
    setChosen(target)
  }
  return (
    <>
      <div
        className="calendar"
        ref={box}
        tabIndex={0}
        role="group"
        aria-label="Days of the series; the arrow keys move from day to day"
        aria-describedby="calendar-day"
        onKeyDown={press}
        onPointerLeave={() => setPointed(undefined)}
      >
        {years.map(({ days, year }) => (
          <div className="calendar-year" key={year}>
            <span className="meta mono">{year}</span>
            <svg viewBox={`0 0 ${53.9 * step} ${7 * step}`} aria-hidden="true">
              <Patterns />
              {days.map((day) => (
                <Cell key={day.at} day={day} chosen={day.at === at} onPoint={setPointed} onChoose={setChosen} />
              ))}
            </svg>
          </div>
        ))}
      </div>
      <div className="calendar-foot">
        <span id="calendar-day" aria-live="polite">
          {shown !== undefined && (
            <>
              <span className="mono">{dateOf(shown.at)}</span> <span className="meta">{told(shown)}</span>
            </>
          )}
        </span>
        {here !== undefined && onDay(here)}
      </div>
      <Key years={years} />
    </>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const words: Readonly<Record<DayState, string>> = {
  fetched: "fetched",
  empty: "confirmed empty",
  partly: "partly",
  failed: "failed",
  unknown: "unknown"
}

const dayAt = (years: ReadonlyArray<Year>, at: number): Day | undefined => {
  const year = new Date(at).getUTCFullYear()
  const days = years.find((entry) => entry.year === year)?.days
  const first = days?.[0]
  return first === undefined ? undefined : days?.[Math.round((at - first.at) / dayMillis)]
}

interface CellProps {
  readonly day: Day
  readonly chosen: boolean
  readonly onPoint: (at: number) => void
  readonly onChoose: (at: number) => void
}

const Cell = ({ chosen, day, onChoose, onPoint }: CellProps) => {
  const { row, week } = placeOf(day.at)
  return (
    <rect
      className="day"
      data-day={dateOf(day.at)}
      data-state={day.state}
      data-chosen={chosen}
      x={week * step + 1}
      y={row * step + 1}
      width={side}
      height={side}
      rx="2"
      onPointerEnter={() => onPoint(day.at)}
      onClick={() => onChoose(day.at)}
    />
  )
}

/** What tells the states apart where colours don't: hatching, a half, a dot, nothing. */
const Patterns = () => (
  <defs>
    <pattern id="day-failed" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect className="pattern-ground" width="4" height="4" />
      <rect className="pattern-failed" width="2" height="4" />
    </pattern>
    <pattern
      id="day-partly"
      width={side}
      height={side}
      patternContentUnits="objectBoundingBox"
      patternUnits="objectBoundingBox"
    >
      <rect className="pattern-ground" width="1" height="1" />
      <path className="pattern-fetched" d="M0 1V0L1 1z" />
    </pattern>
    <pattern id="day-empty" width="1" height="1" patternContentUnits="objectBoundingBox">
      <rect className="pattern-ground" width="1" height="1" />
      <circle className="pattern-fetched" cx="0.5" cy="0.5" r="0.18" />
    </pattern>
  </defs>
)

const Key = ({ years }: { readonly years: ReadonlyArray<Year> }) => {
  const counts = tally(years)
  const states: ReadonlyArray<DayState> = ["fetched", "empty", "partly", "failed", "unknown"]
  return (
    <ul className="calendar-key meta" aria-label="Days of each state">
      {states.map((state) => (
        <li key={state}>
          <svg viewBox="0 0 13 13" width="13" height="13" aria-hidden="true">
            <rect className="day" data-state={state} x="1" y="1" width={side} height={side} rx="2" />
          </svg>
          {words[state]} <span className="mono">{count(counts[state])}</span>
        </li>
      ))}
    </ul>
  )
}
