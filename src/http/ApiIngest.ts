/**
 * The routes of an ensemble's controller: those of dranspose, unchanged for its clients, with what belongs beside them. They
 * stand in `Api` of a site, and alone in `EnsembleApi` for a controller that runs by itself.
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { EnsembleUnreachable } from "../assignment/EnsembleError.js"
import { EnsembleLogLine } from "../assignment/EnsembleLog.js"
import { ParameterDescription } from "../assignment/ParameterDescription.js"
import { IngesterState, ReducerState, WorkerState } from "../assignment/ServiceState.js"
import { WorkerTimes } from "../assignment/ServiceUpdate.js"
import { InvalidInput, Overloaded } from "../domain/Refusal.js"
import { ParameterRefused } from "../ingest/controller/ParameterRefused.js"
import { Entry, MapRefused, NotTaken, TriggerMap } from "../ingest/controller/TriggerMap.js"
import { IngestOff, ParameterNotFound } from "../operations/IngestOperations.js"
import { IngestServices, ScanProgress } from "../operations/IngestServices.js"
import { BodyErrors } from "./ApiErrors.js"

/** The map as it is told: one level deeper than as it is given. */
export const ToldMap = Schema.Struct({
  parts: Schema.Record({
    key: Schema.String,
    value: Schema.Struct({ mapping: Schema.Record({ key: Schema.String, value: Schema.Array(Entry) }) })
  }),
  sequence: Schema.Array(Schema.String)
}).annotations({ identifier: "ToldMap" })
export type ToldMap = typeof ToldMap.Type

/** The body of `POST /api/v1/mapping`: one part. */
export const MappingBody = Schema.Record({ key: Schema.String, value: Schema.Array(Entry) })

/** The body of `POST /api/v1/sardana_hook`. Each point becomes an event that is held in memory: their number is bounded. */
export const HookBody = Schema.Struct({
  streams: Schema.Array(Schema.String),
  scan: Schema.optional(
    Schema.NullOr(Schema.Struct({ nb_points: Schema.optional(Schema.Int.pipe(Schema.between(0, 1_000_000))) }))
  )
}).annotations({ identifier: "HookBody" })

const EnsembleState = Schema.Struct({
  ingesters: Schema.Array(IngesterState),
  workers: Schema.Array(WorkerState),
  reducer: Schema.NullOr(ReducerState),
  controller_version: Schema.NullOr(Schema.String),
  parameters_version: Schema.Record({ key: Schema.String, value: Schema.String }),
  parameters_hash: Schema.String
}).annotations({ identifier: "EnsembleState" })

const byName = <A, I>(value: Schema.Schema<A, I>) => Schema.Record({ key: Schema.String, value })

const ScanStatus = Schema.Struct({
  work_completed: byName(Schema.Array(Schema.String)),
  last_assigned: Schema.Int,
  assignment: Schema.Array(byName(Schema.String)),
  completed_events: Schema.Array(Schema.Int),
  finished: Schema.Boolean,
  processing_times: byName(byName(WorkerTimes))
}).annotations({ identifier: "ScanStatus" })

const WorkerLoad = Schema.Struct({
  last_event: Schema.Int,
  intervals: byName(Schema.Struct({ total: Schema.Number, active: Schema.Number, events: Schema.Int }))
}).annotations({ identifier: "WorkerLoad" })

const wrapParams = Schema.Struct({
  all_wrap: Schema.optional(Schema.String),
  on_worker_loss: Schema.optional(Schema.String)
})
const parameterPath = Schema.Struct({ name: Schema.String })
const text = (contentType: string) => HttpApiSchema.Text({ contentType })

