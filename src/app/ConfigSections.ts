/** The config sections that belong to the house as a whole rather than to one part of it. */
import * as Schema from "effect/Schema"
import { setting } from "../site/Setting.js"

/** What may be changed from outside this machine. Counts in the local file only. */
export class RemoteSettings extends Schema.Class<RemoteSettings>("outpost/app/RemoteSettings")({
  allow_code: setting(
    Schema.Boolean,
    false,
    "Let a document from the network add or change commands, modules, plug-ins and secret references"
  )
}) {}
