/**
 * Every route of the server, declared once: the handlers, the typed client (CLI, web app), the OpenAPI page and the edge
 * rules (405, 307) come from this value. Routes marked "hot lane" are answered before the router sees them.
 *
 * The routes of the groups `health`, `run`, `event` are the telemetry server's of panoptes-utils, unchanged. The dccd
 * daemon's are in `ApiConfig.ts`, `ApiBackfill.ts` and `ApiCollector.ts`, with ours beside them.
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { NodeStatus } from "../actor/NodeStatus.js"
import { BatchResult } from "../domain/EventQuery.js"
import { InvalidInput, Overloaded, StorageFailed } from "../domain/Refusal.js"
import { NoActiveRun, RunAlreadyActive, RunFromWire, RunNotFound, RunRefused } from "../domain/Run.js"
import { ActorFailed, NoSuchActor, ShutdownUnavailable, SiteStatus } from "../operations/SiteOperations.js"
import { NoCurrentEvent, VerifyReport } from "../operations/TelemetryOperations.js"
import { BackfillGroup, JobsGroup } from "./ApiBackfill.js"
import { CollectorGroup } from "./ApiCollector.js"
import { ConfigGroup } from "./ApiConfig.js"
import { BodyErrors } from "./ApiErrors.js"
import { ControllerGroup, ReducerGroup } from "./ApiIngest.js"
import { OutboxGroup } from "./ApiOutbox.js"
import { UpdateGroup } from "./ApiUpdate.js"
import { ProcedureGroup } from "./ApiProcedure.js"

const PublicEvent = Schema.Struct({
  seq: Schema.Int,
  ts: Schema.String,
  type: Schema.String,
  data: Schema.Unknown,
  meta: Schema.Record({ key: Schema.String, value: Schema.Unknown })
}).annotations({ identifier: "PublicEvent" })

const EventBody = Schema.Struct({
  type: Schema.String,
  data: Schema.Unknown,
  make_current: Schema.optional(Schema.Boolean),
  meta: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
  store_permanently: Schema.optional(Schema.Boolean),
  ts: Schema.optional(Schema.NullOr(Schema.String))
}).annotations({ identifier: "EventBody" })

const StartBody = Schema.Struct({
  run_dir: Schema.optional(Schema.NullOr(Schema.String)),
  run_id: Schema.optional(Schema.NullOr(Schema.String)),
  meta: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
}).annotations({ identifier: "StartBody" })

/** The query of event lists, tails and exports; `type` may be repeated. Times are ISO 8601 or Unix seconds. */
const filterParams = {
  stream: Schema.optional(Schema.String),
  run: Schema.optional(Schema.String),
  type: Schema.optional(Schema.Union(Schema.String, Schema.Array(Schema.String))),
  since: Schema.optional(Schema.String),
  until: Schema.optional(Schema.String),
  after_seq: Schema.optional(Schema.String)
}

/** The query of log lines and of their tail. */
const LogParams = Schema.Struct({
  tail: Schema.optional(Schema.String),
  level: Schema.optional(Schema.String),
  since: Schema.optional(Schema.String),
  grep: Schema.optional(Schema.String)
})

const text = (contentType: string) => HttpApiSchema.Text({ contentType })

class HealthGroup extends HttpApiGroup.make("health")
  .add(
    HttpApiEndpoint.get("health", "/health")
      .addSuccess(Schema.Struct({ ok: Schema.Boolean }))
      .annotate(OpenApi.Summary, "Whether the process lives")
  )
  .add(
    HttpApiEndpoint.get("ready", "/ready")
      .addSuccess(
        Schema.Struct({
          ready: Schema.Boolean,
          run_active: Schema.Boolean,
          version: Schema.String,
          reasons: Schema.optional(Schema.Array(Schema.String))
        })
      )
      .annotate(OpenApi.Summary, "Whether an event can be accepted")
  ) {}

