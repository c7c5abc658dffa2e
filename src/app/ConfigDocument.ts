/**
 * The config document: one Schema composed of the parts' own settings. From it come the validation of files and requests,
 * the defaults, the JSON Schema for editors, and the knowledge of which values are secrets.
 */
import * as JSONSchema from "effect/JSONSchema"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { Jobs } from "../backfill/JobSettings.js"
import * as Collector from "../backfill/Settings.js"
import { AlarmSettings } from "../health/Settings.js"
import { HttpSettings } from "../http/Settings.js"
import { IngestSettings } from "../ingest/Settings.js"
import { OutboxSettings } from "../outbox/Settings.js"
import { OutgoingSettings } from "../outgoing/Settings.js"
import { Procedures } from "../procedure/Settings.js"
import { RunSettings } from "../run/Settings.js"
import { section, setting } from "../site/Setting.js"
import { GeneralSettings, LogSettings } from "../site/Settings.js"
import { TelemetrySettings } from "../telemetry/Settings.js"
import { UpdateSettings } from "../update/Settings.js"
import { Routes } from "../uplink/RouteSettings.js"
import { Uplinks } from "../uplink/Settings.js"
import { RemoteSettings } from "./ConfigSections.js"
import * as Shape from "./ConfigShape.js"

export const ConfigDocument = Schema.Struct({
  general: section(GeneralSettings, () => new GeneralSettings({}), "The site as a whole"),
  http: section(HttpSettings, () => new HttpSettings({}), "The server"),
  telemetry: section(TelemetrySettings, () => new TelemetrySettings({}), "The event store"),
  runs: section(RunSettings, () => new RunSettings({}), "Runs"),
  procedures: setting(Procedures, {}, "What runs on this site, by name; system-checks is on unless disabled"),
  jobs: setting(Jobs, {}, "What is fetched beyond the collector's own candles, by name"),
  ingest: section(IngestSettings, () => new IngestSettings({}), "Services of a streaming ensemble on this site"),
  outbox: section(OutboxSettings, () => new OutboxSettings({}), "Messages that wait to be sent, and their archive"),
  uplinks: setting(Uplinks, {}, "Where messages are carried to, by name"),
  routes: setting(Routes, {}, "Which events and log lines become messages, by name"),
  update: section(UpdateSettings, () => new UpdateSettings({}), "Releases of the software, and their trial"),
  outgoing: section(OutgoingSettings, () => new OutgoingSettings({}), "Requests to other machines"),
  remote: section(RemoteSettings, () => new RemoteSettings({}), "What may be changed from elsewhere"),
  alarms: section(AlarmSettings, () => new AlarmSettings({}), "From when on something is worth an alarm"),
  logs: section(LogSettings, () => new LogSettings({}), "The site's own log"),
  settings: section(Collector.CollectorSettings, () => new Collector.CollectorSettings({}), "The collector"),
  storage: section(
    Collector.StorageSettings,
    () => new Collector.StorageSettings({}),
    "Copies of the collector's data"
  ),
  histo_jobs: setting(Schema.Array(Collector.HistoJob), [], "Candles the collector fetches"),
  stream_jobs: setting(Schema.Array(Collector.StreamJob), [], "Live streams the collector records"),
  alerts: section(Collector.AlertSettings, () => new Collector.AlertSettings({}), "The collector's alerts")
}).annotations({ identifier: "OutpostConfig", title: "Outpost config", description: "The file outpost.yaml" })

export type ConfigDocument = typeof ConfigDocument.Type
export type SectionName = keyof ConfigDocument

export const sectionNames = Struct.keys(ConfigDocument.fields)

/** The sections a collector's file has: unknown keys in them are passed over, and a PUT replaces them. */
export const collectorSections: ReadonlySet<string> = new Set(Collector.collectorSections)

/** Names that stand for parts this version does not have. */
export const absentParts: ReadonlySet<string> = new Set(["schedules", "cluster", "plugins", "observability"])

/** What the document is made of, for walks over documents as they are written. */
export const shape: Shape.Shape = Shape.of(ConfigDocument.ast)

/** The JSON Schema (draft 7) of the file. */
export const jsonSchema = (): Readonly<Record<string, unknown>> => ({ ...JSONSchema.make(ConfigDocument) })
