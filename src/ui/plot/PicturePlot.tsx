/** A two-dimensional array as a picture, with a key to its colours and the value that is pointed at. */
import { useLayoutEffect, useMemo, useRef, useState, type CSSProperties, type PointerEvent } from "react"
import { gradient, pictureOf, type Scale } from "../model/Picture.js"
import { measured } from "../model/Quantity.js"

export interface PicturePlotProps {
  readonly name: string
  readonly values: ArrayLike<number>
  /** Rows and columns. */
  readonly shape: ReadonlyArray<number>
}

export const PicturePlot = ({ name, shape, values }: PicturePlotProps) => {
  const [scale, setScale] = useState<Scale>("most")
  const [pointed, setPointed] = useState<Place | undefined>(undefined)
  const canvas = useRef<HTMLCanvasElement>(null)
  const [rows = 0, columns = 0] = shape
  const picture = useMemo(() => pictureOf(values, [rows, columns], scale), [values, rows, columns, scale])

  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d")
    context?.putImageData(new ImageData(picture.colours, picture.width, picture.height), 0, 0)
  }, [picture])

  const point = (event: PointerEvent<HTMLCanvasElement>) => {
    const { height, left, top, width } = event.currentTarget.getBoundingClientRect()
    const within = (share: number, length: number) => Math.max(0, Math.min(length - 1, Math.floor(share * length)))
    setPointed({
      row: within((event.clientY - top) / height, rows),
      column: within((event.clientX - left) / width, columns)
    })
  }
  const value = pointed === undefined ? undefined : values[pointed.row * columns + pointed.column]
  return (
    <>
      <canvas
        ref={canvas}
        className="picture"
        width={picture.width}
        height={picture.height}
        style={frameOf(shape)}
        role="img"
        aria-label={`${name}: ${rows} rows, ${columns} columns, from ${measured(picture.low)} to ${measured(picture.high)}`}
        onPointerMove={point}
        onPointerLeave={() => setPointed(undefined)}
      />
      <div className="picture-foot">
        <span className="mono">{measured(picture.low)}</span>
        <span className="picture-key" style={{ backgroundImage: gradient() }} aria-hidden="true" />
        <span className="mono">{measured(picture.high)}</span>
        <div className="switch" role="group" aria-label={`Colours of ${name}`}>
          {scales.map(([one, word, title]) => (
            <button key={one} type="button" aria-pressed={one === scale} title={title} onClick={() => setScale(one)}>
              {word}
            </button>
          ))}
        </div>
      </div>
      <p className="meta mono picture-point">
        {pointed === undefined || value === undefined
          ? `${rows} × ${columns}${picture.step > 1 ? `, every ${picture.step}th shown` : ""}`
          : `row ${pointed.row}, column ${pointed.column}: ${Number.isNaN(value) ? "no number" : measured(value)}`}
      </p>
    </>
  )
}

/** As wide as there is room, and no taller than can be overlooked. */
export const frameOf = ([rows = 1, columns = 1]: ReadonlyArray<number>): CSSProperties => ({
  aspectRatio: `${columns} / ${rows}`,
  maxWidth: (tallest * columns) / rows
})

// ------------------------------------------------------------------------------------------------------------------

/** Pixels of the screen. */
const tallest = 480

interface Place {
  readonly row: number
  readonly column: number
}

const scales: ReadonlyArray<readonly [Scale, string, string]> = [
  ["most", "99 %", "Colours from the least to the greatest value but for the outermost half percent on either side"],
  ["all", "all", "Colours from the least to the greatest value"],
  ["log", "log", "Colours by the logarithm of the value above the least"]
]
