/** The routes of the outbox: ours alone. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { MessageId, OutboxPage, OutboxStats, Receipt } from "../domain/Outbox.js"
import { InvalidInput, StorageFailed } from "../domain/Refusal.js"
import { UplinkStatus } from "../domain/Uplink.js"
import { BodyErrors } from "./ApiErrors.js"

/** Which of the messages that were set aside; all, where nothing narrows them. */
export const RetryBody = Schema.Struct({
  uplink: Schema.optional(Schema.String),
  ids: Schema.optional(Schema.Array(MessageId))
})

/** How many seconds the uplinks have to deliver what waits. */
export const StopBody = Schema.Struct({
  limit: Schema.Number.pipe(Schema.between(0, 86_400, { message: () => "expected seconds, 0 to 86400" }))
})

export class OutboxGroup extends HttpApiGroup.make("outbox")
  .add(
    HttpApiEndpoint.get("stats", "/outbox")
      .addSuccess(OutboxStats)
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "How much waits to be sent, and how each uplink is doing")
  )
  .add(
    HttpApiEndpoint.get("uplinks", "/uplinks")
      .addSuccess(Schema.Struct({ uplinks: Schema.Array(UplinkStatus) }))
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "How each uplink is doing: its connection, what waits, its last error")
  )
  .add(
    HttpApiEndpoint.get("list", "/outbox/messages")
      .setUrlParams(
        Schema.Struct({
          uplink: Schema.optional(Schema.String),
          priority: Schema.optional(Schema.String),
          set_aside: Schema.optional(Schema.String),
          after: Schema.optional(Schema.String),
          limit: Schema.optional(Schema.String)
        })
      )
      .addSuccess(OutboxPage)
      .addError(InvalidInput, { status: 422 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "The messages that wait, page by page")
  )
  .add(
    HttpApiEndpoint.get("receipts", "/outbox/receipts")
      .setUrlParams(
        Schema.Struct({
          uplink: Schema.optional(Schema.String),
          id: Schema.optional(Schema.String),
          limit: Schema.optional(Schema.String)
        })
      )
      .addSuccess(Schema.Struct({ receipts: Schema.Array(Receipt) }))
      .addError(InvalidInput, { status: 422 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "What the far sides have confirmed, newest first")
  )
  .add(
    HttpApiEndpoint.get("export", "/outbox/export")
      .setUrlParams(
        Schema.Struct({
          format: Schema.optional(Schema.String),
          since: Schema.optional(Schema.String),
          until: Schema.optional(Schema.String)
        })
      )
      .addSuccess(HttpApiSchema.Uint8Array())
      .addError(InvalidInput, { status: 422 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "The archive of messages as NDJSON or CSV")
  )
  .add(
    HttpApiEndpoint.post("retry", "/outbox/retry")
      .setPayload(RetryBody)
      .addSuccess(Schema.Struct({ messages: Schema.NonNegativeInt }))
      .addError(BodyErrors)
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Try again what was set aside")
  )
  .add(
    HttpApiEndpoint.post("stop", "/outbox/stop")
      .setPayload(StopBody)
      .addSuccess(OutboxStats)
      .addError(BodyErrors)
      .addError(StorageFailed, { status: 507 })
      .annotate(
        OpenApi.Summary,
        "Deliver what waits within a limit, then send nothing more; answered with what is left"
      )
  )
  .add(
    HttpApiEndpoint.post("start", "/outbox/start")
      .addSuccess(Schema.Struct({ started: Schema.Boolean }))
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Send again")
  ) {}
