/**
 * The routes of the collector beside backfills: schedules, live streams, files, copies, logs. They are the dccd daemon's,
 * unchanged for its clients; all schedules, pausing one, reading data and waiting for a copy are ours.
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { NoSuchColumn, NoSuchSeries } from "../dataset/Dataset.js"
import {
  InventoryEntry,
  NoMatchingStream,
  NoRemotes,
  ScheduleNotFound,
  Scheduler,
  SourceMetrics,
  StorageStatus,
  StreamEntry,
  StreamKey,
  SyncResult,
  UnsupportedStream
} from "../domain/Collector.js"
import { InvalidInput, Overloaded, StorageFailed } from "../domain/Refusal.js"
import { BodyErrors } from "./ApiErrors.js"

/** The body of a pause or resumption: which schedule. */
export const ScheduleBody = Schema.Struct({ id: Schema.String })

/** How a copy that was waited for ended. */
export const SyncEnd = Schema.Union(
  Schema.Struct({ results: Schema.Array(SyncResult) }),
  Schema.Struct({ error: Schema.Union(NoRemotes, StorageFailed) })
)

const Switched = Schema.Struct({ running: Schema.Boolean })
const accepted = { status: 202 } as const

export class CollectorGroup extends HttpApiGroup.make("collector")
  .add(
    HttpApiEndpoint.get("scheduler", "/api/scheduler")
      .addSuccess(Scheduler)
      .annotate(OpenApi.Summary, "The schedules of histo_jobs, and when each is due next")
  )
  .add(
    HttpApiEndpoint.post("startScheduler", "/api/scheduler/start")
      .addSuccess(Switched, accepted)
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Let the schedules run")
  )
  .add(
    HttpApiEndpoint.post("stopScheduler", "/api/scheduler/stop")
      .addSuccess(Switched)
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Pause all schedules together")
  )
  .add(
    HttpApiEndpoint.get("schedules", "/api/schedules")
      .addSuccess(Scheduler)
      .annotate(OpenApi.Summary, "Everything that runs by itself, and when each is due next")
  )
  .add(
    HttpApiEndpoint.post("pauseSchedule", "/api/schedules/pause")
      .setPayload(ScheduleBody)
      .addSuccess(Schema.Struct({ id: Schema.String, paused: Schema.Boolean }))
      .addError(ScheduleNotFound, { status: 404 })
      .addError(BodyErrors)
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Pause one schedule")
  )
  .add(
    HttpApiEndpoint.post("resumeSchedule", "/api/schedules/resume")
      .setPayload(ScheduleBody)
      .addSuccess(Schema.Struct({ id: Schema.String, paused: Schema.Boolean }))
      .addError(ScheduleNotFound, { status: 404 })
      .addError(BodyErrors)
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Let one schedule run again")
  )
  .add(
    HttpApiEndpoint.get("streams", "/api/streams")
      .addSuccess(Schema.Array(StreamEntry))
      .annotate(OpenApi.Summary, "The live streams and their true state")
  )
  .add(
    HttpApiEndpoint.post("startStream", "/api/streams/start")
      .setPayload(StreamKey)
      .addSuccess(Schema.Struct({ status: Schema.Literal("started"), key: Schema.String }), accepted)
      .addError(NoMatchingStream, { status: 404 })
      .addError(UnsupportedStream, { status: 422 })
      .addError(BodyErrors)
      .annotate(OpenApi.Summary, "Start a live stream")
  )
  .add(
    HttpApiEndpoint.post("stopStream", "/api/streams/stop")
      .setPayload(StreamKey)
      .addSuccess(Schema.Struct({ status: Schema.Literal("stopping", "not_running"), key: Schema.String }))
      .addError(BodyErrors)
      .annotate(OpenApi.Summary, "Stop a live stream")
  )
  .add(
    HttpApiEndpoint.get("inventory", "/api/inventory")
      .setUrlParams(Schema.Struct({ holes: Schema.optional(Schema.String) }))
      .addSuccess(Schema.Array(InventoryEntry))
      .addError(InvalidInput, { status: 422 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Every series on disk")
  )
  .add(
    HttpApiEndpoint.get("data", "/api/data")
      .setUrlParams(
        Schema.Struct({
          series: Schema.optional(Schema.String),
          start: Schema.optional(Schema.String),
          end: Schema.optional(Schema.String),
          limit: Schema.optional(Schema.String),
          columns: Schema.optional(Schema.String),
          order: Schema.optional(Schema.String),
          format: Schema.optional(Schema.String)
        })
      )
      .addSuccess(HttpApiSchema.Uint8Array())
      .addError(NoSuchSeries, { status: 404 })
      .addError(NoSuchColumn, { status: 422 })
      .addError(InvalidInput, { status: 422 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Rows of a series as JSON, NDJSON, CSV, Arrow or Parquet")
  )
  .add(
    HttpApiEndpoint.get("metrics", "/api/metrics")
      .addSuccess(Schema.Record({ key: Schema.String, value: SourceMetrics }))
      .annotate(OpenApi.Summary, "How each pair of each exchange has been doing")
  )
  .add(
    HttpApiEndpoint.get("logs", "/api/logs")
      .setUrlParams(
        Schema.Struct({
          tail: Schema.optional(Schema.String),
          level: Schema.optional(Schema.String),
          since: Schema.optional(Schema.String),
          grep: Schema.optional(Schema.String)
        })
      )
      .addSuccess(Schema.Struct({ lines: Schema.Array(Schema.String) }))
      .addError(InvalidInput, { status: 422 })
      .annotate(OpenApi.Summary, "The last lines of the log")
  )
  .add(
    HttpApiEndpoint.get("storage", "/api/storage")
      .addSuccess(StorageStatus)
      .annotate(OpenApi.Summary, "The remotes and how the last copies went")
  )
  .add(
    HttpApiEndpoint.post("sync", "/api/storage/sync")
      .addSuccess(Schema.Struct({ status: Schema.Literal("started") }), accepted)
      .addError(NoRemotes, { status: 400 })
      .annotate(OpenApi.Summary, "Begin to copy the datasets to all remotes")
  )
  /** Server-sent: one event, a `SyncEnd`, when the copy is over. */
  .add(
    HttpApiEndpoint.post("syncResults", "/api/storage/sync/results")
      .addSuccess(HttpApiSchema.Text({ contentType: "text/event-stream" }))
      .addError(Overloaded, { status: 503 })
      .annotate(OpenApi.Summary, "Copy the datasets to all remotes and tell how it went")
  ) {}
