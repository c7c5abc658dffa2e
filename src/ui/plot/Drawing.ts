/** A uPlot without chrome: thin axes, gaps as gaps, runs as bands, a crosshair shared by all plots of the page. */
import uPlot from "uplot"
import { onAxis, type Unit } from "../model/Quantity.js"
import type { Zone } from "../model/WallClock.js"

export interface Band {
  /** Unix milliseconds. */
  readonly from: number
  readonly to: number
}

export interface StripInput {
  readonly host: HTMLElement
  readonly width: number
  readonly height: number
  /** Room at the right for the names and values. */
  readonly labels: number
  readonly lines: number
  readonly unit: Unit
  readonly timeAxis: boolean
  /** Read at every drawing. */
  readonly range: () => readonly [number, number]
  readonly bands: () => ReadonlyArray<Band>
  readonly zone: () => Zone
  readonly onZoom: (from: number, to: number) => void
  readonly onFollow: () => void
  /** How far from the crosshair, in milliseconds, a row may be and still be told. */
  readonly reach: () => number
  /** The time under the crosshair (Unix milliseconds) and the row there, or null. */
  readonly onCursor: (at: number | undefined, row: number | null) => void
  readonly onDraw: (plot: uPlot) => void
}

export const axisWidth = 66
const axisHeight = 22

export const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

export const make = (input: StripInput): uPlot =>
  new uPlot(
    {
      width: input.width,
      height: input.height,
      padding: [8, input.labels, input.timeAxis ? 0 : 4, 0],
      legend: { show: false },
      tzDate: (seconds) =>
        input.zone() === "utc" ? uPlot.tzDate(new Date(seconds * 1e3), "Etc/UTC") : new Date(seconds * 1e3),
      cursor: {
        sync: { key: "page" },
        x: true,
        y: false,
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
        dataIdx: (plot, line, row, at) =>
          isNear(plot, row, at, input.reach()) && plot.data[line]?.[row] != null ? row : null,
        bind: {
          dblclick: () => () => {
            input.onFollow()
            return null
          }
        }
      },
      scales: {
        x: { time: true, range: () => seconds(input.range()) },
        y: {
          range: (_, low, high) =>
            Number.isFinite(low) && Number.isFinite(high) ? padded(low, high, input.unit) : [0, 1]
        }
      },
      axes: [
        {
          size: input.timeAxis ? axisHeight : 0,
          space: 56,
          incrs: timeSteps,
          gap: 4,
          font: axisFont,
          stroke: () => colour("--muted"),
          grid: { stroke: () => colour("--grid"), width: 1 },
          ticks: { show: false },
          values: input.timeAxis ? timeFormats : (_, splits) => splits.map(() => "")
        },
        {
          size: axisWidth,
          space: 26,
          gap: 6,
          font: axisFont,
          stroke: () => colour("--muted"),
          grid: { stroke: () => colour("--grid"), width: 1 },
          ticks: { show: false },
          ...(input.unit === "bytes" || input.unit === "bytes-per-second" ? { incrs: powersOfTwo } : {}),
          values: (_, splits, __, ___, step) => splits.map((value) => onAxis(value, input.unit, step))
        }
      ],
      series: [
        {},
        ...Array.from({ length: input.lines }, (_, index) => ({
          stroke: () => colour(`--series-${(index % 8) + 1}`),
          width: 1.5,
          spanGaps: false,
          points: { size: 4, fill: () => colour(`--series-${(index % 8) + 1}`) }
        }))
      ],
      hooks: {
        drawClear: [(plot) => drawBands(plot, input.bands())],
        draw: [input.onDraw],
        setCursor: [
          (plot) => {
            const { idx, left } = plot.cursor
            if (idx === undefined || idx === null || left === undefined || left < 0)
              return input.onCursor(undefined, null)
            const at = plot.posToVal(left, "x")
            const near = isNear(plot, idx, at, input.reach())
            input.onCursor(1000 * (near ? (plot.data[0][idx] ?? at) : at), near ? idx : null)
          }
        ],
        setSelect: [
          (plot) => {
            if (plot.select.width < 4) return
            input.onZoom(
              plot.posToVal(plot.select.left, "x") * 1000,
              plot.posToVal(plot.select.left + plot.select.width, "x") * 1000
            )
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          }
        ]
      }
    },
    [[], ...Array.from({ length: input.lines }, () => [])],
    input.host
  )

// ------------------------------------------------------------------------------------------------------------------

export const axisFont =
  '11px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace'

/** Steps between bytes that come out even in binary units. */
const powersOfTwo = Array.from({ length: 60 }, (_, power) => 2 ** power)

const hour = 3600
const day = 24 * hour
const timeSteps = [
  0.01,
  0.1,
  0.5,
  1,
  2,
  5,
  10,
  15,
  30,
  60,
  120,
  300,
  600,
  900,
  1800,
  hour,
  2 * hour,
  6 * hour,
  day,
  2 * day,
  7 * day,
  30 * day,
  90 * day,
  365 * day
]
const timeFormats: uPlot.Axis.Values = [
  [30 * day, "{YYYY}-{MM}", null, null, null, null, null, null, 1],
  [day, "{MM}-{DD}", null, null, null, null, null, null, 1],
  [hour, "{HH}:{mm}", null, null, null, null, null, null, 1],
  [60, "{HH}:{mm}", null, null, null, null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 1],
  [0.001, "{ss}.{fff}", null, null, null, null, null, null, 1]
]

const seconds = ([from, to]: readonly [number, number]): [number, number] => [from / 1000, to / 1000]

const isNear = (plot: uPlot, row: number, at: number, reach: number): boolean =>
  Math.abs((plot.data[0][row] ?? Number.POSITIVE_INFINITY) - at) * 1000 <= reach

const padded = (low: number, high: number, unit: Unit): [number, number] => {
  // A hundredth of a percent up and down is no mountain.
  if (unit === "percent" && high - low < 1) {
    const middle = (low + high) / 2
    return [middle - 0.5, middle + 0.5]
  }
  if (low === high) {
    const room = low === 0 ? 1 : Math.abs(low) * 0.1
    return [low - room, high + room]
  }
  const room = (high - low) * 0.08
  // Zero is a floor people expect where the values come near it.
  return [low >= 0 && low < (high - low) * 0.5 ? 0 : low - room, high + room]
}

const drawBands = (plot: uPlot, bands: ReadonlyArray<Band>): void => {
  const { ctx } = plot
  const { height, left, top, width } = plot.bbox
  ctx.save()
  ctx.fillStyle = colour("--band")
  for (const { from, to } of bands) {
    const start = Math.max(left, plot.valToPos(from / 1000, "x", true))
    const end = Math.min(left + width, plot.valToPos(to / 1000, "x", true))
    if (end > start) ctx.fillRect(start, top, end - start, height)
  }
  ctx.restore()
}
