/** Numbers in rows and columns as colours: dark is little, bright is much. */

export type Scale = "all" | "most" | "log"

export interface Picture {
  readonly width: number
  readonly height: number
  /** Red, green, blue and opacity of each point, row by row. */
  readonly colours: Uint8ClampedArray<ArrayBuffer>
  /** The values of the darkest and of the brightest colour. */
  readonly low: number
  readonly high: number
  /** So many rows and columns of the array stand in one point. */
  readonly step: number
}

/** A side of a picture has no more points. */
const longestSide = 1_024

/** The numbers, row by row, as a picture. */
export const pictureOf = (
  values: ArrayLike<number>,
  [rows = 0, columns = 0]: ReadonlyArray<number>,
  scale: Scale
): Picture => {
  const step = Math.max(1, Math.ceil(Math.max(rows, columns) / longestSide))
  const [height, width] = [Math.ceil(rows / step), Math.ceil(columns / step)]
  const [low, high] = limitsOf(values, scale)
  const place = placing(low, high, scale)
  const points = new Uint32Array(width * height)
  for (let row = 0, next = 0; row < height; row++) {
    for (let column = 0; column < width; column++, next++) {
      const value = values[row * step * columns + column * step] ?? Number.NaN
      if (Number.isNaN(value)) continue
      points[next] = palette[Math.max(0, Math.min(255, Math.round(255 * place(value))))] ?? 0
    }
  }
  return { width, height, colours: new Uint8ClampedArray(points.buffer), low, high, step }
}

/** The colours from little to much, for a key beside the picture. */
export const gradient = (): string =>
  `linear-gradient(to right, ${stops.map(([red, green, blue]) => `rgb(${red} ${green} ${blue})`).join(", ")})`

// ------------------------------------------------------------------------------------------------------------------

/** A colour map that is as easy to read for those who see few colours, and in print. */
const stops: ReadonlyArray<readonly [number, number, number]> = [
  [68, 1, 84],
  [71, 45, 123],
  [59, 82, 139],
  [44, 114, 142],
  [33, 145, 140],
  [40, 174, 128],
  [94, 201, 98],
  [173, 220, 48],
  [253, 231, 37]
]

/** Each colour as the one number that its four bytes are. */
const palette = new Uint32Array(
  Uint8ClampedArray.from({ length: 4 * 256 }, (_, index) => {
    const channel = index % 4
    if (channel === 3) return 255
    const at = (Math.floor(index / 4) / 255) * (stops.length - 1)
    const before = Math.min(Math.floor(at), stops.length - 2)
    const [from, to] = [stops[before]?.[channel] ?? 0, stops[before + 1]?.[channel] ?? 0]
    return from + (to - from) * (at - before)
  }).buffer
)

/** Points beyond these shares are taken for faults of the detector. */
const faults = 0.005

/** More values than this are not looked at one by one. */
const mostLooked = 65_536

const limitsOf = (values: ArrayLike<number>, scale: Scale): readonly [number, number] => {
  const stride = Math.max(1, Math.floor(values.length / mostLooked))
  const looked: Array<number> = []
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? Number.NaN
    if (!Number.isFinite(value)) continue
    if (value < low) low = value
    if (value > high) high = value
    if (scale === "most" && index % stride === 0) looked.push(value)
  }
  if (low > high) return [0, 1]
  if (scale !== "most") return [low, high]
  const sorted = Float64Array.from(looked).sort()
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]
  return [at(faults) ?? low, at(1 - faults) ?? high]
}

/** Where between 0 and 1 a value stands. */
const placing = (low: number, high: number, scale: Scale): ((value: number) => number) => {
  if (low === high) return () => 0.5
  if (scale !== "log") return (value) => (value - low) / (high - low)
  const whole = Math.log1p(high - low)
  return (value) => Math.log1p(Math.max(0, value - low)) / whole
}
