/** `event`: posting, listing and following events. */
import * as CommandSpec from "./CommandSpec.js"
import { post } from "./EventPostCommand.js"
import { list, tail } from "./EventReadCommand.js"

export const event = CommandSpec.group(
  "event",
  {
    summary: "Events: post, list, follow",
    examples: [
      [`outpost event post weather '{"wind":4.2}'`, "store one"],
      ["outpost event list --since 1h", "what was stored"],
      ["outpost event tail", "what comes"]
    ]
  },
  [post, list, tail]
)
