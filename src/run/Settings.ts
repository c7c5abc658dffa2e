/** The config section `runs`. */
import * as Schema from "effect/Schema"
import { optionalSetting } from "../site/Setting.js"

export class RunSettings extends Schema.Class<RunSettings>("outpost/run/Settings")({
  allow_absolute: optionalSetting(
    Schema.Boolean,
    "Whether a run may name a directory outside the site; default: true on loopback, false elsewhere"
  )
}) {}
