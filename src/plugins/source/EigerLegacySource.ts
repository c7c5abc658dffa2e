/**
 * The legacy stream of Eiger detectors over ZeroMQ PUSH: a header of up to nine parts, five parts for an image, one for the end.
 */
import { type Classify, end, image, malformed, start } from "../../source/FrameSeries.js"
import { detector } from "./internal/detector.js"
import { countOf, headerOf } from "./internal/header.js"

export const classify: Classify = (message) => {
  const header = headerOf(message[0])
  switch (header?.["htype"]) {
    case "dimage-1.0": {
      const frame = countOf(header["frame"])
      return frame === undefined ? malformed("an image without its frame number") : image(frame)
    }
    case "dheader-1.0":
      return start
    case "dseries_end-1.0":
      return end
    default:
      return malformed("no header of an Eiger stream")
  }
}

export const EigerLegacySource = detector({
  name: "eiger-legacy",
  description: "An Eiger detector with its legacy stream over ZeroMQ",
  typ: "EIGER_LEGACY",
  socket: "pull",
  classify: () => classify
})
