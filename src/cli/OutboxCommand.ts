/** `outbox list|stats|uplinks|retry|export|stop|start`: the outgoing queue and its archive. */
import { list } from "./OutboxList.js"
import { exportArchive } from "./OutboxExport.js"
import * as CommandSpec from "./CommandSpec.js"
import { uplinks } from "./OutboxUplinks.js"
import { retry, start, stats, stop } from "./OutboxOrders.js"

export const outbox = CommandSpec.group(
  "outbox",
  {
    summary: "The outgoing queue: list, stats, uplinks, retry, export, stop, start",
    about: ["Each uplink of the config drains it for itself. What was ever put stands in the archive."],
    examples: [
      ["outpost outbox stats", "what waits, for whom, since when"],
      ["outpost outbox list --set-aside", "what can't be sent, and why"],
      ["outpost outbox export --format csv --out messages.csv --since yesterday", "from the archive"]
    ]
  },
  [list, stats, uplinks, retry, exportArchive, stop, start]
)
