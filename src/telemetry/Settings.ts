/** The config section `telemetry`: the event store. */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { ByteCount, Count, DurationText, setting } from "../site/Setting.js"

export class TelemetrySettings extends Schema.Class<TelemetrySettings>("outpost/telemetry/Settings")({
  checkpoint_interval: setting(DurationText, Duration.seconds(10), "How often state is saved so that a start is short"),
  block_bytes: setting(
    ByteCount.pipe(Schema.greaterThanOrEqualTo(4096, { message: () => "expected at least 4 KiB" })),
    256 * 1024,
    "Size of a block of the index over the event files"
  ),
  current_limit: setting(Count, 10_000, "Event types the current view holds; the oldest leave first")
}) {}
