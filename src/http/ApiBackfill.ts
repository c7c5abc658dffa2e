/**
 * The routes of backfills. Group `backfill` is the dccd daemon's, unchanged for its clients, with what belongs beside it;
 * group `jobs` is ours: whole records, and the verbs that the daemon lacks.
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import {
  BackfillBusy,
  BackfillNotFound,
  BackfillRecord,
  BackfillRefused,
  ChunkPage,
  PlannedSeries,
  SeriesCoverage,
  StartBackfill
} from "../domain/Backfill.js"
import { InvalidInput, Overloaded, StorageFailed } from "../domain/Refusal.js"
import { BodyErrors, NothingToCollect, StartErrors } from "./ApiErrors.js"

/** The body of `POST /api/collect`. */
export const CollectBody = Schema.Struct({
  exchange: Schema.optional(Schema.NullOr(Schema.String)),
  pair: Schema.optional(Schema.NullOr(Schema.String))
}).annotations({ identifier: "CollectBody" })

export const Plan = Schema.Struct({ series: Schema.Array(PlannedSeries) })
export const Coverage = Schema.Struct({ coverage: Schema.Array(SeriesCoverage) })
/** What became of a cancellation. */
export const Cancelled = Schema.Struct({ status: Schema.Literal("cancelling", "not_running") })
export const Resumed = Schema.Struct({ backfills: Schema.Array(BackfillRecord) })

const byId = Schema.Struct({ id: Schema.String })
const eventStream = HttpApiSchema.Text({ contentType: "text/event-stream" })
const accepted = { status: 202 } as const

