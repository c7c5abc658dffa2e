/**
 * Xspress 3 over ZeroMQ PUB. An image is a JSON header, its array and pickled meta data (not looked into): in three parts of one
 * message, or, from older servers, in three messages of one part, which become one frame. An array or meta data that can't belong
 * to the header before it, because a message was lost, costs that image and no other.
 */
import { type Classify, end, image, malformed, type Message, start } from "../../source/FrameSeries.js"
import { detector } from "./internal/detector.js"
import { countOf, headerOf } from "./internal/header.js"

export const classify: Classify = (message) => {
  const header = headerOf(message[0])
  switch (header?.["htype"]) {
    case "image": {
      const frame = countOf(header["frame"])
      if (frame === undefined) return malformed("an image without its frame number")
      if (message.length === 1) return { _tag: "Part", next: arrayOf(frame, bytesOf(header)) }
      return message.length === 3 ? image(frame) : malformed(`image ${frame} has ${message.length} parts`)
    }
    case "header":
      return message.length === 1 ? start : malformed(`a header of ${message.length} parts`)
    case "series_end":
      return end
    default:
      return malformed("no header of an Xspress 3 stream")
  }
}

export const Xspress3Source = detector({
  name: "xspress3",
  description: "An Xspress 3 detector that publishes over ZeroMQ, in either framing",
  typ: "xspress",
  socket: "sub",
  classify: () => classify
})

// ---------------------------------------------------------------------------------------------------------------------

/** Array, then meta data, each a message. */
const arrayOf =
  (frame: number, bytes: number | undefined): Classify =>
  (message) =>
    message.length === 1 && (bytes === undefined ? headerOf(message[0]) === undefined : lengthOf(message) === bytes)
      ? { _tag: "Part", next: metaOf(frame) }
      : malformed(`image ${frame} without its array`)

const metaOf =
  (frame: number): Classify =>
  (message) =>
    message.length === 1 && isPickle(message[0]) ? image(frame) : malformed(`image ${frame} without its meta data`)

const lengthOf = (message: Message): number | undefined => message[0]?.byteLength

/** From protocol 2 on, a pickle says its protocol first and STOP last. */
const isPickle = (part: Uint8Array | undefined): boolean => part?.[0] === 0x80 && part.at(-1) === 0x2e

const itemBytes: Readonly<Record<string, number>> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float32: 4,
  float64: 8
}

/** How long the array must be, where the header tells: shape, type, and that nothing is compressed. */
const bytesOf = ({ compression, shape, type }: Readonly<Record<string, unknown>>): number | undefined => {
  const item = typeof type === "string" && Object.hasOwn(itemBytes, type) ? itemBytes[type] : undefined
  if (compression !== "none" || item === undefined || !Array.isArray(shape)) return undefined
  return shape.every((extent) => countOf(extent) !== undefined)
    ? shape.reduce((bytes: number, extent: number) => bytes * extent, item)
    : undefined
}
