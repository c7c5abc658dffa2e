/**
 * The three event streams of a site. `site` and `run` hold only what clients, procedures and sources posted;
 * `system` holds Outpost's own events. Each has its own sequence, from 1.
 */
import * as Schema from "effect/Schema"

export const StreamName = Schema.Literal("site", "run", "system").annotations({
  identifier: "StreamName",
  description: "which event stream: site, run or system"
})
export type StreamName = typeof StreamName.Type
