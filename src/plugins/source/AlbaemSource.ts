/** Albaem electrometers over ZeroMQ PUB: one JSON object a message, forwarded as it is. */
import { type Classify, end, image, malformed, start } from "../../source/FrameSeries.js"
import { detector } from "./internal/detector.js"
import { countOf, headerOf } from "./internal/header.js"

export const classify: Classify = (message) => {
  const header = message.length === 1 ? headerOf(message[0]) : undefined
  switch (header?.["message_type"]) {
    case "data": {
      const frame = countOf(header["frame_number"])
      return frame === undefined ? malformed("data without frame_number") : image(frame)
    }
    case "series-start":
      return start
    case "series-end":
      return end
    default:
      return malformed("no message of an Albaem")
  }
}

export const AlbaemSource = detector({
  name: "albaem",
  description: "An Albaem electrometer that publishes over ZeroMQ",
  typ: "albaem",
  socket: "sub",
  classify: () => classify
})
