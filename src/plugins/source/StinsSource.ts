/**
 * stream1 ("STINS") over ZeroMQ PUSH: a JSON header with `htype`, and the data of an image as the second part.
 */
import { type Classify, end, image, malformed, start } from "../../source/FrameSeries.js"
import { detector } from "./internal/detector.js"
import { countOf, headerOf } from "./internal/header.js"

export const classify: Classify = (message) => {
  const header = headerOf(message[0])
  switch (header?.["htype"]) {
    case "image": {
      const frame = countOf(header["frame"])
      if (frame === undefined) return malformed("an image without its frame number")
      return message.length < 2 ? malformed(`image ${frame} has no data`) : image(frame)
    }
    case "header":
      return start
    case "series_end":
      return end
    default:
      return malformed("no header of stream1")
  }
}

export const StinsSource = detector({
  name: "stins",
  description: "A detector that pushes stream1 (STINS) messages over ZeroMQ",
  typ: "STINS",
  socket: "pull",
  classify: () => classify
})
