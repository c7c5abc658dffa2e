/**
 * PandABox position capture over ZeroMQ PUB: JSON objects whose `data` hold lists, one element for each trigger. Each trigger
 * becomes a frame of its own: the same object with the elements in place of the lists and `frame_number` counted up. Start and
 * end are forwarded as they are. Data without any list are one frame, so that no later frame moves to the trigger before it.
 */
import type { Frame } from "../../source/Frame.js"
import { type Classify, end, malformed, start } from "../../source/FrameSeries.js"
import { detector } from "./internal/detector.js"
import { countOf, headerOf, textOf } from "./internal/header.js"
import * as JsonText from "./internal/jsonText.js"

export const classify: Classify = (message) => {
  const header = message.length === 1 ? headerOf(message[0]) : undefined
  switch (header?.["message_type"]) {
    case "data": {
      const first = countOf(header["frame_number"])
      if (first === undefined) return malformed("data without frame_number")
      const lengths = new Set(Object.values(header).flatMap((value) => (Array.isArray(value) ? [value.length] : [])))
      if (lengths.size > 1) return malformed(`data ${first} with lists of unequal length`)
      const [count = 1] = lengths
      const text = JsonText.withoutBareWords(textOf(message[0]) ?? "{}")
      return { _tag: "Frames", frames: split(JsonText.members(JsonText.compact(text)), first, count) }
    }
    case "series-start":
      return start
    case "series-end":
      return end
    default:
      return malformed("no message of a PandABox")
  }
}

export const PcapSource = detector({
  name: "pcap",
  description: "Position capture of a PandABox, published over ZeroMQ; one frame for each trigger",
  typ: "PCAP",
  socket: "sub",
  classify: () => classify
})

// ---------------------------------------------------------------------------------------------------------------------

/** These stand first in every frame. */
const leading = ["message_id", "version", "message_type", "frame_number"]

const split = (members: ReadonlyMap<string, string>, first: number, count: number): ReadonlyArray<Frame> => {
  const extras = [...members].filter(([name]) => !leading.includes(name))
  const columns = extras.map(([name, value]) => ({
    name,
    value,
    list: value[0] === "[" ? JsonText.elements(value) : []
  }))
  const front = leading.flatMap((name): ReadonlyArray<readonly [string, string]> => {
    const value = members.get(name)
    return value === undefined || name === "frame_number" ? [] : [[name, value]]
  })
  return Array.from({ length: count }, (_, index) => {
    const number = first + index
    const row = columns.map(
      ({ list, name, value }) => [name, value[0] === "[" ? (list[index] ?? "null") : value] as const
    )
    const text = JsonText.object([...front, ["frame_number", String(number)], ...row])
    return { parts: [Buffer.from(text)], number }
  })
}