export class BackfillGroup extends HttpApiGroup.make("backfill")
  .add(
    HttpApiEndpoint.get("configured", "/api/jobs")
      .addSuccess(
        Schema.Struct({ histo_jobs: Schema.Array(Schema.Unknown), stream_jobs: Schema.Array(Schema.Unknown) })
      )
      .annotate(OpenApi.Summary, "The collector's jobs as the config has them")
  )
  .add(
    HttpApiEndpoint.post("start", "/api/backfill")
      .setPayload(StartBackfill)
      .addSuccess(Schema.Struct({ id: Schema.String }), accepted)
      .addError(StartErrors)
      .addError(BodyErrors)
      .annotate(OpenApi.Summary, "Start a backfill, with the daemon's defaults")
  )
  .add(
    HttpApiEndpoint.post("plan", "/api/backfill/plan")
      .setPayload(StartBackfill)
      .addSuccess(Plan)
      .addError(StartErrors)
      .addError(BodyErrors)
      .annotate(OpenApi.Summary, "What POST /api/backfill would do with the same body")
  )
  .add(
    HttpApiEndpoint.get("list", "/api/backfill")
      .setUrlParams(Schema.Struct({ collect: Schema.optional(Schema.String) }))
      .addSuccess(Schema.Record({ key: Schema.String, value: BackfillRecord }))
      .addError(InvalidInput, { status: 422 })
      .annotate(OpenApi.Summary, "All backfills by id, oldest first")
  )
  .add(
    HttpApiEndpoint.get("get", "/api/backfill/:id")
      .setPath(byId)
      .addSuccess(BackfillRecord)
      .addError(BackfillNotFound, { status: 404 })
      .annotate(OpenApi.Summary, "One backfill")
  )
  .add(
    HttpApiEndpoint.del("cancel", "/api/backfill/:id")
      .setPath(byId)
      .addSuccess(Cancelled)
      .addError(BackfillNotFound, { status: 404 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Cancel a backfill")
  )
  .add(
    HttpApiEndpoint.post("collect", "/api/collect")
      .setPayload(CollectBody)
      .addSuccess(Schema.Struct({ status: Schema.Literal("started"), id: Schema.NullOr(Schema.String) }), accepted)
      .addError(NothingToCollect, { status: 404 })
      .addError(BackfillRefused, { status: 422 })
      .addError(BodyErrors)
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Fetch what is new")
  )
  .add(
    HttpApiEndpoint.get("coverage", "/api/coverage")
      .setUrlParams(
        Schema.Struct({
          series: Schema.optional(Schema.String),
          start: Schema.optional(Schema.String),
          end: Schema.optional(Schema.String)
        })
      )
      .addSuccess(Coverage)
      .addError(StartErrors)
      .addError(InvalidInput, { status: 422 })
      .annotate(OpenApi.Summary, "What is fetched, confirmed empty, failed and unknown, by series")
  )
  .add(
    HttpApiEndpoint.get("events", "/api/events")
      .addSuccess(eventStream)
      .addError(Overloaded, { status: 503 })
      .annotate(OpenApi.Summary, "What happens to all backfills, as server-sent events")
  ) {}

export class JobsGroup extends HttpApiGroup.make("jobs")
  .add(
    HttpApiEndpoint.post("start", "/api/jobs/start")
      .setPayload(StartBackfill)
      .addSuccess(BackfillRecord, accepted)
      .addError(StartErrors)
      .addError(BodyErrors)
      .annotate(OpenApi.Summary, "Start a backfill; what is absent is as the config says")
  )
  .add(
    HttpApiEndpoint.post("plan", "/api/jobs/plan")
      .setPayload(StartBackfill)
      .addSuccess(Plan)
      .addError(StartErrors)
      .addError(BodyErrors)
      .annotate(OpenApi.Summary, "What POST /api/jobs/start would do with the same body")
  )
  .add(
    HttpApiEndpoint.post("resumeAll", "/api/jobs/resume")
      .setPayload(StartBackfill)
      .addSuccess(Resumed, accepted)
      .addError(StartErrors)
      .addError(BodyErrors)
      .annotate(OpenApi.Summary, "Go on with everything that is unfinished")
  )
  .add(
    HttpApiEndpoint.post("pause", "/api/jobs/:id/pause")
      .setPath(byId)
      .addSuccess(BackfillRecord)
      .addError(BackfillNotFound, { status: 404 })
      .addError(BackfillBusy, { status: 409 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Stop a backfill so that it can go on later")
  )
  .add(
    HttpApiEndpoint.post("resume", "/api/jobs/:id/resume")
      .setPath(byId)
      .addSuccess(BackfillRecord, accepted)
      .addError(BackfillNotFound, { status: 404 })
      .addError(StartErrors)
      .annotate(OpenApi.Summary, "Go on with a backfill that is paused, interrupted, cancelled or over")
  )
  .add(
    HttpApiEndpoint.post("cancel", "/api/jobs/:id/cancel")
      .setPath(byId)
      .addSuccess(Cancelled)
      .addError(BackfillNotFound, { status: 404 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Cancel a backfill")
  )
  .add(
    HttpApiEndpoint.post("retryFailed", "/api/jobs/:id/retry-failed")
      .setPath(byId)
      .addSuccess(BackfillRecord, accepted)
      .addError(BackfillNotFound, { status: 404 })
      .addError(StartErrors)
      .annotate(OpenApi.Summary, "Start it again, for the windows that failed too")
  )
  .add(
    HttpApiEndpoint.get("chunks", "/api/jobs/:id/chunks")
      .setPath(byId)
      .setUrlParams(
        Schema.Struct({
          status: Schema.optional(Schema.String),
          after: Schema.optional(Schema.String),
          limit: Schema.optional(Schema.String)
        })
      )
      .addSuccess(ChunkPage)
      .addError(BackfillNotFound, { status: 404 })
      .addError(InvalidInput, { status: 422 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Its windows, page by page")
  )
  .add(
    HttpApiEndpoint.get("follow", "/api/jobs/:id/events")
      .setPath(byId)
      .addSuccess(eventStream)
      .addError(BackfillNotFound, { status: 404 })
      .addError(Overloaded, { status: 503 })
      .annotate(OpenApi.Summary, "One backfill until it is not running any more, as server-sent events")
  ) {}
