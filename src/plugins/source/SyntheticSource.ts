/**
 * Frames out of nothing, the same ones every time: for tests, demos and measurements. Data are windows of one block of noise, so
 * that a frame costs no more than its header, whatever its size.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ByteCount, Count, optionalSetting, setting } from "../../site/Setting.js"
import type { Frame } from "../../source/Frame.js"
import { batch } from "../../source/FrameIntake.js"
import * as Source from "../../source/Source.js"
import { SourceError } from "../../source/SourceError.js"

const name = "synthetic"

const Settings = Schema.Struct({
  size: setting(ByteCount, 2048, "Bytes of data in a frame"),
  rate: setting(Schema.NonNegative, 0, "Frames a second; 0 for as fast as they are taken"),
  count: optionalSetting(Count, "Frames of the series; without it there is no end"),
  shape: setting(
    Schema.Literal("STINS", "raw"),
    "STINS",
    "A stream1 series with start and end, or data and nothing else"
  ),
  seed: setting(Schema.NonNegativeInt, 0, "Other noise")
})
type Settings = typeof Settings.Type

export const SyntheticSource = Source.make({
  name,
  description: "Frames out of nothing, of a set size, rate and number",
  typ: ({ shape }) => shape,
  settings: Settings,
  open: Effect.fnUntraced(function* (settings) {
    const series = seriesOf(settings)
    const opened = yield* Clock.currentTimeMillis
    let sent = 0

    /** How many frames should have been sent by now. */
    const due = Effect.map(Clock.currentTimeMillis, (now) =>
      settings.rate === 0 ? Number.POSITIVE_INFINITY : Math.floor(((now - opened) * settings.rate) / 1000) + 1
    )
    const take: Source.FrameReader["take"] = Effect.gen(function* () {
      if (sent >= series.length) return yield* through
      let until = yield* due
      if (until <= sent) {
        const next = opened + Math.ceil((sent * 1000) / settings.rate)
        yield* Effect.sleep(Duration.millis(Math.max(1, next - (yield* Clock.currentTimeMillis))))
        until = yield* due
      }
      const count = Math.max(1, Math.min(until - sent, batch, series.length - sent))
      const frames: Array<Frame> = []
      for (const end = sent + count; sent < end; sent++) frames.push(series.at(sent))
      return frames
    })
    return { take }
  })
})

// ---------------------------------------------------------------------------------------------------------------------

const through = new SourceError({ source: name, reason: "Exhausted", detail: "all frames were sent" })

interface Series {
  /** With start and end, where there are some. */
  readonly length: number
  readonly at: (index: number) => Frame
}

const seriesOf = (settings: Settings): Series => {
  const count = Option.getOrElse(settings.count, () => Number.POSITIVE_INFINITY)
  const data = dataOf(settings)
  if (settings.shape === "raw") return { length: count, at: (number) => ({ parts: [data(number)], number }) }

  const type = `"shape":${JSON.stringify(extents(settings.size))},"type":"uint8","compression":"none"`
  return {
    length: count + 2,
    at: (index) => {
      if (index === 0)
        return { parts: [Buffer.from(`{"htype":"header","filename":"","msg_number":0}`)], marker: "start" }
      const number = index - 1
      if (number === count) {
        return { parts: [Buffer.from(`{"htype":"series_end","msg_number":${index}}`)], marker: "end" }
      }
      const header = `{"htype":"image","frame":${number},${type},"msg_number":${index}}`
      return { parts: [Buffer.from(header), data(number)], number }
    }
  }
}

/** So many different frames there are. */
const variety = 1021

/** The data of each frame: bytes of an xorshift generator, from the frame's own place on. */
const dataOf = ({ seed, size }: Settings): ((number: number) => Uint8Array) => {
  const words = new Uint32Array(Math.ceil(size / 4) + variety)
  let state = (seed ^ 0x9e3779b9) | 1
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[index] = state
  }
  const windows: Array<Uint8Array> = []
  return (number) => {
    const place = number % variety
    return (windows[place] ??= new Uint8Array(words.buffer, place * 4, size))
  }
}

/** Rows and columns as near to a square as may be; one dimension where the size can't be halved well. */
const extents = (size: number): ReadonlyArray<number> => {
  for (let rows = Math.floor(Math.sqrt(size)); rows > 1 && rows * rows * 16 > size; rows--) {
    if (size % rows === 0) return [rows, size / rows]
  }
  return [size]
}