class RunGroup extends HttpApiGroup.make("run")
  .add(
    HttpApiEndpoint.get("active", "/run")
      .addSuccess(RunFromWire)
      .addError(NoActiveRun, { status: 404 })
      .annotate(OpenApi.Summary, "The active run")
  )
  .add(
    HttpApiEndpoint.post("start", "/run/start")
      .setPayload(StartBody)
      .addSuccess(RunFromWire)
      .addError(RunAlreadyActive, { status: 409 })
      .addError(RunRefused, { status: 422 })
      .addError(BodyErrors)
      .addError(Overloaded, { status: 503 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Start a run")
  )
  .add(
    HttpApiEndpoint.post("stop", "/run/stop")
      .addSuccess(RunFromWire)
      .addError(NoActiveRun, { status: 404 })
      .addError(Overloaded, { status: 503 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Stop the active run")
  )
  .add(
    HttpApiEndpoint.get("list", "/runs")
      .addSuccess(Schema.Struct({ runs: Schema.Array(RunFromWire) }))
      .annotate(OpenApi.Summary, "All runs, newest first")
  )
  .add(
    HttpApiEndpoint.get("get", "/runs/:run_id")
      .setPath(Schema.Struct({ run_id: Schema.String }))
      .addSuccess(RunFromWire)
      .addError(RunNotFound, { status: 404 })
      .annotate(OpenApi.Summary, "One run")
  ) {}

class EventGroup extends HttpApiGroup.make("event")
  /** Hot lane. */
  .add(
    HttpApiEndpoint.post("post", "/event")
      .setPayload(EventBody)
      .addSuccess(PublicEvent)
      .addError(BodyErrors)
      .addError(Overloaded, { status: 503 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Post an event; answered once it is durable")
  )
  /** Hot lane: a JSON array, or NDJSON with content type application/x-ndjson. */
  .add(
    HttpApiEndpoint.post("postBatch", "/events")
      .setPayload(Schema.Array(EventBody))
      .addSuccess(BatchResult)
      .addError(BodyErrors)
      .addError(Overloaded, { status: 503 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Post many events, each accepted or refused by itself")
  )
  .add(
    HttpApiEndpoint.get("current", "/current")
      .addSuccess(Schema.Struct({ current: Schema.Record({ key: Schema.String, value: PublicEvent }) }))
      .annotate(OpenApi.Summary, "The latest event of each type")
  )
  .add(
    HttpApiEndpoint.get("currentOf", "/current/:event_type")
      .setPath(Schema.Struct({ event_type: Schema.String }))
      .addSuccess(PublicEvent)
      .addError(NoCurrentEvent, { status: 404 })
      .annotate(OpenApi.Summary, "The latest event of one type")
  )
  /** `{"events":[<lines as objects>],"next":<cursor>|null}`. */
  .add(
    HttpApiEndpoint.get("query", "/events")
      .setUrlParams(
        Schema.Struct({
          ...filterParams,
          limit: Schema.optional(Schema.String),
          order: Schema.optional(Schema.String),
          cursor: Schema.optional(Schema.String)
        })
      )
      .addSuccess(Schema.Struct({ events: Schema.Array(Schema.Unknown), next: Schema.NullOr(Schema.String) }))
      .addError(InvalidInput, { status: 422 })
      .addError(RunNotFound, { status: 404 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Stored events, page by page")
  )
  /** Server-sent events: `id` is a cursor, `data` a line. Resumes from `Last-Event-ID` or `cursor`. */
  .add(
    HttpApiEndpoint.get("tail", "/events/tail")
      .setUrlParams(Schema.Struct({ ...filterParams, cursor: Schema.optional(Schema.String) }))
      .addSuccess(text("text/event-stream"))
      .addError(InvalidInput, { status: 422 })
      .addError(RunNotFound, { status: 404 })
      .addError(Overloaded, { status: 503 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Events as they come, as server-sent events")
  )
  .add(
    HttpApiEndpoint.get("export", "/events/export")
      .setUrlParams(Schema.Struct({ ...filterParams, format: Schema.optional(Schema.String) }))
      .addSuccess(text("application/x-ndjson"))
      .addError(InvalidInput, { status: 422 })
      .addError(RunNotFound, { status: 404 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Stored events as a file")
  )
  .add(
    HttpApiEndpoint.post("verify", "/verify")
      .setUrlParams(Schema.Struct({ repair: Schema.optional(Schema.String) }))
      .addSuccess(VerifyReport)
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Read everything that is stored and tell what is wrong")
  ) {}

class SiteGroup extends HttpApiGroup.make("site")
  .add(
    HttpApiEndpoint.get("status", "/status").addSuccess(SiteStatus).annotate(OpenApi.Summary, "The site at a glance")
  )
  .add(
    HttpApiEndpoint.get("tree", "/tree")
      .addSuccess(Schema.Struct({ nodes: Schema.Array(NodeStatus) }))
      .annotate(OpenApi.Summary, "The supervision tree")
  )
  /** Server-sent events: the tree as JSON each time it changes. */
  .add(
    HttpApiEndpoint.get("treeTail", "/tree/tail")
      .addSuccess(text("text/event-stream"))
      .addError(Overloaded, { status: 503 })
      .annotate(OpenApi.Summary, "The supervision tree as it changes, as server-sent events")
  )
  .add(
    HttpApiEndpoint.post("actor", "/actors/:action")
      .setPath(Schema.Struct({ action: Schema.Literal("stop", "start", "restart") }))
      .setPayload(Schema.Struct({ path: Schema.String }))
      .addSuccess(Schema.Struct({ path: Schema.String, action: Schema.String }))
      .addError(NoSuchActor, { status: 404 })
      .addError(ActorFailed, { status: 409 })
      .addError(BodyErrors)
      .annotate(OpenApi.Summary, "Stop, start or restart a part of the site")
  )
  .add(
    HttpApiEndpoint.get("logs", "/logs/lines")
      .setUrlParams(LogParams)
      .addSuccess(text("application/x-ndjson"))
      .addError(InvalidInput, { status: 422 })
      .annotate(OpenApi.Summary, "The last lines of the log")
  )
  .add(
    HttpApiEndpoint.get("logsTail", "/logs/tail")
      .setUrlParams(LogParams)
      .addSuccess(text("text/event-stream"))
      .addError(InvalidInput, { status: 422 })
      .addError(Overloaded, { status: 503 })
      .annotate(OpenApi.Summary, "Lines of the log as they are written, as server-sent events")
  )
  .add(
    HttpApiEndpoint.get("metrics", "/metrics")
      .addSuccess(text("text/plain; version=0.0.4"))
      .annotate(OpenApi.Summary, "Figures for Prometheus")
  )
  .add(
    HttpApiEndpoint.post("shutdown", "/shutdown")
      .addSuccess(Schema.Struct({ shutting_down: Schema.Boolean }))
      .addError(ShutdownUnavailable, { status: 409 })
      .annotate(OpenApi.Summary, "Stop the site")
  ) {}

export class Api extends HttpApi.make("outpost")
  .add(HealthGroup)
  .add(RunGroup)
  .add(EventGroup)
  .add(SiteGroup)
  .add(ConfigGroup)
  .add(BackfillGroup)
  .add(JobsGroup)
  .add(CollectorGroup)
  .add(ControllerGroup)
  .add(ReducerGroup)
  .add(ProcedureGroup)
  .add(OutboxGroup)
  .add(UpdateGroup)
  .annotate(OpenApi.Title, "Outpost")
  .annotate(OpenApi.Description, "The event log, runs, collector and supervision tree of one site") {}
