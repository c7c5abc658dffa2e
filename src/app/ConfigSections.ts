/** The config sections that belong to the house as a whole rather than to one part of it. */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { DurationText, setting } from "../site/Setting.js"

/** What may be changed from outside this machine. `allow_code` counts in the local file only. */
export class RemoteSettings extends Schema.Class<RemoteSettings>("outpost/app/RemoteSettings")({
  allow_code: setting(
    Schema.Boolean,
    false,
    "Let a document from the network add or change commands, modules, plug-ins and secret references"
  ),
  trial: setting(
    DurationText.pipe(Schema.greaterThanOrEqualToDuration("1 second", { message: () => "expected at least 1s" })),
    Duration.minutes(10),
    "A config that came over an uplink has so long to turn out well, else the one before is put back"
  )
}) {}
