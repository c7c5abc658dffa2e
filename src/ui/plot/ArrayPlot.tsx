/** An array of numbers as a line over its places. */
import { useLayoutEffect, useRef } from "react"
import uPlot from "uplot"
import { useTheme } from "../live/Preferences.js"
import { downsample } from "../model/Downsample.js"
import { onAxis } from "../model/Quantity.js"
import { axisFont, axisWidth, colour } from "./Drawing.js"

export interface ArrayPlotProps {
  readonly values: ArrayLike<number>
  readonly height: number
  /** The place under the crosshair, or undefined. */
  readonly onPlace: (place: number | undefined) => void
}

export const ArrayPlot = ({ height, onPlace, values }: ArrayPlotProps) => {
  const theme = useTheme()
  const host = useRef<HTMLDivElement>(null)
  const drawn = useRef<uPlot | undefined>(undefined)
  const told = useRef(onPlace)
  told.current = onPlace

  useLayoutEffect(() => {
    const element = host.current
    if (element === null) return
    const plot = make(element, height, (place) => told.current(place))
    drawn.current = plot
    const resized = new ResizeObserver(() => plot.setSize({ width: widthOf(element), height }))
    resized.observe(element)
    return () => {
      resized.disconnect()
      plot.destroy()
      drawn.current = undefined
    }
  }, [height])

  useLayoutEffect(() => {
    const plot = drawn.current
    if (plot !== undefined) plot.setData(tableOf(values, 3 * plot.width))
  }, [values, height, theme])

  return <div className="strip" ref={host} />
}

// ------------------------------------------------------------------------------------------------------------------

const widthOf = (element: HTMLElement): number => Math.max(element.clientWidth, 160)

const tableOf = (values: ArrayLike<number>, points: number): [Array<number>, Array<number | null>] => {
  const column = Array.from(values, (value) => (Number.isFinite(value) ? value : undefined))
  const places = Array.from(downsample(column.length, [column], points))
  return [places, places.map((place) => column[place] ?? null)]
}

/** There is nothing between two places. */
const wholeSteps = Array.from({ length: 9 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat()

const make = (host: HTMLElement, height: number, onPlace: (place: number | undefined) => void): uPlot => {
  const axis = {
    font: axisFont,
    stroke: () => colour("--muted"),
    grid: { stroke: () => colour("--grid"), width: 1 },
    ticks: { show: false }
  }
  return new uPlot(
    {
      width: widthOf(host),
      height,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        x: { time: false },
        y: { range: (_, low, high) => (Number.isFinite(low) && Number.isFinite(high) ? roomy(low, high) : [0, 1]) }
      },
      axes: [
        {
          ...axis,
          size: 22,
          gap: 4,
          space: 56,
          incrs: wholeSteps,
          values: (_, splits) => splits.map((split) => String(split))
        },
        {
          ...axis,
          size: axisWidth,
          gap: 6,
          space: 26,
          values: (_, splits, __, ___, step) => splits.map((value) => onAxis(value, "none", step))
        }
      ],
      series: [{}, { stroke: () => colour("--series-1"), width: 1.5, spanGaps: false, points: { show: false } }],
      hooks: {
        setCursor: [
          ({ cursor: { idx, left }, data: [places] }) =>
            onPlace(left === undefined || left < 0 || idx === null || idx === undefined ? undefined : places[idx])
        ]
      }
    },
    [[], []],
    host
  )
}

/** Zero is a floor people expect where all values are above it and some come near. */
const roomy = (low: number, high: number): [number, number] => {
  const room = low === high ? Math.abs(low) * 0.1 || 1 : (high - low) * 0.08
  return [low >= 0 && low - room < (high - low) * 0.5 ? 0 : low - room, high + room]
}