export class ControllerGroup extends HttpApiGroup.make("controller")
  .add(
    HttpApiEndpoint.get("ensemble", "/api/v1/config")
      .addSuccess(EnsembleState)
      .annotate(OpenApi.Summary, "All services that live, and the versions of parameters")
  )
  .add(
    HttpApiEndpoint.get("status", "/api/v1/status")
      .addSuccess(ScanStatus)
      .annotate(OpenApi.Summary, "Everything that is known of the scan")
  )
  .add(
    HttpApiEndpoint.get("progress", "/api/v1/progress")
      .addSuccess(ScanProgress)
      .annotate(OpenApi.Summary, "How far the scan is")
  )
  .add(
    HttpApiEndpoint.get("services", "/api/v1/services")
      .addSuccess(IngestServices)
      .annotate(OpenApi.Summary, "How the services in this process are doing: streams, backlogs, last errors")
  )
  /** Server-sent events: the progress of now, then each change. */
  .add(
    HttpApiEndpoint.get("progressTail", "/api/v1/progress/tail")
      .addSuccess(text("text/event-stream"))
      .addError(Overloaded, { status: 503 })
      .annotate(OpenApi.Summary, "How far the scan is, as it changes, as server-sent events")
  )
  .add(
    HttpApiEndpoint.get("load", "/api/v1/load")
      .setUrlParams(
        Schema.Struct({
          intervals: Schema.optional(Schema.Union(Schema.String, Schema.Array(Schema.String))),
          scan: Schema.optional(Schema.String)
        })
      )
      .addSuccess(byName(WorkerLoad))
      .addError(InvalidInput, { status: 422 })
      .annotate(OpenApi.Summary, "How busy each worker is")
  )
  .add(
    HttpApiEndpoint.get("sequence", "/api/v1/sequence")
      .addSuccess(ToldMap)
      .annotate(OpenApi.Summary, "The trigger map of the present scan")
  )
  .add(
    HttpApiEndpoint.get("mapping", "/api/v1/mapping")
      .addSuccess(ToldMap)
      .annotate(OpenApi.Deprecated, true)
      .annotate(OpenApi.Summary, "The same as /api/v1/sequence")
  )
  .add(
    HttpApiEndpoint.post("begin", "/api/v1/sequence")
      .setUrlParams(wrapParams)
      .setPayload(TriggerMap)
      .addSuccess(Schema.String)
      .addError(MapRefused, { status: 400 })
      .addError(NotTaken, { status: 504 })
      .addError(BodyErrors)
      .annotate(OpenApi.Summary, "Begin a scan; answered once every service has taken it up")
  )
  .add(
    HttpApiEndpoint.post("beginMapping", "/api/v1/mapping")
      .setUrlParams(wrapParams)
      .setPayload(MappingBody)
      .addSuccess(Schema.String)
      .addError(MapRefused, { status: 400 })
      .addError(NotTaken, { status: 504 })
      .addError(BodyErrors)
      .annotate(OpenApi.Deprecated, true)
      .annotate(OpenApi.Summary, "Begin a scan of one part called main")
  )
  .add(
    HttpApiEndpoint.post("hook", "/api/v1/sardana_hook")
      .setPayload(HookBody)
      .addSuccess(Schema.String)
      .addError(MapRefused, { status: 400 })
      .addError(NotTaken, { status: 504 })
      .addError(BodyErrors)
      .annotate(OpenApi.Deprecated, true)
      .annotate(OpenApi.Summary, "Begin a scan with one event for each point")
  )
  .add(
    HttpApiEndpoint.post("stop", "/api/v1/stop")
      .addSuccess(Schema.Null)
      .annotate(OpenApi.Summary, "End the scan, whatever is done")
  )
  /** The body is the value, whatever bytes it has. */
  .add(
    HttpApiEndpoint.post("setParameter", "/api/v1/parameter/:name")
      .setPath(parameterPath)
      .addSuccess(Schema.String)
      .addError(ParameterRefused, { status: 400 })
      .addError(BodyErrors)
      .annotate(OpenApi.Summary, "Set a parameter for all services; answers the new hash")
  )
  .add(
    HttpApiEndpoint.get("parameter", "/api/v1/parameter/:name")
      .setPath(parameterPath)
      .addSuccess(HttpApiSchema.Uint8Array({ contentType: "application/x.bytes" }))
      .addError(ParameterNotFound, { status: 404 })
      .annotate(OpenApi.Summary, "The value of a parameter")
  )
  .add(
    HttpApiEndpoint.get("parameters", "/api/v1/parameters")
      .addSuccess(Schema.Array(ParameterDescription))
      .annotate(OpenApi.Summary, "What services say of their parameters")
  )
  .add(
    HttpApiEndpoint.get("logs", "/api/v1/logs")
      .setUrlParams(Schema.Struct({ level: Schema.optional(Schema.String) }))
      .addSuccess(Schema.Array(EnsembleLogLine))
      .addError(InvalidInput, { status: 422 })
      .annotate(OpenApi.Deprecated, true)
      .annotate(OpenApi.Summary, "What the services have logged, at or above a level")
  )
  /** One JSON object a line, as long as the client listens. */
  .add(
    HttpApiEndpoint.get("logStream", "/api/v1/log_stream")
      .addSuccess(text("application/x-ndjson"))
      .addError(Overloaded, { status: 503 })
      .annotate(OpenApi.Summary, "What the services log from now on")
  )
  .addError(IngestOff, { status: 404 })
  .addError(EnsembleUnreachable, { status: 503 }) {}

/** What the reducer has published. Beside it stands the read-only part of HDF-REST (`HdfRoutes.ts`). */
export class ReducerGroup extends HttpApiGroup.make("reducer")
  .add(
    HttpApiEndpoint.get("published", "/reducer/published")
      .addSuccess(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
      .annotate(OpenApi.Summary, "What the reducer has published, as JSON")
  )
  /**
   * Server-sent events: everything that is published, now and after changes. In place of an array with more than `largest`
   * numbers stands `{"left_out": true, "dtype": ..., "shape": [...]}`; its bytes are at `/reducer/datasets/{id}/value`.
   */
  .add(
    HttpApiEndpoint.get("publishedTail", "/reducer/published/tail")
      .setUrlParams(Schema.Struct({ largest: Schema.optional(Schema.String) }))
      .addSuccess(text("text/event-stream"))
      .addError(InvalidInput, { status: 422 })
      .addError(Overloaded, { status: 503 })
      .annotate(OpenApi.Summary, "What the reducer has published, as it changes, as server-sent events")
  )
  .addError(IngestOff, { status: 404 }) {}

/** A controller that runs by itself. It bears the name of the whole `Api`, so that the same handlers serve both. */
export class EnsembleApi extends HttpApi.make("outpost")
  .add(ControllerGroup)
  .add(ReducerGroup)
  .annotate(OpenApi.Title, "Outpost ensemble")
  .annotate(OpenApi.Description, "A service of a streaming ensemble") {}

/** A reducer that runs by itself: routes of dranspose's reducer stand where those of its controller would. */
export class ReducerApi extends HttpApi.make("outpost")
  .add(ReducerGroup)
  .annotate(OpenApi.Title, "Outpost reducer")
  .annotate(OpenApi.Description, "The reducer of a streaming ensemble") {}
