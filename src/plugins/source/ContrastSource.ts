/**
 * Contrast (the control system of MAX IV beamlines) over ZeroMQ PUB: each message is a pickled dict, of which only the `status`
 * counts here; it is forwarded as it is. The pickle is read without running anything of it.
 */
import * as Either from "effect/Either"
import { type Classify, end, malformed, noise, start, type Verdict } from "../../source/FrameSeries.js"
import { decode } from "../../source/pickle/PickleReader.js"
import { get } from "../../source/pickle/PickleValue.js"
import { detector } from "./internal/detector.js"

export const classify: Classify = ([first]) => {
  if (first === undefined) return malformed("a message without parts")
  const content = decode(first)
  if (Either.isLeft(content)) return malformed(content.left.message)
  switch (get(content.right, "status")) {
    case "heartbeat":
      return noise
    case "started":
      return start
    case "running":
      return running
    case "finished":
      return end
    default:
      return malformed("a message without a status of contrast")
  }
}

export const ContrastSource = detector({
  name: "contrast",
  description: "The control system contrast, which publishes motors and detectors over ZeroMQ",
  typ: "contrast",
  socket: "sub",
  classify: () => classify
})

// ---------------------------------------------------------------------------------------------------------------------

/** These messages bear no number. */
const running: Verdict = { _tag: "Image" }
