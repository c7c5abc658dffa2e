/** The routes of updates. What they begin ends with another version, so their answers tell only that it is begun. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { StorageFailed } from "../domain/Refusal.js"
import {
  NoPreviousVersion,
  NotLaunched,
  UpdateAttempt,
  UpdateBusy,
  UpdateFailed,
  UpdateOffer,
  UpdateStatus
} from "../domain/Update.js"
import { BodyErrors } from "./ApiErrors.js"

/** The body of `POST /update/apply`; without a version it is the newest. */
export const ApplyBody = Schema.Struct({ version: Schema.optional(Schema.NullOr(Schema.String)) })

const accepted = { status: 202 } as const

export class UpdateGroup extends HttpApiGroup.make("update")
  .add(
    HttpApiEndpoint.get("status", "/update")
      .addSuccess(UpdateStatus)
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "The versions of the station, and how an update goes")
  )
  .add(
    HttpApiEndpoint.get("check", "/update/check")
      .setUrlParams(Schema.Struct({ version: Schema.optional(Schema.String) }))
      .addSuccess(UpdateOffer)
      .addError(UpdateFailed, { status: 422 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "What the source of releases offers")
  )
  .add(
    HttpApiEndpoint.post("apply", "/update/apply")
      .setPayload(ApplyBody)
      .addSuccess(UpdateAttempt, accepted)
      .addError(UpdateFailed, { status: 422 })
      .addError(UpdateBusy, { status: 409 })
      .addError(NotLaunched, { status: 409 })
      .addError(BodyErrors)
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Begin an update")
  )
  .add(
    HttpApiEndpoint.post("rollback", "/update/rollback")
      .addSuccess(Schema.Struct({ to: Schema.NullOr(Schema.String) }), accepted)
      .addError(NoPreviousVersion, { status: 404 })
      .addError(UpdateFailed, { status: 422 })
      .addError(UpdateBusy, { status: 409 })
      .addError(NotLaunched, { status: 409 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Return to the version before this one")
  ) {}
