/** How a controller leads its ensemble. The config section `ingest.controller`. */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { Count, DurationText, setting } from "../../site/Setting.js"

export class ControllerSettings extends Schema.Class<ControllerSettings>("outpost/ingest/ControllerSettings")({
  take_up: setting(
    DurationText,
    Duration.seconds(12),
    "How long the start of a scan waits for all services to take it up; a service that died counts for up to 10 s"
  ),
  watch: setting(DurationText, Duration.millis(500), "How often it looks which services live"),
  absence: setting(
    DurationText,
    Duration.seconds(3),
    "How long a service must be missing before it counts as gone; services say that they live every 1.3 s"
  ),
  consistency: setting(DurationText, Duration.seconds(2), "How often parameters are compared and defaults are set"),
  outstanding: setting(
    Count,
    10_000,
    "The most events that are out with workers at a time; those behind them can still be given to another worker"
  ),
  results_patience: setting(
    DurationText,
    Duration.minutes(2),
    "How long the reducer may confirm nothing, while only results are missing, before they count as lost"
  ),
  dump_roots: setting(
    Schema.Array(
      Schema.String.pipe(Schema.filter((path) => path.startsWith("/") || "expected an absolute path of a directory"))
    ),
    [],
    "Directories below which the parameter dump_prefix may point; without any it can't be set"
  )
}) {}
