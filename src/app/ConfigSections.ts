/** The config sections that belong to the house as a whole rather than to one part of it. */
import * as Schema from "effect/Schema"
import { SecretReference } from "../site/Secrets.js"
import { HttpUrl, optionalSetting, setting } from "../site/Setting.js"

/** What may be changed from outside this machine. Counts in the local file only. */
export class RemoteSettings extends Schema.Class<RemoteSettings>("outpost/app/RemoteSettings")({
  allow_code: setting(
    Schema.Boolean,
    false,
    "Let a document from the network add or change commands, modules, plug-ins and secret references"
  )
}) {}

/** Where figures and traces of the program itself go. */
export class ObservabilitySettings extends Schema.Class<ObservabilitySettings>("outpost/app/ObservabilitySettings")({
  metrics: setting(Schema.Boolean, true, "Serve /metrics"),
  otlp_url: optionalSetting(HttpUrl, "OTLP/HTTP endpoint for traces and logs, such as http://127.0.0.1:4318"),
  otlp_headers: setting(
    Schema.Record({ key: Schema.String, value: SecretReference }),
    {},
    "Headers sent with them, such as authorization"
  ),
  service_name: setting(Schema.NonEmptyTrimmedString, "outpost", "The name they carry"),
  trace_ratio: setting(Schema.Number.pipe(Schema.between(0, 1)), 1, "Share of traces that are sent")
}) {}

/** Modules of this machine that bring sources, histories, procedures and the like. */
export const PluginList = Schema.Array(Schema.NonEmptyTrimmedString)
