/** One plot of fields that share an axis, with each line's name and value at its end. */
import { useLayoutEffect, useRef } from "react"
import type uPlot from "uplot"
import { useTheme, useZone } from "../live/Preferences.js"
import { spread, tableOf, type Cell, type Group, type Table } from "../model/PlotTable.js"
import { measured } from "../model/Quantity.js"
import { shorten } from "../model/Shorten.js"
import type { TypeSeries } from "../model/TypeSeries.js"
import { followAgain, zoomTo, type Range } from "./Range.js"
import { labelWidth, make, type Band } from "./strip.js"

export interface StripProps {
  readonly series: TypeSeries
  readonly group: Group
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
  const { group, height, series, timeAxis } = props
  const theme = useTheme()
  const zone = useZone()
  const host = useRef<HTMLDivElement>(null)
  const labels = useRef<HTMLDivElement>(null)
  const live = useRef({ ...props, zone, table: emptyTable, row: null as number | null })
  Object.assign(live.current, props, { zone })
  const drawn = useRef<uPlot | undefined>(undefined)
  const fields = group.paths.join("\n")

  useLayoutEffect(() => {
    const element = host.current
    if (element === null) return
    const plot = make({
      host: element,
      width: Math.max(element.clientWidth, 200),
      height,
      lines: group.paths.length,
      unit: group.unit,
      timeAxis,
      range: () => [live.current.range.from, live.current.range.to],
      bands: () => live.current.bands,
      zone: () => live.current.zone,
      onZoom: zoomTo,
      onFollow: followAgain,
      onCursor: (row) => {
        live.current.row = row
        const at = row === null ? undefined : live.current.table.x[row]
        live.current.onTime(at === undefined ? undefined : at * 1000)
        write(labels.current, plot, live.current)
      },
      onDraw: (plot) => write(labels.current, plot, live.current)
    })
    drawn.current = plot
    const resized = new ResizeObserver(() => {
      const width = Math.max(element.clientWidth, 200)
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
  }, [fields, group.unit, height, timeAxis])

  useLayoutEffect(() => {
    if (drawn.current !== undefined) show(drawn.current, live.current)
  }, [props.version, props.range, props.bands, fields, height, theme, zone])

  return (
    <div className="strip" ref={host}>
      <div className="strip-labels" ref={labels}>
        {group.paths.map((path, index) => (
          <span key={path} className="strip-label" data-series={(index % 8) + 1} title={`${series.type}: ${path}`}>
            <span className="strip-name">{shorten(path, 22)}</span> <b />
          </span>
        ))}
      </div>
    </div>
  )
}

// ------------------------------------------------------------------------------------------------------------------

type Live = StripProps & { table: Table; row: number | null }

const emptyTable: Table = { x: [], ys: [] }

const lineHeight = 15

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
  const left = plot.width - labelWidth(plot.width) + 6
  for (const [index, label] of Array.from(host.children).entries()) {
    if (!(label instanceof HTMLElement)) continue
    label.style.transform = `translate(${left}px, ${top + (spaced[index] ?? 0) - lineHeight / 2}px)`
    const pointed = live.row === null ? undefined : live.table.ys[index]?.[live.row]
    const value = live.row === null ? (ends[index] ?? live.series.latest(live.group.paths[index] ?? "")) : pointed
    const text = value === undefined || value === null ? "–" : measured(value, live.group.unit)
    const shown = label.lastElementChild
    if (shown !== null && shown.textContent !== text) shown.textContent = text
  }
}

const endOf = (column: ReadonlyArray<Cell>): number | undefined => {
  const last = column.findLast((value) => typeof value === "number")
  return last ?? undefined
}
