/** One plot of fields that share an axis, with each line's name and value at its end. */
import { useLayoutEffect, useRef, useState } from "react"
import type uPlot from "uplot"
import { useTheme, useZone } from "../live/Preferences.js"
import { spread, tableOf, type Cell, type Group, type Table } from "../model/PlotTable.js"
import { measured, type Unit } from "../model/Quantity.js"
import { shorten } from "../model/Shorten.js"
import type { TypeSeries } from "../model/TypeSeries.js"
import type { Zone } from "../model/WallClock.js"
import { followAgain, zoomTo, type Range } from "./Range.js"
import { axisWidth, make, type Band } from "./Drawing.js"

export interface StripProps {
  readonly series: TypeSeries
  readonly group: Group
  /** Room the names and values of the whole card want: its strips leave the same, so that their times stand in line. */
  readonly wanted: number
  readonly range: Range
  /** Rises when there is something new to draw. */
  readonly version: number
  readonly height: number
  readonly timeAxis: boolean
  readonly bands: ReadonlyArray<Band>
  /** The time under the crosshair in Unix milliseconds, or undefined. */
  readonly onTime: (at: number | undefined) => void
}

export const Strip = (props: StripProps) => {
  const { group, height, series, timeAxis, wanted } = props
  const theme = useTheme()
  const zone = useZone()
  const host = useRef<HTMLDivElement>(null)
  const labels = useRef<HTMLDivElement>(null)
  const live = useRef<Live>({ ...props, zone, table: emptyTable, row: null, pointed: false })
  Object.assign(live.current, props, { zone })
  const drawn = useRef<uPlot | undefined>(undefined)
  const fields = group.paths.join("\n")
  const [outer, setOuter] = useState(400)
  const room = Math.round(Math.min(wanted, Math.max(110, (outer - axisWidth) * 0.45)))

  useLayoutEffect(() => {
    const element = host.current
    if (element === null) return
    const plot = make({
      host: element,
      width: widthOf(element),
      height,
      labels: room,
      lines: group.paths.length,
      unit: group.unit,
      timeAxis,
      range: () => [live.current.range.from, live.current.range.to],
      bands: () => live.current.bands,
      zone: () => live.current.zone,
      onZoom: zoomTo,
      onFollow: followAgain,
      reach: () => {
        const { range, series } = live.current
        return Math.max(series.longestSilence, (range.to - range.from) / 100)
      },
      onCursor: (at, row) => {
        live.current.pointed = at !== undefined
        live.current.row = row
        live.current.onTime(at)
        write(labels.current, plot, live.current)
      },
      onDraw: (plot) => write(labels.current, plot, live.current)
    })
    drawn.current = plot
    const resized = new ResizeObserver(() => {
      const width = widthOf(element)
      setOuter(width)
      if (width === plot.width) return
      plot.setSize({ width, height })
      show(plot, live.current)
    })
    resized.observe(element)
    return () => {
      resized.disconnect()
      plot.destroy()
      drawn.current = undefined
    }
  }, [fields, room, group.unit, height, timeAxis])

  useLayoutEffect(() => {
    if (drawn.current !== undefined) show(drawn.current, live.current)
  }, [props.version, props.range, props.bands, fields, room, height, timeAxis, theme, zone])

  return (
    <div className="strip" ref={host}>
      <div className="strip-labels" ref={labels}>
        {group.paths.map((path, index) => (
          <span key={path} className="strip-label" data-series={(index % 8) + 1} title={`${series.type}: ${path}`}>
            <span className="strip-name">
              {shorten(path, Math.max(6, Math.floor((room - valueRoom(group.unit)) / nameLetter)))}
            </span>{" "}
            <b />
          </span>
        ))}
      </div>
    </div>
  )
}

// ------------------------------------------------------------------------------------------------------------------

type Live = StripProps & { zone: Zone; table: Table; row: number | null; pointed: boolean }

const emptyTable: Table = { x: [], ys: [] }

const widthOf = (element: HTMLElement): number => Math.max(element.clientWidth, 200)

const lineHeight = 15

/** About the widths of letters: of a name, and of a value beside it. */
const nameLetter = 5.8
const valueLetter = 6.7

const valueRoom = (unit: Unit): number => valueLetter * (valueLetters[unit] ?? 8) + 14

const valueLetters: { readonly [unit in Unit]?: number } = { bytes: 8, "bytes-per-second": 10, none: 7 }

/** How much room a group's names and values want. */
export const roomOf = ({ paths, unit }: Group): number =>
  Math.ceil(Math.max(0, ...paths.map((path) => path.length)) * nameLetter + valueRoom(unit))

/** Plots a second of ticks and a whole redraw in one step: the scale follows the data. */
const show = (plot: uPlot, live: Live): void => {
  live.table = tableOf(live.series, live.group.paths, live.range.from, live.range.to, 3 * plot.width)
  plot.batch(() => {
    plot.setData([live.table.x, ...live.table.ys], false)
    plot.setScale("x", { min: live.range.from / 1000, max: live.range.to / 1000 })
  })
}

/** Puts each label at its line's end, with the value under the crosshair or the last one. */
const write = (host: HTMLDivElement | null, plot: uPlot, live: Live): void => {
  if (host === null) return
  const ratio = devicePixelRatio
  const top = plot.bbox.top / ratio
  const height = plot.bbox.height / ratio
  const ends = live.table.ys.map((column) => endOf(column))
  const places = ends.map((end) => (end === undefined ? height : plot.valToPos(end, "y")))
  const spaced = spread(places, lineHeight, Math.max(height, lineHeight * places.length))
  const left = (plot.bbox.left + plot.bbox.width) / ratio + 6
  for (const [index, label] of Array.from(host.children).entries()) {
    if (!(label instanceof HTMLElement)) continue
    label.style.transform = `translate(${left}px, ${top + (spaced[index] ?? 0) - lineHeight / 2}px)`
    const latest = ends[index] ?? live.series.latest(live.group.paths[index] ?? "")
    const value = !live.pointed ? latest : live.row === null ? undefined : live.table.ys[index]?.[live.row]
    const text = value === undefined || value === null ? "–" : measured(value, live.group.unit)
    const shown = label.lastElementChild
    if (shown !== null && shown.textContent !== text) shown.textContent = text
  }
}

const endOf = (column: ReadonlyArray<Cell>): number | undefined => {
  const last = column.findLast((value) => typeof value === "number")
  return last ?? undefined
}
