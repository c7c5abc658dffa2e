/**
 * A module of workers to begin with: sums the pixels of every frame, and shows one frame a few times a second, with how its
 * pixels are distributed. Takes stream1 (STINS) images and single parts of bytes.
 */
import * as Predicate from "effect/Predicate"
import type { StreamFrames, WorkerEvent, WorkerModule } from "../worker/WorkerModule.js"

/** What goes to the reducer for one event. */
export interface FrameSum {
  readonly frames: number
  readonly pixels: number
  readonly sum: number
  readonly picture?: Picture | undefined
}

export interface Picture {
  readonly stream: string
  readonly shape: ReadonlyArray<number>
  readonly data: Pixels
  /** How many pixels have a value in each of equal parts of the range. */
  readonly histogram: ReadonlyArray<number>
}

type Pixels = Uint8Array | Uint16Array | Uint32Array

/** A module with nothing remembered. */
export const make = (): WorkerModule => {
  const layouts = new Map<string, Layout>()
  const layoutOf = (name: string, frames: StreamFrames["frames"]): Layout | undefined => {
    const known = layouts.get(name)
    if (known !== undefined) return known
    const layout = readLayout(frames)
    if (layout !== undefined) layouts.set(name, layout)
    return layout
  }
  return {
    tickInterval: 0.25,
    start: () => layouts.clear(),
    process: (event: WorkerEvent, _parameters, tick) => {
      let picture: Picture | undefined
      let [frames, pixels, sum] = [0, 0, 0]
      for (const name in event.streams) {
        const parts = event.streams[name]?.frames ?? []
        const layout = layoutOf(name, parts)
        const data = layout && pixelsOf(parts, layout)
        if (layout === undefined || data === undefined) continue
        frames++
        pixels += data.length
        for (let index = 0; index < data.length; index++) sum += data[index] ?? 0
        if (tick && picture === undefined) picture = pictureOf(name, layout, data)
      }
      if (frames === 0) return undefined
      return picture === undefined ? { frames, pixels, sum } : { frames, pixels, sum, picture }
    }
  }
}

// -----------------------------------------------------------------------------

/** How the images of a stream lie in their bytes; the same for a whole scan. */
interface Layout {
  readonly bytes: 1 | 2 | 4
  readonly shape: ReadonlyArray<number> | undefined
}

const sizes: Readonly<Record<string, Layout["bytes"]>> = { uint8: 1, uint16: 2, uint32: 4 }

const readLayout = (frames: StreamFrames["frames"]): Layout | undefined => {
  const [first, second] = frames
  if (first === undefined) return undefined
  const header = parse(first)
  if (header === undefined) return frames.length === 1 ? { bytes: 1, shape: undefined } : undefined
  const bytes = sizes[String(header["type"])]
  if (header["htype"] !== "image" || second === undefined || bytes === undefined) return undefined
  const shape = Array.isArray(header["shape"]) ? header["shape"].map(Number) : undefined
  return { bytes, shape }
}

const parse = (bytes: Uint8Array) => {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"))
    return Predicate.isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The last part. Copied only where it does not lie where such numbers have to lie. */
const pixelsOf = (frames: StreamFrames["frames"], { bytes, shape }: Layout): Pixels | undefined => {
  const part = frames[shape === undefined ? 0 : 1]
  if (part === undefined || part.byteLength % bytes !== 0) return undefined
  if (bytes === 1) return part
  const { buffer, byteLength, byteOffset } = part.byteOffset % bytes === 0 ? part : Uint8Array.from(part)
  return bytes === 2
    ? new Uint16Array(buffer, byteOffset, byteLength / 2)
    : new Uint32Array(buffer, byteOffset, byteLength / 4)
}

const bins = 32

const pictureOf = (stream: string, { shape }: Layout, data: Pixels): Picture => {
  const histogram = Array.from({ length: bins }, () => 0)
  const width = 2 ** (8 * data.BYTES_PER_ELEMENT) / bins
  for (const pixel of data) {
    const bin = Math.floor(pixel / width)
    histogram[bin] = (histogram[bin] ?? 0) + 1
  }
  const fits = shape !== undefined && shape.reduce((product, length) => product * length, 1) === data.length
  return { stream, shape: fits ? shape : [data.length], data: data.slice(), histogram }
}
