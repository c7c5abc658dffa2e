/** The plots of one event type: a strip per group of fields that can share an axis, one time axis below them. */
import { useEffect, useRef, useState, type RefObject } from "react"
import { followLink } from "../live/Address.js"
import { useZone } from "../live/Preferences.js"
import { pathOf } from "../model/Address.js"
import { groupsOf } from "../model/PlotTable.js"
import { age, duration, measured, unitOf } from "../model/Quantity.js"
import type { TypeSeries } from "../model/TypeSeries.js"
import * as WallClock from "../model/WallClock.js"
import type { Range } from "./Range.js"
import { roomOf, Strip } from "./Strip.js"
import type { Band } from "./Drawing.js"

export interface TypePlotProps {
  readonly series: TypeSeries
  readonly version: number
  readonly now: number
  readonly range: Range
  readonly bands: ReadonlyArray<Band>
  /** Of all strips together; without it each takes what it needs to be read well. */
  readonly height: number | undefined
  /** Strips beyond so many are left to the type's own page. */
  readonly most: number
}

export const TypePlot = ({ bands, height, most, now, series, ...current }: TypePlotProps) => {
  const zone = useZone()
  const figure = useRef<HTMLElement>(null)
  const { drawn, range, version } = useDrawn(figure, current)
  const [pointed, setPointed] = useState<number | undefined>(undefined)
  const groups = useGroups(series)
  const shown = groups.slice(0, most)
  const stripHeight = height === undefined ? 220 : Math.floor(height / Math.max(1, shown.length))
  const wanted = Math.max(0, ...shown.map(roomOf))
  const silence = now - (series.lastAt ?? now)
  const stale = range.following && silence > Math.max(10_000, series.longestSilence)
  const values = series.paths
    .map((path) => `${path} ${measured(series.latest(path) ?? 0, unitOf(series.type, path))}`)
    .join(", ")
  return (
    <figure ref={figure} className="type-plot" data-stale={stale} data-type={series.type}>
      <figcaption>
        <a href={pathOf("telemetry", series.type)} onClick={followLink} className="mono type-name">
          {series.type}
        </a>
        {groups.length > shown.length && <span className="meta">+{groups.length - shown.length} more</span>}
        <span className="meta mono plot-time">
          {pointed !== undefined
            ? WallClock.time(pointed, zone)
            : stale && series.lastAt !== undefined
              ? `silent for ${duration(silence)}, as of ${WallClock.time(series.lastAt, zone)}`
              : `${age(silence)} ago`.replace("now ago", "now")}
        </span>
      </figcaption>
      <div role="img" aria-label={`${series.type}: ${values}`}>
        {!drawn && <div style={{ height: shown.length * stripHeight + 22 }} />}
        {drawn &&
          shown.map((group, index) => (
            <Strip
              key={group.paths.join("\n")}
              series={series}
              group={group}
              wanted={wanted}
              range={range}
              version={version}
              height={Math.max(stripHeight, 15 * group.paths.length + 14) + (index === shown.length - 1 ? 22 : 0)}
              timeAxis={index === shown.length - 1}
              bands={bands}
              onTime={setPointed}
            />
          ))}
      </div>
    </figure>
  )
}

interface Current {
  readonly range: Range
  readonly version: number
}

/** Off the screen nothing is drawn: what was there last stays until it is seen again. */
const useDrawn = (element: RefObject<HTMLElement | null>, current: Current) => {
  const [seen, setSeen] = useState(false)
  const held = useRef<Current & { readonly drawn: boolean }>({ ...current, drawn: false })
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => setSeen(entries.some(({ isIntersecting }) => isIntersecting)),
      {
        rootMargin: "200px"
      }
    )
    if (element.current !== null) observer.observe(element.current)
    return () => observer.disconnect()
  }, [element])
  if (seen) held.current = { range: current.range, version: current.version, drawn: true }
  return held.current
}

/** Regrouped only when a field is new or a size has changed much: nothing jumps while values move. */
const useGroups = (series: TypeSeries) => {
  const held = useRef<{
    readonly series: TypeSeries
    readonly sign: string
    readonly groups: ReturnType<typeof groupsOf>
  }>(undefined)
  const sign = series.paths.map((path) => `${path}:${series.greatest(path) === 0 ? 0 : 1}`).join("\n")
  if (held.current === undefined || held.current.series !== series || held.current.sign !== sign) {
    held.current = { series, sign, groups: groupsOf(series) }
  }
  return held.current.groups
}
