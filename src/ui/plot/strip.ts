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
  readonly lines: number
  readonly unit: Unit
  readonly timeAxis: boolean
  /** Read at every drawing. */
  readonly range: () => readonly [number, number]
  readonly bands: () => ReadonlyArray<Band>
  readonly zone: () => Zone
  readonly onZoom: (from: number, to: number) => void
  readonly onFollow: () => void
  /** The row under the crosshair, or null. */
  readonly onCursor: (row: number | null) => void
  readonly onDraw: (plot: uPlot) => void
}

export const labelWidth = (width: number): number => (width < 360 ? 104 : 128)
export const axisWidth = 52
const axisHeight = 22

export const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

export const make = (input: StripInput): uPlot =>
  new uPlot(
    {
      width: input.width,
      height: input.height,
      padding: [8, labelWidth(input.width), input.timeAxis ? 0 : 4, 0],
      legend: { show: false },
      tzDate: (seconds) =>
        input.zone() === "utc" ? uPlot.tzDate(new Date(seconds * 1e3), "Etc/UTC") : new Date(seconds * 1e3),
      cursor: {
        sync: { key: "page" },
        x: true,
        y: false,
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
        bind: {
          dblclick: () => () => {
            input.onFollow()
            return null
          }
        }
      },
      scales: {
        x: { time: true, range: () => input.range().map((at) => at / 1000) as [number, number] },
        y: { range: (_, low, high) => (Number.isFinite(low) && Number.isFinite(high) ? padded(low, high) : [0, 1]) }
      },
      axes: [
        {
          show: input.timeAxis,
          size: axisHeight,
          space: 64,
          gap: 4,
          font: axisFont,
          stroke: () => colour("--muted"),
          grid: { stroke: () => colour("--grid"), width: 1 },
          ticks: { show: false },
          values: timeFormats
        },
        {
          size: axisWidth,
          space: 26,
          gap: 6,
          font: axisFont,
          stroke: () => colour("--muted"),
          grid: { stroke: () => colour("--grid"), width: 1 },
          ticks: { show: false },
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
        setCursor: [(plot) => input.onCursor(plot.cursor.idx ?? null)],
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

const axisFont = '11px ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace'

const hour = 3600
const timeFormats: uPlot.Axis.Values = [
  [24 * hour, "{MM}-{DD}", null, null, null, null, null, null, 1],
  [hour, "{HH}:{mm}", null, null, null, null, null, null, 1],
  [60, "{HH}:{mm}", null, null, null, null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 1],
  [0.001, "{ss}.{fff}", null, null, null, null, null, null, 1]
]

const padded = (low: number, high: number): [number, number] => {
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
