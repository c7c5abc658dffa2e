/** `ingest`: a streaming ensemble, its services alone or all in one, and what a site's controller does. */
import * as CommandSpec from "./CommandSpec.js"
import { pipeline, replay } from "./IngestOffline.js"
import { controller, ingester, reducer, worker } from "./IngestRoles.js"
import { begin, status, stop } from "./IngestScan.js"

export const ingest = CommandSpec.group(
  "ingest",
  {
    summary: "Detector streams joined to assignments and sent to workers",
    about: [
      "A controller hands out events, ingesters join frames to them, workers process, a reducer combines. They run as parts " +
        "of a site (section `ingest` of its config), as processes that meet at a Redis, dranspose's among them, or all in one."
    ],
    examples: [
      ["outpost ingest pipeline --demo", "watch one, with nothing installed"],
      ["outpost ingest worker --redis redis://10.0.0.1 --module ./mean.mjs", "join an ensemble with a worker"],
      ["outpost ingest replay scan.cbors --module ./mean.mjs --reducer ./sum.mjs", "yesterday's frames again"]
    ]
  },
  [pipeline, controller, ingester, worker, reducer, replay, begin, stop, status]
)
